"""Messages of a mailbox over IMAP (RFC 3501), read-only: EXAMINE and BODY.PEEK mark and delete nothing."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from governance.connections import Connection
from governance.errors import SourceUnavailableError
from governance.intake.readers.mail.options import ImapOptions

WINDOW = 50_000
"""UIDs asked for at once: an answer is one line, and Python reads lines up to a million bytes."""
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_INTERNALDATE = re.compile(rb'INTERNALDATE "([^"]{1,40})"')
_FOREIGN = re.compile(r"[^\x20-\x7e]+")
_UID = re.compile(rb"\bUID (\d+)")


class ConnectionLostError(Exception):
    """The connection broke: another may do better."""


@dataclass(frozen=True)
class Fetched:
    """One message: `data` is None where it is larger than may be read, then `head` holds its headers."""

    uid: int
    size: int
    received: datetime | None
    data: bytes | None
    head: bytes = b""


@dataclass(frozen=True)
class State:
    """What EXAMINE says of a mailbox. `uid_next` None: the server does not say."""

    uid_validity: int
    uid_next: int | None


class Mailbox:
    """A connection to the mailbox of a spec; to be used in a `with` block."""

    def __init__(self, connection: Connection, options: ImapOptions) -> None:
        self._connection = connection
        self._options = options
        self._imap: Any = None
        self.state = State(0, None)

    def __enter__(self) -> Mailbox:
        self._imap = self._connected()
        try:
            self._log_in()
            self.state = self._examine()
        except BaseException:
            self._hang_up()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    @property
    def place(self) -> str:
        """`host:port`, for a person."""
        return f"{self._connection.host}:{self._port}"

    def uids_after(self, last: int) -> Iterator[int]:
        """Yield the UIDs beyond `last`, ascending; no command is sent where there can be none."""
        end = self.state.uid_next
        if end is None:
            yield from self._search(last + 1, "*")
            return
        for first in range(last + 1, end, WINDOW):
            yield from self._search(first, str(min(first + WINDOW, end) - 1))

    def fetch(self, uid: int) -> Fetched | None:
        """Return one message; None where it is gone by now."""
        answer = self._call("uid", "FETCH", str(uid), "(UID RFC822.SIZE INTERNALDATE)")
        line = next((one for one in map(_line, answer) if _uid(one) == uid), None)
        if line is None:
            return None
        found = _SIZE.search(line)
        size, received = int(found[1]) if found else 0, _received(line)
        if size > self._options.largest_bytes:
            return Fetched(uid, size, received, None, self._part(uid, "BODY.PEEK[HEADER]<0.65536>") or b"")
        data = self._part(uid, f"BODY.PEEK[]<0.{self._options.largest_bytes + 1}>")
        if data is None:
            return None
        if len(data) > self._options.largest_bytes:
            return Fetched(uid, len(data), received, None, data[:65536])
        return Fetched(uid, len(data), received, data)

    def _part(self, uid: int, what: str) -> bytes | None:
        answer = self._call("uid", "FETCH", str(uid), f"(UID {what})")
        return next((bytes(one[1]) for one in answer if isinstance(one, tuple) and len(one) > 1), None)

    def _search(self, first: int, last: str) -> Iterator[int]:
        answer = self._call("uid", "SEARCH", "UID", f"{first}:{last}")
        found = sorted({int(word) for line in answer for word in (_line(line) or b"").split()})
        yield from (uid for uid in found if uid >= first)  # `n:*` names the newest even where it is below n

    def _connected(self) -> Any:
        known, timeout = self._connection, self._options.timeout_seconds
        if not known.host:
            raise SourceUnavailableError(f"connection {known.conn_id} names no host")
        try:
            if self._is_secure:
                context = ssl.create_default_context()
                return imaplib.IMAP4_SSL(known.host, self._port, ssl_context=context, timeout=timeout)
            return imaplib.IMAP4(known.host, self._port, timeout=timeout)
        except (OSError, imaplib.IMAP4.error) as error:
            raise ConnectionLostError(_words(error)) from error

    def _log_in(self) -> None:
        known = self._connection
        try:
            self._imap.login(known.login or "", known.secret())
        except imaplib.IMAP4.abort as error:
            raise ConnectionLostError(_words(error)) from error
        except imaplib.IMAP4.error as error:
            raise SourceUnavailableError(
                f"{self.place} does not accept our credentials:"
                f" check login and password of connection {known.conn_id}"
            ) from error
        except OSError as error:
            raise ConnectionLostError(_words(error)) from error

    def _examine(self) -> State:
        name = modified_utf7(self._options.mailbox).replace("\\", "\\\\").replace('"', '\\"')
        self._call("select", f'"{name}"', True)
        validity, following = (self._imap.response(what)[1][0] for what in ("UIDVALIDITY", "UIDNEXT"))
        if not validity or not validity.isdigit():
            raise SourceUnavailableError(
                f"{self.place} does not say UIDVALIDITY of {self._options.mailbox}: nothing tells what is new"
            )
        return State(int(validity), int(following) if following and following.isdigit() else None)

    def _call(self, command: str, *arguments: Any) -> list[Any]:
        try:
            status, answer = getattr(self._imap, command)(*arguments)
        except (imaplib.IMAP4.abort, OSError, EOFError) as error:
            raise ConnectionLostError(_words(error)) from error
        except imaplib.IMAP4.error as error:
            raise SourceUnavailableError(f"{self.place} does not understand us: {_words(error)}") from error
        if status != "OK":
            said = b" ".join(_line(one) or b"" for one in answer).decode("utf-8", "replace")
            raise SourceUnavailableError(f"{self.place} refuses {self._options.mailbox}: {said[:200]}")
        return [one for one in answer if one is not None]

    def _hang_up(self) -> None:
        imap, self._imap = self._imap, None
        if imap is None:
            return
        try:
            imap.logout()
        except (imaplib.IMAP4.error, OSError, EOFError):
            imap.shutdown()

    @property
    def _is_secure(self) -> bool:
        """`use_ssl` as Airflow's IMAP provider reads it: TLS unless it is switched off."""
        return str(self._connection.extra.get("use_ssl", True)).lower() not in ("false", "0", "no")

    @property
    def _port(self) -> int:
        return self._connection.port or (993 if self._is_secure else 143)


def modified_utf7(name: str) -> str:
    """Return the name of a mailbox as IMAP writes it (RFC 3501, 5.1.3).

    >>> modified_utf7("INBOX/Anträge & Co")
    'INBOX/Antr&AOQ-ge &- Co'
    """
    return _FOREIGN.sub(_coded, name.replace("&", "&-"))


def _coded(found: re.Match[str]) -> str:
    coded = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii")
    return "&" + coded.rstrip("=").replace("/", ",") + "-"


def _line(answer: Any) -> bytes:
    """The line of an answer; of one with a literal what stands before it."""
    found = answer[0] if isinstance(answer, tuple) else answer
    return bytes(found) if isinstance(found, (bytes, bytearray)) else b""


def _uid(line: bytes) -> int | None:
    found = _UID.search(line)
    return int(found[1]) if found else None


def _received(line: bytes) -> datetime | None:
    found = _INTERNALDATE.search(line)
    try:
        text = found[1].decode("ascii").strip() if found else ""
        return datetime.strptime(text, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, UnicodeDecodeError):
        return None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
