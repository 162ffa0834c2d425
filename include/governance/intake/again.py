"""A poll that brings nothing but what the poll before brought: known without being read anew.

A pull starts somewhat before the end of the last one, so the newest records come again every time. A small
pull leaves in its cursor which records it held; one that holds no others changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from governance.intake.blocks import Block, one_by_one
from governance.intake.records import Record, raw_hash
from governance.intake.spec import SourceSpec

if TYPE_CHECKING:
    from governance.intake.examined import Examined

MOST = 500
"""A pull of more records leaves no list of them."""
_TOLD = "told"


@dataclass(frozen=True)
class Again:
    """Records of a poll without news: how many, and how many of them were kept back when they first came."""

    pulled: int
    kept_back: int


def peek(
    records: Iterator[Record | Block], spec: SourceSpec, cursor: dict[str, Any] | None
) -> tuple[Again | None, Iterator[Record | Block]]:
    """Return what the poll brings again, or None where it brings news; and all of its records.

    None also where the spec is not that of the last poll, or asks how old the newest record is.
    """
    told = (cursor or {}).get(_TOLD)
    if told is None or told["spec"] != _fingerprint(spec) or spec.batch.freshness_days is not None:
        return None, records
    one_each = one_by_one(records)
    first = list(islice(one_each, MOST + 1))
    every: Iterator[Record | Block] = chain(first, one_each)
    hashes = [raw_hash(record.raw).hex() for record in first]
    if len(first) > MOST or not all(one in told["records"] for one in hashes):
        return None, every
    return Again(len(first), sum(told["records"][one] for one in hashes)), every


def remembering(cursor: dict[str, Any] | None, spec: SourceSpec, examined: Examined) -> dict[str, Any] | None:
    """Return the cursor with the records that were pulled: hash -> whether it was kept back."""
    if cursor is None or examined.parts.pulled > MOST:
        return cursor
    records = {
        raw_hash(record.raw).hex(): number in examined.failed
        for part in examined.parts
        for number, record in enumerate(part.records(), start=part.first)
    }
    return {**cursor, _TOLD: {"spec": _fingerprint(spec), "records": records}}


def kept(cursor: dict[str, Any] | None, before: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the cursor of a poll without news: what was told before is still told."""
    told = (before or {}).get(_TOLD)
    return cursor if cursor is None or told is None else {**cursor, _TOLD: told}


def _fingerprint(spec: SourceSpec) -> str:
    return hashlib.sha256(spec.model_dump_json().encode()).hexdigest()[:16]
