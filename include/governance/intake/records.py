"""What a reader hands over: records as the source delivered them, each with a place a person can find."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Observation:
    """What the source said about a record at one time; `at` and `actor` are None where it does not say."""

    values: dict[str, Any]
    at: str | None = None
    actor: str | None = None


@dataclass(frozen=True)
class Record:
    """One record. A record that could not be read has a `problem` and no observations."""

    locator: str
    raw: Any
    observations: tuple[Observation, ...] = ()
    problem: str | None = None

    @classmethod
    def flat(cls, locator: str, values: dict[str, Any]) -> Record:
        """Return a record that is its own single observation."""
        return cls(locator, values, (Observation(values),))


@dataclass
class Pull:
    """Where an incremental pull began and where the next one begins; filled by the reader as it goes."""

    since: dict[str, Any] = field(default_factory=dict)
    cursor: dict[str, Any] = field(default_factory=dict)


def json_text(value: Any) -> str:
    """JSON that PostgreSQL can store: keys sorted, NUL and lone surrogates written out as visible escapes."""
    return json.dumps(storable(value), ensure_ascii=False, sort_keys=True, default=str)


def storable(value: Any) -> Any:
    """Replace what `jsonb` cannot hold (NUL, lone surrogates) by its visible escape, at any depth."""
    if isinstance(value, str):
        clean = value.replace("\x00", "\\u0000")
        return clean.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value


def raw_hash(text: str) -> bytes:
    """sha256 of a raw record in the form in which it is stored."""
    return hashlib.sha256(text.encode("utf-8")).digest()
