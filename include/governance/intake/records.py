"""What readers yield: raw records that say where a person finds them, and how raw records are told apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that came with a record and is stored below the lake. `name` is for people, never a path."""

    name: str
    media_type: str
    sha256: str
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class Record:
    """One record as the source delivered it; with a `problem` it could not be read as one.

    `locator` is `file:line` or the issue's key. `raw` holds only what JSON can. `dismissed`: it is no
    request at all, as `problem` says: counted as quarantined and closed at once, so that nobody is asked to
    mend it.
    `context` is what the register holds of the same request, for kinds whose records tell only a part of it.
    """

    locator: str
    raw: Raw
    problem: str | None = None
    dismissed: bool = False
    evidence: tuple[Evidence, ...] = ()
    context: Raw | None = None

    @property
    def place(self) -> str:
        """The file, or the issue: what is read as a whole."""
        return place_of(self.locator)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a record says about one instant. Without `valid_at` the mapped fields say when."""

    fields: Raw
    valid_at: datetime | None = None
    actor: str | None = None
    raw: Raw | None = None


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file that was read: what tells this version of it, and how many records it holds."""

    version: str
    records: int


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that an earlier run read: how many records, and how many of them were kept back.

    `newest` is the time of its newest observation, where the spec limits how old that may be.
    """

    version: str
    records: int
    kept_back: int
    newest: datetime | None = None


@dataclass
class Pull:
    """What a reader tells beside its records, complete once they are all drawn."""

    cursor: dict[str, Any] | None = None
    places: set[str] = field(default_factory=set)
    """Files or issues that were read to their end."""
    notes: list[str] = field(default_factory=list)
    """One line each: what was left for the next run."""
    taken: dict[str, TakenFile] = field(default_factory=dict)
    """Files that were read, by name; also those that turned out to be unreadable."""
    skipped: dict[str, KnownFile] = field(default_factory=dict)
    """Files that are as they were when an earlier run read them, by name: they were not read again."""
    whole: bool = False
    """Whether these are all records that the source shows now, so that what is missing is gone."""
    listed: bool = False
    """Whether everything was listed, where the source forgets: what is missing may just be old."""


class Reader(Protocol):
    """Draw the records of a source; `cursor` is where the last complete pull ended, None for everything."""

    def records(self, pull: Pull, cursor: dict[str, Any] | None) -> Iterator[Record]:
        """Yield records and fill `pull`; raises SourceUnavailableError where the source cannot be read."""
        ...


@runtime_checkable
class Tracer(Protocol):
    """A reader that can ask after one request by its key."""

    def trace(self, key: str) -> str:
        """Return what became of a request that a whole pull no longer found, in words."""
        ...


def place_of(locator: str) -> str:
    """Return the file or issue of a locator.

    >>> place_of("2026.yaml:14"), place_of("GOV-12")
    ('2026.yaml', 'GOV-12')
    """
    place, _, line = locator.rpartition(":")
    return place if place and line.isdigit() else locator


def stem_of(locator: str) -> str:
    """Return the file of a locator without its extension.

    >>> stem_of("2026-09.csv.gz:14")
    '2026-09'
    """
    place = place_of(locator)
    return place.removesuffix(".gz").rpartition(".")[0] or place


def raw_hash(raw: Raw) -> bytes:
    """SHA-256 of a raw record, the same whatever the order of its keys."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).digest()
