"""A mailbox over IMAP4rev1 (RFC 3501): as much of it as a reader needs, with bad days on demand.

CAPABILITY, NOOP, LOGIN, EXAMINE, SELECT, UID SEARCH, UID FETCH, LOGOUT, for one mailbox. What no reader may
do (STORE, EXPUNGE, a FETCH that marks a message as seen) is answered with NO and kept in `Imap.trespasses`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from governance.errors import GovernanceError
from governance.sandbox.imap_commands import Session

LOGIN, PASSWORD = "governance-intake", "sandbox-only"
START_SECONDS = 10.0

Fault = Literal["drop_in_literal", "refuse_login", "slow", "garbage"]
"""drop_in_literal: the connection breaks in the middle of a message; refuse_login: the password has expired;
slow: an answer takes `Imap.slow_seconds`; garbage: an answer that is not IMAP."""


@dataclass(frozen=True)
class StoredMessage:
    """A message as the mailbox holds it."""

    content: bytes
    received: datetime = datetime(2026, 11, 13, 9, tzinfo=UTC)


@dataclass
class Imap:
    """The mailbox. Messages are numbered from 1; `gone` are UIDs that were deleted."""

    messages: list[StoredMessage]
    name: str = "INBOX"
    login: str = LOGIN
    password: str = PASSWORD
    uid_validity: int = 1
    tells_uid_next: bool = True
    slow_seconds: float = 30.0
    gone: set[int] = field(default_factory=set)
    trespasses: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    _faults: list[tuple[Fault, int]] = field(default_factory=list)

    def plan(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` occasions meet a fault."""
        self._faults.append((fault, times))

    def meets(self, fault: Fault) -> bool:
        """Tell whether this occasion meets `fault`, and count it."""
        for position, (planned, times) in enumerate(self._faults):
            if planned == fault:
                self._faults[position : position + 1] = [(planned, times - 1)] if times > 1 else []
                return True
        return False

    def renumber(self, messages: Sequence[StoredMessage] | None = None) -> None:
        """Number everything anew, as after a restore of the mailbox: UIDVALIDITY changes."""
        self.messages = list(messages if messages is not None else self.messages)
        self.gone.clear()
        self.uid_validity += 1


@dataclass(frozen=True)
class ServingImap:
    """Where a mailbox answers."""

    host: str
    port: int


@contextmanager
def serve(imap: Imap, port: int = 0, host: str = "127.0.0.1") -> Iterator[ServingImap]:
    """Serve a mailbox in a thread of this process until the block ends; port 0 takes a free one."""
    loop = asyncio.new_event_loop()
    ready: threading.Event = threading.Event()
    found: list[int] = []
    thread = threading.Thread(
        target=_run, args=(loop, imap, host, port, ready, found), name="imap", daemon=True
    )
    thread.start()
    try:
        if not ready.wait(START_SECONDS) or not found:
            raise GovernanceError(f"the IMAP stand-in did not start on {host}:{port}")
        yield ServingImap("127.0.0.1" if host == "0.0.0.0" else host, found[0])  # noqa: S104 (as asked for)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)


def _run(
    loop: asyncio.AbstractEventLoop,
    imap: Imap,
    host: str,
    port: int,
    ready: threading.Event,
    found: list[int],
) -> None:
    """Listen until the loop is stopped; then end every session."""
    asyncio.set_event_loop(loop)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Session(imap, reader, writer).run()

    try:
        server = loop.run_until_complete(asyncio.start_server(talk, host, port))
        found.append(int(server.sockets[0].getsockname()[1]))
        ready.set()
        loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    finally:
        ready.set()
        loop.close()
