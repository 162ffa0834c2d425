"""Registers, policies and a mail server for the tests of escalation."""

from __future__ import annotations

import email
import email.policy
import itertools
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import yaml
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, text

from batches import batch
from governance.connections import Connection
from governance.register.load import load

ROOT = Path(__file__).resolve().parents[1]
BERLIN = {"timezone": "Europe/Berlin", "calendar": "germany", "review_date": "2027-01-01"}
OWNER, MANAGER, BOARD = (
    "payments-lead@example.com",
    "head-of-payments@example.com",
    "governance-board@example.com",
)
OFFICE = "governance-office@example.com"
OWNERSHIP: dict[str, Any] = {
    "authority": {
        "name": "authority", "match": {}, "accountable": OFFICE, "contact": OFFICE, "manager": BOARD, **BERLIN,
    },
    "owners": [
        {"name": "payments", "match": {"path": "account/100000000030*"}, "accountable": OWNER, "contact": OWNER,
         "manager": MANAGER, **BERLIN},
        {"name": "sydney", "match": {"path": "account/100000000050*"}, "accountable": "sandbox-lead@example.com",
         "contact": OWNER, "manager": MANAGER, **BERLIN, "timezone": "Australia/Sydney"},
    ],
}  # fmt: skip


def policies(folder: Path, **mail: Any) -> Path:
    """Return a policies folder: the shipped one with the ownership above; `mail` overrides its mail settings."""
    folder.mkdir(exist_ok=True)
    for name in ("response_times", "ladder", "calendars", "exception_limits"):
        shutil.copy(ROOT / "include" / "policies" / f"{name}.yaml", folder)
    (folder / "ownership.yaml").write_text(yaml.safe_dump(OWNERSHIP), "utf-8")
    if mail:
        path = folder / "ladder.yaml"
        ladder = yaml.safe_load(path.read_text("utf-8"))
        ladder["mail"] |= mail
        path.write_text(yaml.safe_dump(ladder), "utf-8")
    return folder


def observed(key: str, status: str, valid_at: str, **fields: Any) -> dict[str, Any]:
    """One observation of a change whose owner is the payments lead and whose risk is high (16 hours)."""
    return {
        "source_key": key, "kind": "change", "status": status, "valid_at": valid_at, "risk_level": "high",
        "title": f"Change {key}", "target_type": "resource", "target": "account/100000000030",
        "requester": "ida.brandt@example.com", **fields,
    }  # fmt: skip


_run = itertools.count(1)


def tell(register: Engine, *observations: dict[str, Any], known_at: datetime | None = None) -> None:
    """Load observations as one intake run of the source `tickets`."""
    numbered = [{"raw": f'{{"n": {next(_run)}}}', **row} for row in observations]
    frame = batch(*numbered)
    at = known_at or frame.valid_at.max().to_pydatetime()
    with register.begin() as connection:
        run = intake_run(connection, at)
        load(connection, frame, source="tickets", run_id=run, known_at=at)


def intake_run(connection: Any, at: datetime, source: str = "tickets") -> int:
    """Open an intake run and return its id."""
    statement = text("INSERT INTO intake_run (source, mode, as_of) VALUES (:s, 'live', :at) RETURNING run_id")
    return int(connection.scalar(statement, {"s": source, "at": at}))


def ledger(register: Engine) -> list[tuple[str, int, str, str, bool]]:
    """Return (source_key, cycle, rung, recipient, told by a message) of every ledger entry."""
    query = (
        "SELECT source_key, cycle, rung, recipient, message IS NOT NULL FROM send_ledger "
        "JOIN request USING (request_number) ORDER BY reached_at, source_key"
    )
    with register.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def outbox(register: Engine) -> list[Any]:
    """Return every message, oldest first."""
    with register.connect() as connection:
        return list(connection.execute(text("SELECT * FROM outbox ORDER BY message")))


@dataclass
class Mailbox:
    """A real SMTP server that keeps what it receives; `answer` may refuse with an SMTP reply."""

    received: list[EmailMessage] = field(default_factory=list)
    answer: Callable[[EmailMessage], str | None] = lambda _: None
    refuse_recipient: Callable[[str], str | None] = lambda _: None
    port: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        refusal = self.refuse_recipient(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        refusal = self.answer(message)
        if refusal is None:
            self.received.append(message)
        return refusal or "250 OK"

    @property
    def connection(self) -> Connection:
        """The connection smtp_default that leads here."""
        extra = {"disable_ssl": True, "disable_tls": True, "timeout": 5}
        return Connection(
            conn_id="smtp_default", conn_type="smtp", host="127.0.0.1", port=self.port, extra=extra
        )


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Serve a mailbox in a thread, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box = Mailbox(port=probe.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
