"""The parts of a message: its text, and what is attached. Lenient about what mail programs get wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from governance.intake.readers.mail.charsets import header_text, text_of
from governance.intake.readers.mail.html_text import text_of_html

DEEPEST = 20
"""Parts nested deeper than this are not looked into: they are kept as one attachment."""
LONGEST_NAME = 120
MOST_TEXT_BYTES = 500_000
"""Of each part; text beyond it is no request that anybody reads."""
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u2400\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')


@dataclass(frozen=True)
class Attachment:
    """One attachment. `name` is for people to read; it is never a path."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Body:
    """The text of a message, and whether it was written as plain text or had to be made of HTML."""

    text: str
    written_as: str


def leaves(message: Message, depth: int = 0) -> Iterator[Message]:
    """Yield the parts that hold something; an attached message is one part and is not looked into."""
    payload = message.get_payload()
    inside = isinstance(payload, list) and message.get_content_maintype() == "multipart"
    if not inside or depth >= DEEPEST:
        yield message
        return
    for part in payload:
        if isinstance(part, Message):
            yield from leaves(part, depth + 1)


def body_of(message: Message) -> Body:
    """Return the text of all plain parts that are no attachments; where there is none, of the HTML parts."""
    plain: list[str] = []
    html: list[str] = []
    for part in leaves(message):
        if is_attachment(part):
            continue
        kind = html if part.get_content_type() == "text/html" else plain
        kind.append(_text(part))
    if any(text.strip() for text in plain):
        return Body(_tidy("\n\n".join(plain)), "plain")
    if html:
        return Body(_tidy("\n\n".join(map(text_of_html, html))), "html")
    return Body("", "none")


def attachments_of(message: Message) -> Iterator[Attachment]:
    """Yield what is attached, inline pictures included, as it came; nothing is unpacked."""
    for part in leaves(message):
        if is_attachment(part):
            name = shown_name(_file_name(part))
            yield Attachment(name, media_type(part), content_of(part))


def is_attachment(part: Message) -> bool:
    """Tell whether a part is a file beside the text: named, declared so, or no text."""
    disposition = str(part.get("Content-Disposition", "")).strip().lower()
    if disposition.startswith("attachment") or _file_name(part):
        return True
    broken = part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), str)
    return part.get_content_maintype() != "text" and not broken  # parts that cannot be told apart are text


def content_of(part: Message) -> bytes:
    """Return the bytes of a part; of an attached message its own source."""
    payload = part.get_payload()
    if isinstance(payload, list):
        inner = payload[0] if len(payload) == 1 and isinstance(payload[0], Message) else part
        return inner.as_bytes()
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def media_type(part: Message) -> str:
    """Return the declared media type, or that it is just bytes."""
    declared = part.get_content_type()
    return declared if _MEDIA_TYPE.fullmatch(declared) else "application/octet-stream"


def shown_name(name: str) -> str:
    r"""Return a file name for people to read: no folders, no control characters, not too long.

    >>> shown_name("../../etc/passwd"), shown_name("C:\\secret\\plan\u202efdp.exe"), shown_name(" .. ")
    ('passwd', 'planfdp.exe', 'unnamed')
    """
    last = re.split(r"[/\\]", name)[-1]
    clean = " ".join(_UNSAFE.sub("", last).split()).strip(". ")
    if len(clean) > LONGEST_NAME:
        clean = clean[: LONGEST_NAME - 20] + "…" + clean[-19:]
    return clean or "unnamed"


def _file_name(part: Message) -> str:
    for header, parameter in (("Content-Disposition", "filename"), ("Content-Type", "name")):
        value = part.get_param(parameter, header=header)
        if isinstance(value, tuple):
            charset, _, text = value
            return text_of(str(text).encode("latin-1", "replace"), charset)
        if value:
            return header_text(str(value))
    return ""


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    charset = part.get_param("charset")
    known = data[:MOST_TEXT_BYTES] if isinstance(data, bytes) else b""
    return text_of(known, charset if isinstance(charset, str) else None)


def _tidy(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
