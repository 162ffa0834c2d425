"""What people call the fields of a request and the words in them: `vocabulary.yaml`, to be looked up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from governance import documents
from governance.documents import Document


class Vocabulary(Document):
    """The whole file."""

    key: tuple[str, ...]
    status: tuple[str, ...]
    kind: tuple[str, ...]
    fields: dict[str, tuple[str, ...]]
    words: dict[str, dict[str, tuple[str, ...]]]
    nulls: tuple[str, ...]


VOCABULARY: Vocabulary = documents.read(Path(__file__).with_name("vocabulary.yaml"), Vocabulary)
NULLS = frozenset(VOCABULARY.nulls)
SURE, LIKELY = 95, 70
"""Confidence in percent: the whole name is known; a part of it is."""


def plain(name: str) -> str:
    """Return a name in lower case, its words parted by single blanks.

    >>> plain("Requested By"), plain("closedAt"), plain("sys_updated_on"), plain("1-Low")
    ('requested by', 'closed at', 'sys updated on', '1 low')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[^\W_]+", parted)).casefold()


def likeness(name: str, known: tuple[str, ...]) -> int:
    """Return in percent how surely a column of that name is one of the `known`.

    >>> [likeness(name, ("ticket no", "subject")) for name in ("Ticket_No", "Ticket Subject", "Colour")]
    [95, 70, 0]
    """
    spoken = plain(name.rpartition(".")[0] if name.endswith((".name", ".value", ".emailAddress")) else name)
    if spoken in known:
        return SURE
    words = set(spoken.split())
    return LIKELY if any(set(one.split()) <= words for one in known if len(one) > 3) else 0


def word_for(field: str, value: str) -> str | None:
    """Return the register's word for a word of a source, None where it is not known.

    >>> word_for("status", "In Review"), word_for("risk_level", "2-Medium"), word_for("status", "Parked")
    ('in_review', 'medium', None)
    """
    spoken = plain(value)
    words: dict[str, Any] = VOCABULARY.words[field]
    return next((word for word, known in words.items() if spoken in known or spoken == plain(word)), None)
