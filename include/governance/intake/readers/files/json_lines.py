"""Read JSON lines: every line is an object, or says why it is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from governance.intake.readers.files.limits import DEEPEST, LONGEST_CELL, depth, kept
from governance.intake.readers.files.options import JsonlOptions
from governance.intake.readers.files.texts import decoded, legible
from governance.intake.records import Raw, Record

Row = tuple[int, Raw, str | None]
"""Line, the object, and what is wrong with it."""


def records_of(name: str, content: bytes, options: JsonlOptions) -> Iterator[Record]:
    """Yield the objects of a file; raises UnreadableFileError."""
    for line, raw, problem in json_lines(decoded(content, options.encoding)):
        yield Record(f"{name}:{line}", *legible(raw, problem, options.encoding))


def json_lines(text: str) -> Iterator[Row]:
    """Yield the objects of JSON lines.

    >>> [problem for _, _, problem in json_lines('{"a": 1}\\n{"a": \\n[1]')]
    [None, 'not JSON: Expecting value at column 7', 'a list where an object is expected']
    """
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        found, problem = _read(content)
        if problem is None and isinstance(found, dict):
            yield line, found, None
        else:
            yield line, {"@line": kept(content.rstrip("\r"))}, problem or _instead(found)


def _read(content: str) -> tuple[Any, str | None]:
    if len(content) > LONGEST_CELL:
        return None, f"a line of {len(content):,} characters, at most {LONGEST_CELL:,} are read"
    try:
        found = json.loads(
            content, parse_constant=_no_number, parse_float=_number, object_pairs_hook=_each_once
        )
    except RecursionError:
        return None, f"objects within each other beyond {DEEPEST} levels"
    except ValueError as error:
        place = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return None, f"not JSON: {getattr(error, 'msg', error)}{place}"
    if content.count("{") + content.count("[") > DEEPEST < depth(found):
        return None, f"objects within each other beyond {DEEPEST} levels"
    return found, None


def _instead(found: Any) -> str:
    kind = {"list": "a list", "str": "text"}.get(type(found).__name__, f"a {type(found).__name__}")
    return f"{kind} where an object is expected"


def _no_number(word: str) -> float:
    """NaN and Infinity are words of Python, not of JSON, and no database keeps them in JSON."""
    raise ValueError(f"{word} is no number that JSON knows")


def _number(digits: str) -> float:
    """1e400 is JSON, and would become Infinity."""
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:40]} is larger than any number that is kept")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that names a key twice says two things, and all but the last would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} is there twice")
    return found
