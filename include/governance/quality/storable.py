"""What PostgreSQL can hold: text and JSON without NUL characters and without halves of surrogate pairs."""

from __future__ import annotations

import json
import re
from typing import Any


def json_text(value: Any) -> str:
    """JSON text that PostgreSQL can store: what it cannot hold (NUL, half of a surrogate pair) is shown."""
    text = _written(value)
    if "\\u0000" not in text and (text.isascii() or _LOOSE.search(text) is None):
        return text
    return _UNSTORABLE.sub(lambda found: _shown(found[0]), text)


def storable(text: str) -> str:
    """Return `text` with what PostgreSQL cannot hold made visible.

    >>> storable("a\\x00b")
    'a␀b'
    """
    return "".join(_visible(char) for char in text) if _LOOSE.search(text) else text


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold `text` as it is."""
    return _LOOSE.search(text) is None


def shows_what_it_could_not_hold(text: str) -> bool:
    """Tell whether something in `text` was made visible because it could not be held."""
    return _MADE_VISIBLE.search(text) is not None


_written = json.JSONEncoder(ensure_ascii=False, default=str).encode
_MADE_VISIBLE = re.compile(r"␀|<U\+D[89A-F][0-9A-F]{2}>")
_LOOSE = re.compile("[\x00\ud800-\udfff]")
_UNSTORABLE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000|[\ud800-\udfff]")


def _visible(char: str) -> str:
    if char == "\x00":
        return "␀"
    return f"<U+{ord(char):04X}>" if "\ud800" <= char <= "\udfff" else char


def _shown(found: str) -> str:
    return _visible(found) if len(found) == 1 else found.removesuffix("\\u0000") + "␀"
