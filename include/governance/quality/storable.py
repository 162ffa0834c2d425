"""What PostgreSQL can hold: text and JSON without NUL characters and without halves of surrogate pairs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

DEEPEST = 500
"""Levels of objects within each other that are kept; PostgreSQL and Python give up somewhere beyond."""


def json_text(value: Any) -> str:
    """JSON text that PostgreSQL can store: what it cannot hold (NUL, half of a surrogate pair) is shown.

    Numbers that JSON does not know (NaN, infinity) become words. Raises RecursionError beyond DEEPEST levels.
    """
    try:
        text = _written(value)
    except ValueError:
        text = _written(_with_words(value))
    if text.count("{") + text.count("[") > DEEPEST < _depth(value):
        raise RecursionError(f"more than {DEEPEST} levels of objects within each other")
    if "\\u0000" not in text and (text.isascii() or _LOOSE.search(text) is None):
        return text
    return _UNSTORABLE.sub(lambda found: _shown(found[0]), text)


def _with_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_words(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_words(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > _LONGEST_BITS:
        return hex(value)
    return value


def _depth(value: Any) -> int:
    """How many levels of objects and lists there are."""
    deep, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        deep += 1
    return deep


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()


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


_LONGEST_BITS = 14_000
"""Python refuses to write integers much longer than that in decimal."""
_written = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str).encode
_MADE_VISIBLE = re.compile(r"␀|<U\+D[89A-F][0-9A-F]{2}>")
_LOOSE = re.compile("[\x00\ud800-\udfff]")
_UNSTORABLE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000|[\ud800-\udfff]")


def _visible(char: str) -> str:
    if char == "\x00":
        return "␀"
    return f"<U+{ord(char):04X}>" if "\ud800" <= char <= "\udfff" else char


def _shown(found: str) -> str:
    return _visible(found) if len(found) == 1 else found.removesuffix("\\u0000") + "␀"
