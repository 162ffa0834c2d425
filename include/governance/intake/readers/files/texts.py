"""From bytes to text in the declared encoding: a byte order mark is heeded, and a wrong one is an error."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

from governance.intake.readers.files.limits import UnreadableFileError
from governance.intake.records import Raw

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes, encoding: str) -> str:
    """Return the text without its byte order mark; raises UnreadableFileError.

    Foreign bytes in an encoding that keeps ASCII stay in the text as escapes, to condemn their line alone;
    `legible` shows them.
    """
    name = codecs.lookup(encoding).name
    marked = next((family for mark, family in _MARKS if content.startswith(mark)), None)
    if marked and not name.startswith(marked):
        raise UnreadableFileError(f"is {marked} by its byte order mark, the spec declares {encoding}")
    if name in ("utf-16", "utf-32") and content and not marked:
        raise UnreadableFileError(f"has no byte order mark: declare {name}-le or {name}-be")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if name.startswith(("utf-16", "utf-32")):
            raise UnreadableFileError(f"is not {encoding}: {error}") from error
        text = content.decode(encoding, errors="surrogateescape")
    return text.removeprefix("\ufeff")


_SIMPLE = ("utf-8", "utf-8-sig", "ascii", "iso8859", "cp125")


def plain(content: bytes, encoding: str) -> TextIO | None:
    """Return the text as a file, read on the way; None where `decoded` has to look at all of it.

    Reading raises UnicodeDecodeError where foreign bytes are met.
    """
    name = codecs.lookup(encoding).name
    begin = len(codecs.BOM_UTF8) if name.startswith("utf-8") and content.startswith(codecs.BOM_UTF8) else 0
    again = any(content.startswith(mark, begin) for mark, _ in _MARKS)
    if again or not name.startswith(_SIMPLE) or b"\0" in content:
        return None
    file = io.BytesIO(content)
    file.seek(begin)
    return io.TextIOWrapper(file, encoding="utf-8" if name == "utf-8-sig" else encoding, newline="")


def is_utf8(encoding: str) -> bool:
    """Tell whether text in an encoding is UTF-8, with or without its byte order mark."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def legible(raw: Raw, problem: str | None, encoding: str) -> tuple[Raw, str | None]:
    """Return the raw record with foreign bytes shown as `<0xE9>`, and say so as its problem."""
    if not _is_foreign("".join([value for value in raw.values() if isinstance(value, str)])):
        return raw, problem
    shown = {name: _show(value) if isinstance(value, str) else value for name, value in raw.items()}
    return shown, problem or f"the line holds bytes that are not {encoding}"


def _is_foreign(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text)


def _show(text: str) -> str:
    return "".join(f"<0x{ord(c) - 0xDC00:02X}>" if "\udc80" <= c <= "\udcff" else c for c in text)
