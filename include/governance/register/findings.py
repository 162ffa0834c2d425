"""Findings have a life: opened, seen again, resolved, reopened; every turn is kept.

A family of findings has one writer, which hands over everything that is true now; what it no longer names
is resolved. What is said is compared by digest, so a run in which nothing changed writes nothing but the
instant the family was last compared: the view `finding_seen` tells of each finding when it was last seen. A
writer that can tell what its findings rest on need not even put them into words where that is the same.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from governance import resources
from governance.register.copying import copy_frame

COLUMNS = (
    "finding_key", "type", "severity", "request_number", "account", "region", "rule", "resource_type",
    "resource_id", "owner", "why", "evidence",
)  # fmt: skip
"""Columns of the frame given to `sync`: text, but `request_number` Int64 and `evidence` JSON text.
`finding_key` is what makes it the same finding next time: never an instant, a count or a verdict."""


_TYPES = {name: "Int64" if name == "request_number" else "str" for name in COLUMNS}


def of_rows(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return findings as `sync` takes them; what a row does not name is missing."""
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=kind) for name, kind in _TYPES.items()}
    )


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return findings, by column already, as `sync` takes them."""
    return frame.astype(_TYPES)


@dataclass(frozen=True)
class Turns:
    """How many findings took which turn."""

    opened: int = 0
    changed: int = 0
    reopened: int = 0
    resolved: int = 0


@dataclass(frozen=True)
class Standing:
    """What the findings of a family rest on, as a digest, and what they add up to, as plain data."""

    basis: str
    summary: dict[str, Any]


def standing(connection: Connection, family: str) -> Standing | None:
    """Return what the open findings of a family rest on; None where nobody told, or some are unseen."""
    rows = connection.execute(text(resources.sql("register/family_standing.sql")), {"family": family})
    found = rows.one_or_none()
    return None if found is None else Standing(found.basis, found.summary)


def still(connection: Connection, family: str, at: datetime) -> Turns:
    """Note that the findings of a family say as of `at` what they said before; none of them turns."""
    query = text(resources.sql("register/family_still.sql"))
    connection.execute(query, {"family": family, "at": at})
    return Turns()


def sync(
    connection: Connection,
    family: str,
    current: pd.DataFrame,
    *,
    at: datetime,
    unknown: Callable[[pd.DataFrame], pd.Series] | None = None,
    standing: Standing | None = None,
) -> Turns:
    """Make the open findings of `family` equal to `current` (columns: COLUMNS) as of `at`.

    Only what says something else than last time is written. `unknown` is given the open findings that
    `current` does not name (finding_key, account, region, rule) and returns the keys of those about which
    there is no evidence now: they stay open, because unknown is never clean. `standing` is what `current`
    rests on, for the next time.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.findings'))"))
    said = _digests(current)
    known = _open_findings(connection, family)
    same = _in(known.digest, said)
    news = current[list(COLUMNS)].assign(digest=said)[~_in(said, known.digest)]
    missing, again = known.finding_number[~same], known.finding_number[same & known.unseen]
    turns = {}
    if len(news) or len(missing) or len(again):
        turns = _write(connection, (family, at), (news, missing, again), unknown)
    rests_on = {"basis": standing and standing.basis, "summary": standing and json.dumps(standing.summary)}
    query = text(resources.sql("register/family_seen.sql"))
    connection.execute(query, {"family": family, "at": at, **rests_on})
    return Turns(**turns)


def _write(
    connection: Connection,
    of: tuple[str, datetime],
    staged: tuple[pd.DataFrame, pd.Series, pd.Series],
    unknown: Callable[[pd.DataFrame], pd.Series] | None,
) -> dict[str, int]:
    """Stage news, missing and seen again, let the findings turn, and return how many took which turn."""
    news, missing, again = staged
    connection.execute(text(resources.sql("register/stage_findings.sql")))
    copy_frame(connection, news, "stage_finding")
    copy_frame(connection, missing.to_frame(), "stage_missing")
    copy_frame(connection, again.to_frame(), "stage_again")
    if unknown is not None and len(missing):
        found = connection.execute(text(resources.sql("register/missing_findings.sql")))
        unsaid = pd.DataFrame(found.fetchall(), columns=list(found.keys()))
        copy_frame(connection, pd.DataFrame({"finding_key": unknown(unsaid)}), "stage_unknown")
    connection.execute(text("ANALYZE stage_finding, stage_missing, stage_again, stage_unknown"))
    query = text(resources.sql("register/sync_findings.sql"))
    rows = connection.execute(query, {"family": of[0], "at": of[1]})
    turns = {str(row.change): int(row.findings) for row in rows}
    connection.execute(text("DROP TABLE stage_finding, stage_missing, stage_again, stage_unknown"))
    return turns


def _open_findings(connection: Connection, family: str) -> pd.DataFrame:
    """Return finding_number, digest, unseen of the findings that are open."""
    rows = connection.execute(text(resources.sql("register/open_findings.sql")), {"family": family})
    lines = "\n".join(rows.scalars())
    types = {"finding_number": "int64", "digest": "str", "unseen": "str"}
    if not lines:
        return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in types.items()}).assign(
            unseen=False
        )
    found = pd.read_csv(io.StringIO(lines), names=list(types), dtype=types, keep_default_na=False)
    return found.assign(unseen=found.unseen == "t")


def _in(digests: pd.Series, others: pd.Series) -> pd.Series:
    return digests.map(set(others.tolist()).__contains__).astype(bool)


def _digests(current: pd.DataFrame) -> pd.Series:
    """Return what each finding says as a digest, leaving out which snapshot its evidence was read from."""
    if current.empty:
        return pd.Series([], index=current.index, dtype="str")
    place, texts = pd.factorize(current.evidence)
    resting = [json.dumps({**json.loads(one), "snapshot": None}, sort_keys=True) for one in texts]
    parts = [pa.array(current[name], from_pandas=True).cast(pa.large_string()) for name in COLUMNS[:-1]]
    parts.append(pa.array(resting, pa.large_string()).take(pa.array(place)))
    between = pa.scalar("\x1f", pa.large_string())
    whole = pc.binary_join_element_wise(*parts, between, null_handling="replace", null_replacement="\0")
    said = [blake2b(one.encode(), digest_size=16).hexdigest() for one in whole.to_pylist()]
    return pd.Series(said, index=current.index, dtype="str")
