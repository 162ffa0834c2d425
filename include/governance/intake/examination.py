"""Examine a pull: map its records, hold them against the gate, and part the good from what is kept back.

Records are mapped part by part, so that a large pull does not stand in memory; the gate judges it as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.intake import drift, named
from governance.intake.blocks import Block
from governance.intake.examined import Examined
from governance.intake.known import Known
from governance.intake.known_files import Resting
from governance.intake.mapping import Mapped, map_records
from governance.intake.parts import Parts, in_parts
from governance.intake.readers.registry import observations
from governance.intake.records import Raw, Record, place_of
from governance.intake.spec import BatchLimits, SourceSpec
from governance.intake.volume import unusual
from governance.quality.gate import Verdict, columns_judged, judge
from governance.quality.reasons import Reason, Reasons
from governance.quality.storable import DEEPEST, json_text
from governance.quality.suite import AUTHENTICATION, Check, canonical_suite
from governance.register.ownership import OwnershipPolicy

_NO_ROWS = Verdict({}, "", {"expectations": [], "rows": 0})


def examine(
    connection: Connection | None,
    spec: SourceSpec,
    records: Iterable[Record | Block],
    *,
    now: datetime,
    policy: OwnershipPolicy,
    whole: bool = True,
    known: Known | None = None,
) -> Examined:
    """Map and check records. A record of which any observation fails is kept back as a whole.

    `whole` False: these records are no pull of their own (a replay), so limits of the batch do not apply.
    They do apply to the records together with those resting in files that were not read again.
    `known` None: volume, columns, accounts and rules are not judged. `connection` None: offline, no request
    is registered yet.
    """
    known = known or Known()
    resting = known.resting
    limits = _limits(spec, whole, resting, now)
    suite = suite_of(spec, limits)
    pull = _Pull(spec, policy, known, limits, suite, Parts(can_wait=known.first and not spec.draws("@file")))
    for drawn in in_parts(records):
        pull.take(drawn, now)
    verdict = _judged(connection, pull, suite, now)
    shapes, changes = _columns(spec, pull.sample.records, known.columns)
    aside = len(pull.parts.dismissed)  # no requests: they speak neither for nor against the batch
    pulled = pull.parts.pulled - aside + resting.records
    failed = len(verdict.reasons) - aside + resting.kept_back
    return Examined(
        spec=spec,
        parts=pull.parts,
        reasons=verdict.reasons,
        held=verdict.held or limits.broken(pulled, failed) or _unlike_before(spec, pulled, known, changes),
        summary=verdict.summary | pull.about(changes),
        page=verdict.page,
        columns=shapes,
        newest=pull.newest_of,
    )


@dataclass
class _Pull:
    """A pull as it is mapped, part by part: what the gate must see of it, and what the scorecard says of it.

    `filled`: how many rows hold something, for each field that the spec maps; of how many is `parts.rows`.
    """

    spec: SourceSpec
    policy: OwnershipPolicy
    known: Known
    limits: BatchLimits
    suite: list[Check]
    parts: Parts
    reasons: Reasons = field(default_factory=dict)
    judged: list[pd.DataFrame] = field(default_factory=list)
    sample: drift.Sample = field(default_factory=drift.Sample)
    filled: dict[str, int] = field(default_factory=dict)
    newest: pd.Timestamp = pd.NaT  # type: ignore[assignment]
    newest_of: dict[str, datetime] = field(default_factory=dict)

    def take(self, drawn: Sequence[Record], now: datetime) -> None:
        """Map the next records."""
        some, mapped = _mapped(drawn, self.spec, self.parts, now=now, policy=self.policy)
        batch = mapped.batch
        self.reasons |= mapped.reasons
        self.sample.add(some)
        for name in ("source_key", "kind", "status", *self.spec.fields):
            self.filled[name] = self.filled.get(name, 0) + int(batch[name].notna().sum())
        self.newest = pd.Series([self.newest, batch["valid_at"].max()]).max()
        _note_newest(self.newest_of, batch, self.spec)
        names = named.judged(batch, self.policy, self.known.listings)
        place = ["locator"] if self.spec.shape == "snapshot" else []
        columns = list(
            dict.fromkeys([*columns_judged(self.suite), *place, *names.columns.difference(batch.columns)])
        )
        absent = _absent(batch["record_no"], some, self.parts.pulled, self.limits.required_columns)
        told = _authentication(batch["record_no"], some, self.parts.pulled, self.suite)
        self.judged.append(names[columns].assign(absent_column=absent, **told))
        self.parts.add(some, batch)

    def batch(self) -> pd.DataFrame:
        """Return what the gate judges, once: the parts of it are used up."""
        batch = pd.concat(self.judged, ignore_index=True)
        self.judged.clear()
        if self.spec.shape == "snapshot":
            batch["records_of_key"] = named.records_of_key(batch, self.parts)
        return batch

    def about(self, changes: Sequence[drift.Drift]) -> dict[str, Any]:
        """Return what is kept with the run: changed columns, the newest, what could not be read, gaps."""
        return {
            "records": self.parts.pulled,
            "drift": [asdict(change) for change in changes],
            "newest": _iso(self.newest) if self.parts.rows else None,
            "unreadable": _unreadable(self.reasons),
            "fields": self.filled,
        }


def _mapped(
    records: Sequence[Record], spec: SourceSpec, before: Parts, *, now: datetime, policy: OwnershipPolicy
) -> tuple[Sequence[Record], Mapped]:
    """Map the next records; those nested too deep to be kept as they came are shown by their place."""
    numbers = {"first": before.pulled, "first_row": before.rows}
    try:
        return records, map_records(records, spec, now=now, policy=policy, **numbers)
    except RecursionError:
        flat = [_flat(record) for record in records]
        return flat, map_records(flat, spec, now=now, policy=policy, **numbers)


def _flat(record: Record) -> Record:
    try:
        json_text(record.raw)
    except RecursionError:
        why = f"holds more than {DEEPEST} levels of objects within each other"
        return Record(record.locator, {"@text": f"{record.locator} {why}"}, f"the record {why}")
    return record


def _judged(connection: Connection | None, pull: _Pull, suite: list[Check], now: datetime) -> Verdict:
    """Let the gate judge the whole batch."""
    if not pull.judged:
        return _NO_ROWS
    batch, spec = pull.batch(), pull.spec
    kinds: dict[str, str] = {}
    if connection is not None and not pull.known.first:
        kinds = _registered_kinds(connection, spec.name, batch["source_key"])
    return judge(batch, pull.reasons, suite, name=spec.name, now=now, registered_kinds=kinds)


def _columns(
    spec: SourceSpec, records: Sequence[Record], before: drift.Shapes | None
) -> tuple[drift.Shapes | None, list[drift.Drift]]:
    """Return the shape of the records as they came, and what changed since the run before."""
    rows = [row for record in records if (row := _fields(spec, record)) is not None]
    if before is None or not rows:
        return None, []
    now = drift.observe(rows, spec.nulls)
    changes = drift.changes(before, now, spec.drawn_from, spec.batch.drift) if before else []
    return (drift.merged(before, now) if len(rows) >= drift.ENOUGH else None), changes


def _fields(spec: SourceSpec, record: Record) -> Raw | None:
    """The columns of a record as its reader gives them to the mapping; None where it cannot be read."""
    try:
        return None if record.problem else observations(spec, record)[-1].fields
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _unlike_before(spec: SourceSpec, pulled: int, known: Known, changes: Sequence[drift.Drift]) -> str:
    """Say why a batch is too unlike the ones before it; '' where it is not, or where a person accepted it."""
    if known.accepted:
        return ""
    found = [change.words for change in changes if change.weight == "hold"]
    if known.volumes is not None and spec.volume:
        found.append(unusual(pulled, known.volumes, spec.volume))
    return "; ".join(words for words in found if words)


def suite_of(spec: SourceSpec, limits: BatchLimits) -> list[Check]:
    """Return the expectations of the source's kinds, less what it waives, its own, and its freshness."""
    checks = [
        check.model_copy(update={"severity": spec.severities.get(check.id, check.severity)})
        for check in canonical_suite(spec.kinds)
        if check.id not in spec.waived
    ]
    checks += spec.expectations
    if limits.freshness_days is not None:
        days = limits.freshness_days
        kwargs = {"column": "valid_at", "min_value": f"now-{days}d"}
        words = f"the newest observation is at most {days} days old"
        name = "expect_column_max_to_be_between"
        checks.append(Check(id="fresh", type=name, kwargs=kwargs, severity="hold", words=words))
    return checks


