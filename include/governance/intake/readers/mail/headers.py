"""Headers of a message as values: who, when, which message, in answer to what. Nothing in here raises."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

from governance.intake.readers.mail.charsets import header_text

LONGEST_HEADER = 20_000
"""Characters; what a header holds beyond it is not looked at."""
LONGEST_ID = 240
MOST_REFERENCES = 100
_ID = re.compile(r"<([^<>\s]{1,998})>")
_REPLY_PREFIX = re.compile(
    r"^\s*(?:(?:re|aw|sv|vs|antw|rif|res|fwd?|wg|tr|rv|i)\s*(?:\[\d+\]|\(\d+\))?\s*:\s*)+", re.IGNORECASE
)
_TAG = re.compile(r"\b(?:ADD|CHG|EXC)-\d{6,12}\b")
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9\u0080-\U0010ffff._-]{1,255}")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def text(message: Message, name: str) -> str:
    """Return the first header of a name, decoded and in one line; '' where there is none."""
    return header_text(str(message.get(name, "")))


def ids(message: Message, name: str) -> list[str]:
    """Return the message ids in a header, without their brackets, in order, each once.

    Of too long a list the first and the newest are kept: the first is the root of the thread.
    """
    found = dict.fromkeys(
        one[:LONGEST_ID]
        for header in message.get_all(name, [])
        for one in _ID.findall(header_text(str(header)))
    )
    every = list(found)
    return every if len(every) <= MOST_REFERENCES else [every[0], *every[1 - MOST_REFERENCES :]]


def message_id(message: Message) -> str | None:
    """Return the id of a message without its brackets; None where it has none that can be used."""
    found = ids(message, "Message-ID")
    if found:
        return found[0]
    bare = text(message, "Message-ID").strip("<>")
    return bare if re.fullmatch(r"[^\s<>]{3,240}", bare) else None


def sender(message: Message) -> tuple[str, str]:
    """Return (address, name) of who wrote: `From`, else `Sender`, else `Reply-To`; ('', '') where nobody did.

    The address is read before anything is decoded: an encoded name cannot smuggle in another address.
    """
    for name in ("From", "Sender", "Reply-To"):
        raw = " ".join(str(message.get(name, "")).split())
        shown, address = _parsed(raw)
        clean = header_text(address).lower()
        if _ADDRESS.fullmatch(clean):
            return clean, header_text(shown)[:200]
        found = _ADDRESS.search(header_text(raw))
        if found:
            return found[0].lower(), ""
    return "", ""


def _parsed(raw: str) -> tuple[str, str]:
    try:
        return parseaddr(raw)
    except (RecursionError, IndexError, ValueError):  # comments nested a thousand deep
        return "", ""


def written_at(message: Message, received: datetime | None) -> tuple[datetime | None, str]:
    """Return when a message was written, in UTC, and who says so.

    The `Date` of its writer counts, unless it cannot be read, is before 1990 or lies a day after its arrival;
    then the newest `Received`, then the time at which the mailbox took it (`received`).
    """
    traces = message.get_all("Received", [])
    arrived = _instant(str(traces[0])[-200:].rpartition(";")[2]) if traces else None
    arrived = arrived or received
    said = _instant(str(message.get("Date", "")))
    if said is not None and (arrived is None or said <= arrived + timedelta(days=1)):
        return said, "Date"
    return (arrived, "Received" if arrived is not received else "mailbox") if arrived else (None, "nobody")


def title_of(subject: str) -> str:
    """Return a subject without what replying and forwarding put before it, and without tags.

    >>> title_of("Re: AW: [EXC-000125] Fwd: Public bucket"), title_of("Resize the cluster")
    ('Public bucket', 'Resize the cluster')
    """
    before, title = None, subject
    while title != before:
        before, title = title, _REPLY_PREFIX.sub("", title).strip()
        title = re.sub(r"^\[(?:ADD|CHG|EXC)-\d{6,12}\]\s*", "", title)
    return title


def tags_of(subject: str) -> list[str]:
    """Return the ids of requests in a subject.

    >>> tags_of("Re: [EXC-000125] and CHG-000007, not EXC-1")
    ['EXC-000125', 'CHG-000007']
    """
    return list(dict.fromkeys(_TAG.findall(subject)))


def _instant(written: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(header_text(written))
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at >= _EARLIEST else None
