"""A message as a raw record: every message becomes one, whatever its bytes are; nothing in here raises.

The parser is that of the standard library, with headers kept as they came: they are decoded here, because
its own decoding refuses some of what mail programs write.
"""

from __future__ import annotations

import email
import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from email.policy import Compat32
from typing import Any

from governance.intake.form_text import form_fields, form_kind, has_form
from governance.intake.readers.mail import automatic, headers
from governance.intake.readers.mail.authentication import results_of
from governance.intake.readers.mail.parts import Attachment, attachments_of, body_of
from governance.intake.records import Raw

LONGEST_TEXT = 100_000
"""Characters of text kept in the record; the whole message stays in the mailbox."""
MOST_ATTACHMENTS = 50

Keep = Callable[[Attachment], dict[str, Any]]
"""Stores an attachment and returns what the record says about it."""


class _AsItCame(Compat32):
    """Headers as the parser found them, up to a bound, bytes beyond ASCII as surrogate escapes."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002
        return value[: headers.LONGEST_HEADER]


@dataclass(frozen=True)
class Reading:
    """How messages are read: labels of the form, hosts whose authentication results count, where files go."""

    labels: Collection[str] = ()
    trusted: Collection[str] = ()
    keep: Keep | None = None


def read_message(data: bytes, reading: Reading, received: datetime | None = None) -> tuple[Raw, str | None]:
    """Return the raw record of a message and, where it is none, what is wrong with it.

    `received`: when the mailbox took it, for messages that do not say when they were written.
    """
    try:
        return _read(data, reading, received)
    except RecursionError:
        problem = "its parts are nested too deeply to be read"
    except Exception as error:  # noqa: BLE001 (the parser raises what it likes; the message must not be lost)
        problem = f"cannot be read as an e-mail: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return unread(data, received), problem


def unread(data: bytes, received: datetime | None = None) -> Raw:
    """Return what is kept of bytes that could not be read as a message."""
    name = fallback_id(data)
    shown = data[:2000].decode("ascii", "backslashreplace").replace("\x00", "\\x00")
    raw: Raw = {
        "message_id": name,
        "thread": name,
        "class": "unreadable",
        "bytes": len(data),
        "begins": shown,
    }
    return raw if received is None else {**raw, "date": received.isoformat()}


def fallback_id(data: bytes) -> str:
    """Return the id of a message that has none: it follows from what is in it."""
    return f"{hashlib.sha256(data).hexdigest()[:40]}@no-message-id.invalid"


def _read(data: bytes, reading: Reading, received: datetime | None) -> tuple[Raw, str | None]:
    message = email.message_from_bytes(data, policy=_AsItCame())
    raw = _headers(message, reading, received)
    body = body_of(message)
    bounce = automatic.bounce_of(message, body.text)
    is_reply = bool(raw["in_reply_to"] or raw["references"])
    robot = automatic.automatic_because(message, has_form(body.text), is_reply)
    raw |= {"text": body.text[:LONGEST_TEXT], "text_from": body.written_as}
    if len(body.text) > LONGEST_TEXT:
        raw["text_cut"] = len(body.text)
    raw["title"] = headers.title_of(raw["subject"]) or _first_line(body.text)
    raw["class"] = "bounce" if bounce is not None else "automatic" if robot else "message"
    if bounce:
        raw["bounce"] = bounce
    if robot:
        raw["automatic"] = robot
    files = list(attachments_of(message)) if raw["class"] == "message" else []
    raw["attachments"] = [_about(one, reading.keep) for one in files[:MOST_ATTACHMENTS]]
    if len(files) > MOST_ATTACHMENTS:
        raw["attachments_left_out"] = len(files) - MOST_ATTACHMENTS
    raw["form"] = form_fields(body.text[:LONGEST_TEXT], reading.labels) if has_form(body.text) else {}
    if kind := form_kind(body.text[:LONGEST_TEXT]):
        raw["form_kind"] = kind
    raw["defects"] = sorted({type(defect).__name__ for part in message.walk() for defect in part.defects})
    raw["content"] = _content(raw)
    if raw["message_id"] is None:
        raw["message_id"] = f"{raw['content'][:40]}@no-message-id.invalid"
    raw["thread"] = next(iter([*raw["references"], *raw["in_reply_to"]]), raw["message_id"])
    empty = not (raw["from"] or raw["subject"] or raw["date_from"] == "Date")
    return raw, "is no e-mail: it has neither From nor Subject nor Date" if empty else None


def _headers(message: Message, reading: Reading, received: datetime | None) -> Raw:
    address, name = headers.sender(message)
    at, who_says = headers.written_at(message, received)
    subject = headers.text(message, "Subject")[:1000]
    return {
        "message_id": headers.message_id(message),
        "in_reply_to": headers.ids(message, "In-Reply-To"),
        "references": headers.ids(message, "References"),
        "tags": headers.tags_of(subject),
        "from": address,
        "from_name": name,
        "to": headers.text(message, "To")[:1000],
        "cc": headers.text(message, "Cc")[:1000],
        "subject": subject,
        "date": at.isoformat() if at else None,
        "date_from": who_says,
        "authentication": results_of(message, reading.trusted),
    }


def _about(attachment: Attachment, keep: Keep | None) -> dict[str, Any]:
    found = {
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": len(attachment.content),
        "sha256": hashlib.sha256(attachment.content).hexdigest(),
    }
    return found if keep is None else {**found, **keep(attachment)}


def _content(raw: Raw) -> str:
    """SHA-256 of what a message says; the same for two copies that took different ways."""
    files = [one["sha256"] for one in raw["attachments"]]
    said = [
        raw["from"],
        raw["subject"],
        raw["date"] if raw["date_from"] == "Date" else None,
        raw["text"],
        files,
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _first_line(text: str) -> str:
    return next((line.strip()[:120] for line in text.splitlines() if line.strip()), "")