def _limits(spec: SourceSpec, whole: bool, resting: Resting, now: datetime) -> BatchLimits:
    """The limits that this batch is held to: no freshness where a file not read again is fresh enough."""
    if not whole:
        return BatchLimits()
    if resting.newest is not None and not spec.batch.stale(resting.newest, now):
        return spec.batch.model_copy(update={"freshness_days": None})
    return spec.batch


def _note_newest(newest: dict[str, datetime], batch: pd.DataFrame, spec: SourceSpec) -> None:
    """Note by file the time of its newest observation, where the spec limits how old that may be."""
    if spec.batch.freshness_days is None:
        return
    dated = batch[batch["valid_at"].notna()]
    for name, at in dated.groupby(dated["locator"].map(place_of))["valid_at"].max().items():
        newest[str(name)] = max(at.to_pydatetime(), newest.get(str(name), at.to_pydatetime()))


def _absent(numbers: pd.Series, records: Sequence[Record], first: int, required: Sequence[str]) -> pd.Series:
    """For each row the first required column that its record has not; missing where it has them all."""
    if not required:
        return pd.Series([None] * len(numbers), dtype="str", index=numbers.index)
    if isinstance(records, Block):
        lacking = next((column for column in required if column not in records.cells), None)
        return pd.Series([lacking] * len(numbers), dtype="str", index=numbers.index)
    missing = [
        None if record.problem is not None else next((c for c in required if c not in record.raw), None)
        for record in records
    ]
    return pd.Series([missing[number - first] for number in numbers], dtype="str", index=numbers.index)


def _authentication(
    numbers: pd.Series, records: Sequence[Record], first: int, suite: Sequence[Check]
) -> dict[str, pd.Series]:
    """What the receiving host found about the sender, for the checks that ask for it."""
    asked = {column for check in suite for column in check.columns} & set(AUTHENTICATION)
    found = [records[number - first].raw.get("authentication") or {} for number in numbers] if asked else []
    return {
        name: pd.Series([one.get(name, "unknown") for one in found], dtype="str", index=numbers.index)
        for name in sorted(asked)
    }


def _registered_kinds(connection: Connection, source: str, keys: pd.Series) -> dict[str, str]:
    parameters = {"source": source, "keys": keys.dropna().unique().tolist()}
    rows = connection.execute(text(resources.sql("intake/registered_kinds.sql")), parameters)
    return {str(row.source_key): str(row.kind) for row in rows}


def _iso(instant: pd.Timestamp) -> str | None:
    return None if pd.isna(instant) else instant.isoformat()


def _unreadable(reasons: dict[int, list[Reason]]) -> dict[str, int]:
    """How often the mapping found what is wrong, by field."""
    fields = [reason.field or "record" for known in reasons.values() for reason in known]
    return {field: fields.count(field) for field in sorted(set(fields))}
