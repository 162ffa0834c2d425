"""Draw records from a mailbox: one for each message, in the order in which they arrived."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from governance.connections import Connection
from governance.errors import SourceUnavailableError
from governance.intake.readers.mail import threads
from governance.intake.readers.mail.message import Reading, fallback_id, read_message
from governance.intake.readers.mail.options import ImapOptions
from governance.intake.readers.mail.transport import ConnectionLostError, Fetched, Mailbox
from governance.intake.records import Evidence, Pull, Record


@dataclass
class ImapReader:
    """A mailbox. The cursor is UIDVALIDITY and the last UID; a UIDVALIDITY that changed means to read all
    again.

    What was read before is not loaded twice then: a message is known by its Message-ID and what is in it.
    """

    options: ImapOptions
    connection: Connection
    reading: Reading
    sleep: Callable[[float], None] = time.sleep
    _lost: int = field(default=0, init=False)
    _dismissed: int = field(default=0, init=False)

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield one record per message; one that is gone meanwhile is passed over."""
        validity, last = (cursor["uidvalidity"], cursor["uid"]) if cursor else (None, 0)
        while True:
            try:
                with self._opened() as mailbox:
                    if mailbox.state.uid_validity != validity:
                        if validity is not None:
                            pull.notes.append("the mailbox numbers its messages anew: all were read again")
                        validity, last = mailbox.state.uid_validity, 0
                    for uid in mailbox.uids_after(last):
                        found = mailbox.fetch(uid)
                        last = uid
                        if found is not None:
                            yield self._record(found)
                    break
            except ConnectionLostError as error:
                self._wait(error)
        note_dismissed(pull, self._dismissed)
        pull.cursor = {"uidvalidity": validity, "uid": last}

    def _record(self, found: Fetched) -> Record:
        record = (
            self._too_large(found) if found.data is None else read(found.data, self.reading, found.received)
        )
        self._dismissed += record.dismissed
        return record

    def _opened(self) -> AbstractContextManager[Mailbox]:
        return Mailbox(self.connection, self.options)

    def _wait(self, error: ConnectionLostError) -> None:
        self._lost += 1
        host = f"{self.connection.host}:{self.connection.port or ''}".rstrip(":")
        if self._lost >= self.options.attempts:
            times = "" if self._lost == 1 else f", {self._lost} times in one pull"
            raise SourceUnavailableError(f"{host} breaks off: {error}{times}") from error
        self.sleep(2.0 ** (self._lost - 1))

    def _too_large(self, found: Fetched) -> Record:
        raw, _ = read_message(found.head, replace(self.reading, keep=None), found.received)
        raw |= {"class": "too large", "bytes": found.size, "attachments": []}
        if raw["message_id"].endswith("@no-message-id.invalid"):
            raw["message_id"] = fallback_id(found.head)
        size, most = found.size / 1024**2, self.options.largest_bytes / 1024**2
        return record_of(raw, f"the message has {size:,.1f} MiB; at most {most:,.1f} MiB are read")


@dataclass
class FolderReader:
    """Messages as files of a folder (`*.eml`), or one file: what `--path` names instead of the mailbox.

    Replies find their request among the files; in a run the register is asked as well.
    """

    path: Path
    reading: Reading

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:  # noqa: ARG002
        """Yield one record per file, by name."""
        if not self.path.exists():
            raise SourceUnavailableError(f"{self.path} is not there: expected a folder of *.eml or a file")
        files = [self.path] if self.path.is_file() else sorted(self.path.rglob("*.eml"))
        records = [read(file.read_bytes(), self.reading) for file in files]
        note_dismissed(pull, sum(record.dismissed for record in records))
        yield from threads.by_themselves(records)


def note_dismissed(pull: Pull, number: int) -> None:
    """Say how many of the messages are no requests."""
    if number:
        pull.notes.append(f"{number} of them no request: automatic replies and bounces")


def read(data: bytes, reading: Reading, received: datetime | None = None) -> Record:
    """Return the record of one message."""
    kept: list[Evidence] = []
    if reading.keep is not None:
        reading = replace(reading, keep=_noting(reading.keep, kept))
    raw, problem = read_message(data, reading, received)
    return record_of(raw, problem, tuple(kept))


def record_of(raw: dict[str, Any], problem: str | None, evidence: tuple[Evidence, ...] = ()) -> Record:
    """Return the record of a message; automatic replies and bounces are no requests and dismissed."""
    locator = f"<{raw['message_id']}>"
    if problem is None and raw["class"] == "automatic":
        return Record(locator, raw, f"an automatic message, no request ({raw['automatic']})", dismissed=True)
    if problem is None and raw["class"] == "bounce":
        return Record(locator, raw, _bounced(raw.get("bounce", {})), dismissed=True)
    return Record(locator, raw, problem, evidence=evidence)


def _bounced(said: dict[str, Any]) -> str:
    who, why = said.get("recipient", "somebody"), said.get("why") or said.get("status") or ""
    what = "is late" if said.get("action") == "delayed" else "could not be delivered"
    return f"a bounce, no request: mail to {who} {what}{': ' + why if why else ''}"


def _noting(keep: Callable[[Any], dict[str, Any]], kept: list[Evidence]) -> Callable[[Any], dict[str, Any]]:
    """Store an attachment and remember that the record has it."""

    def noting(attachment: Any) -> dict[str, Any]:
        said = keep(attachment)
        kept.append(
            Evidence(attachment.name, attachment.media_type, said["sha256"], said["size"], said["path"])
        )
        return said

    return noting
