"""How much of a file is read, and how much of what is broken is kept."""

from __future__ import annotations

import hashlib

from governance.intake.records import Raw

LARGEST_BYTES = 2 * 1024**3
"""A file larger than this, unpacked, is refused instead of filling the memory."""
LARGEST_REGISTER = 8 * 1024**2
"""A YAML file, in bytes: a person writes these."""
LARGEST_WORKBOOK = 256 * 1024**2
"""All parts of a workbook, unpacked, in bytes."""
LONGEST_CELL = 1024**2
"""Characters of one cell, or of one line of JSON."""
MOST_VALUES = 1_000_000
"""Values of a YAML file once its aliases are unfolded."""
DEEPEST = 60
"""Levels of lists and objects within each other."""
SHOWN_OF_LONG = 4096


class StillWritingError(Exception):
    """The file changed while it was read: the next run takes it."""


class UnreadableFileError(Exception):
    """Nothing of a file can be read; its text continues `the file ...`. `raw` is what is kept of it."""

    def __init__(self, problem: str, line: int = 1, raw: Raw | None = None) -> None:
        super().__init__(problem)
        self.line, self.raw = line, raw or {}


def kept(text: str) -> str:
    """Return text that is kept with a broken record: all of it, or of a flood its beginning and its hash."""
    if len(text) <= LONGEST_CELL:
        return text
    digest = hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
    return f"{text[:SHOWN_OF_LONG]}… cut here: {len(text):,} characters, sha256 {digest}"


def depth(value: object, level: int = 0) -> int:
    """Return how deep lists and objects lie within each other, at most DEEPEST + 1.

    >>> depth({"a": [1]}), depth("text")
    (2, 0)
    """
    if level > DEEPEST or not isinstance(value, (dict, list)):
        return level
    inner = value.values() if isinstance(value, dict) else value
    return max((depth(one, level + 1) for one in inner), default=level + 1)
