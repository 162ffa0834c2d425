"""Mailboxes for tests: say what matters of a message, the rest is filled in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from governance.intake.form_text import form_text
from governance.intake.runs import RunResult
from governance.sandbox import imap
from governance.sandbox.imap import Imap, ServingImap, StoredMessage
from intake_worlds import connections, pull, rows, shipped

SOURCE = "governance_mailbox"
RECEIVED = datetime(2026, 11, 16, 7, 59, tzinfo=UTC)
FIRST = datetime(2026, 11, 2, 9, tzinfo=UTC)
FORM = {
    "Kind": "Exception", "Title": "Public bucket for the annual report", "Risk level": "medium",
    "Target": "account/100000000021/s3/annual-report", "Valid from": "2026-12-01", "Valid until": "2027-03-01",
    "Category": "waiver", "Scopes": '[{"account": ["100000000021"], "rule": ["s3-bucket-public-read-prohibited"]}]',
}  # fmt: skip


def mail(
    name: str,
    *,
    text: str = "Could we please get this done?",
    subject: str = "Resize the checkout cluster",
    sender: str = "Ida Brandt <ida.brandt@example.com>",
    hours: float = 0,
    answers: tuple[str, ...] = (),
    headers: dict[str, str] | None = None,
    files: tuple[tuple[str, str, bytes], ...] = (),
) -> bytes:
    """Return a message with the id `<name@example.com>`, written `hours` after FIRST."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "governance@example.com", subject
    message["Date"] = format_datetime(FIRST + timedelta(hours=hours))
    message["Message-ID"] = f"<{name}@example.com>"
    if answers:
        message["In-Reply-To"] = f"<{answers[-1]}@example.com>"
        message["References"] = " ".join(f"<{one}@example.com>" for one in answers)
    for header, value in (headers or {}).items():
        message[header] = value
    message.set_content(text)
    for file_name, media_type, content in files:
        maintype, _, subtype = media_type.partition("/")
        message.add_attachment(content, maintype=maintype, subtype=subtype, filename=file_name)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def form(**changes: str) -> str:
    """Return a filled form; `_` in the name of a label stands for a space."""
    return form_text({**FORM, **{label.replace("_", " "): value for label, value in changes.items()}})


def mailbox(*messages: bytes, **traits: Any) -> Imap:
    """Return a mailbox that holds these messages, taken by it just before `now`."""
    return Imap([StoredMessage(content, RECEIVED) for content in messages], **traits)


@contextmanager
def served(box: Imap) -> Iterator[Any]:
    """Serve a mailbox; yields the lookup of its connection."""
    with imap.serve(box) as serving:
        yield connections(governance_mailbox=connection(serving))


def connection(serving: ServingImap) -> dict[str, Any]:
    """Return the Airflow connection of a served mailbox."""
    return {
        "conn_type": "imap", "host": serving.host, "port": serving.port, "login": imap.LOGIN,
        "password": imap.PASSWORD, "extra": {"use_ssl": False},
    }  # fmt: skip


def drawn(
    register: Engine, box: Imap, now: datetime, lake: Path, options: dict[str, Any] | None = None, **more: Any
) -> RunResult:
    """Run the source of the demo once against a mailbox."""
    spec = shipped(SOURCE)
    if options:
        spec = spec.model_copy(update={"reader": spec.reader.model_copy(update=options)})
    with served(box) as lookup:
        return pull(register, spec, now, lake, lookup=lookup, **more)


def history(register: Engine, key: str) -> list[tuple[Any, ...]]:
    """Return (actor, title, text) of every event of a request, in order."""
    return rows(
        register,
        "SELECT e.actor, e.state::json ->> 'title', e.raw::json ->> 'text' FROM request_event e JOIN request USING (request_number)"
        " WHERE source_key = :key ORDER BY e.valid_at, e.event",
        key=key,
    )
