"""Replay: records from quarantine once more through mapping and gate, with the spec as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from governance import resources
from governance.errors import GovernanceError
from governance.intake import runs
from governance.intake.bypass import sync_bypasses
from governance.intake.examination import examine
from governance.intake.readers.kind import Settled
from governance.intake.readers.registry import complete, settle
from governance.intake.records import Record, raw_hash
from governance.intake.runs import RunResult
from governance.intake.spec import SourceSpec, find_spec
from governance.quality import quarantine
from governance.quality.storable import shows_what_it_could_not_hold
from governance.register import ownership
from governance.register.load import load
from governance.settings import Settings


@dataclass(frozen=True)
class _Kept:
    """An open item with what a replay needs of it."""

    item: int
    record: Record
    arrived_at: datetime


def replay(
    engine: Engine,
    items: Sequence[int] = (),
    *,
    source: str | None = None,
    now: datetime,
    by: str,
    config_dir: Path | None = None,
    spec: SourceSpec | None = None,
) -> list[RunResult]:
    """Replay the named open items, or all of `source`; one run of mode `replay` for each source.

    A record keeps its arrival: where its source says no time, that is when it was true. What still fails
    stays open with today's reasons. `spec` is used instead of the one the source's name leads to.
    """
    config_dir = config_dir or Settings().config_dir
    if not items and source is None:
        raise GovernanceError("nothing to replay is named: give item numbers, or a source")
    with runs.reaching_the_register(), engine.connect() as connection:
        kept = _open_items(connection, items, source)
    return [
        _replay(engine, spec or find_spec(name, config_dir), found, now=now, by=by, config_dir=config_dir)
        for name, found in kept.items()
    ]


def _open_items(connection: Connection, items: Sequence[int], source: str | None) -> dict[str, list[_Kept]]:
    statement = text(resources.sql("intake/replayable.sql"))
    found: dict[str, list[_Kept]] = defaultdict(list)
    known = set()
    for row in connection.execute(statement, {"items": list(items), "source": source}):
        known.add(row.item)
        found[row.source].append(_Kept(row.item, _record(row), row.arrived_at))
    for item in items:
        if item not in known:
            status = quarantine.show(connection, item)["status"]
            raise GovernanceError(f"item {item} is {status} already: only open ones are replayed")
    return found


def _record(row: Any) -> Record:
    """Rebuild a record. One that was unreadable, or is not stored as it was, comes again by its source."""
    unreadable = next(
        (reason["why"] for reason in row.reasons if "field" not in reason and "expectation" not in reason),
        None,
    )
    if (
        unreadable is None
        and raw_hash(row.raw) != bytes(row.raw_hash)
        and shows_what_it_could_not_hold(str(row.raw))
    ):
        unreadable = "it holds characters that cannot be stored: mend it at its source"
    return Record(row.locator, row.raw, unreadable)


def _replay(
    engine: Engine, spec: SourceSpec, kept: list[_Kept], *, now: datetime, by: str, config_dir: Path | None
) -> RunResult:
    if spec.mode == "shadow":
        raise GovernanceError(
            f"{spec.name} is in mode shadow, nothing of it is loaded: set `mode: live` first"
        )
    policy = ownership.read(resources.folder("policies", config_dir))
    loaded = unchanged = 0
    passed: list[int] = []
    with runs.reaching_the_register(), runs.only_run(engine, spec.name), engine.begin() as connection:
        run_id = runs.open_run(connection, spec.name, mode="replay", origin=by, now=now)
        for arrived_at, group in _by_arrival(kept).items():
            records = complete(connection, spec, [one.record for one in group])
            examined = examine(connection, spec, records, now=arrived_at, policy=policy, whole=False)
            if examined.held:
                raise GovernanceError(f"replay of {spec.name}: {examined.held}")
            counts = load(connection, examined.good, source=spec.name, run_id=run_id, known_at=now)
            settle(connection, spec, Settled(records, examined.failed, run_id, now))
            loaded, unchanged = loaded + counts.loaded, unchanged + counts.unchanged
            passed += [one.item for number, one in enumerate(group) if number not in examined.failed]
            _tell_again(
                connection, [one.item for n, one in enumerate(group) if n in examined.failed], examined.items
            )
        why = f"passed the gate in replay {run_id}"
        quarantine.resolve(connection, passed, status="replayed", by=by, why=why, at=now)
        sync_bypasses(connection, now)
        left = len(kept) - len(passed)
        message = (
            f"{len(kept)} replayed = {loaded} loaded + {unchanged} unchanged + {left} kept in quarantine"
        )
        result = RunResult(spec.name, run_id, "complete", len(kept), loaded, unchanged, left, 0, message)
        runs.close_run(connection, result)
    return result


def _by_arrival(kept: list[_Kept]) -> dict[datetime, list[_Kept]]:
    groups: dict[datetime, list[_Kept]] = defaultdict(list)
    for one in kept:
        groups[one.arrived_at].append(one)
    return dict(sorted(groups.items()))


def _tell_again(connection: Connection, numbers: list[int], items: list[quarantine.Item]) -> None:
    """Keep today's reasons with what stays."""
    for number, item in zip(numbers, items, strict=True):
        quarantine.tell(connection, number, item)
