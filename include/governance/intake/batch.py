"""Judge a batch: what the mapping refused and what the gate refused, brought together by record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine, text

from governance.intake.mapping import Mapped, Reason, to_batch
from governance.intake.records import Record, json_text, raw_hash
from governance.intake.spec import SourceSpec
from governance.quality.gate import Expectation, examine
from governance.quality.quarantine import Item
from governance.register.ownership import OwnershipPolicy


@dataclass
class Judged:
    """What may pass (`good`, a canonical batch), what is kept back (`items`), what holds it all (`held`)."""

    records: list[Record]
    good: pd.DataFrame
    items: list[Item]
    held: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    page: str = ""
    passed_hashes: list[bytes] = field(default_factory=list)


def judge(
    engine: Engine, spec: SourceSpec, records: list[Record], policy: OwnershipPolicy, now: datetime
) -> Judged:
    """Map and check a pull. A record any of whose observations fails is kept back as a whole."""
    mapped = to_batch(spec, records, policy, now)
    _refuse_changed_kind(engine, spec, mapped)
    added = [Expectation(**each.model_dump()) for each in spec.expectations]
    verdict = examine(spec.name, mapped.frame, added, now)
    record_of = dict(zip(mapped.frame["row_no"], mapped.frame["record_no"], strict=True))
    for failure in verdict.failures:
        reason = Reason(failure.expectation, failure.column, failure.found, failure.words)
        mapped.refuse_further(int(record_of[failure.row_no]), reason)
    bad = sorted(mapped.reasons)
    good = mapped.frame[~mapped.frame["record_no"].isin(bad)]
    return Judged(
        records=records,
        good=good,
        items=_items(mapped, bad),
        held=verdict.held,
        summary=_summary(verdict.summary, mapped),
        page=verdict.page,
        passed_hashes=_hashes_of_passed(engine, spec.name, mapped, set(bad)),
    )


def _items(mapped: Mapped, bad: list[int]) -> list[Item]:
    rows = mapped.frame[mapped.frame["record_no"].isin(bad)].groupby("record_no").last()
    items = []
    for number in bad:
        record = mapped.records[number]
        raw = json_text(record.raw)
        row = rows.loc[number].dropna().drop("raw", errors="ignore") if number in rows.index else None
        items.append(
            Item(
                raw_hash=raw_hash(raw),
                locator=record.locator,
                source_key=None if row is None or "source_key" not in row else str(row["source_key"]),
                raw=raw,
                mapped=None if row is None else json_text({k: str(v) for k, v in row.items()}),
                reasons=[asdict(reason) for reason in mapped.reasons[number]],
            )
        )
    return items


def _refuse_changed_kind(engine: Engine, spec: SourceSpec, mapped: Mapped) -> None:
    """A request keeps its kind: its id says it."""
    frame = mapped.frame
    if frame.empty:
        return
    query = text("SELECT source_key, kind FROM request WHERE source = :source AND source_key = ANY(:keys)")
    keys = sorted(set(frame["source_key"].dropna()))
    with engine.connect() as connection:
        registered = {
            row.source_key: row.kind for row in connection.execute(query, {"source": spec.name, "keys": keys})
        }
    first = frame.dropna(subset=["source_key", "kind"]).groupby("source_key")["kind"].first().to_dict()
    expected = frame["source_key"].map({**first, **registered})
    wrong = frame[expected.notna() & frame["kind"].notna() & (expected != frame["kind"])]
    for number, key, kind in zip(wrong["record_no"], wrong["source_key"], wrong["kind"], strict=True):
        was = {**first, **registered}[key]
        words = (
            f"kind: found {kind}, expected {was}: {key} was registered as {was} and a request keeps its kind"
        )
        mapped.refuse(int(number), Reason("kind_stays", "kind", str(kind), words))


def _hashes_of_passed(engine: Engine, source: str, mapped: Mapped, bad: set[int]) -> list[bytes]:
    """Hashes of records that passed and wait in quarantine from an earlier run."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT raw_hash FROM quarantine WHERE source = :source AND status = 'open'"),
            {"source": source},
        )
        waiting = {bytes(row.raw_hash) for row in rows}
    if not waiting:
        return []
    passed = (raw_hash(json_text(r.raw)) for number, r in enumerate(mapped.records) if number not in bad)
    return sorted(waiting & set(passed))


def _summary(gate: dict[str, Any], mapped: Mapped) -> dict[str, Any]:
    """The gate's summary with the mapping's reasons counted beside it."""
    counted: dict[str, int] = {}
    for reasons in mapped.reasons.values():
        for name in {f"{reason.expectation}:{reason.column}" for reason in reasons}:
            counted[name] = counted.get(name, 0) + 1
    return {**gate, "reasons": counted}
