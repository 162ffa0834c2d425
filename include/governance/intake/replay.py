"""Replay: records from quarantine once more through mapping and gate, with the spec as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from governance import resources
from governance.errors import GovernanceError
from governance.intake import conversation, listings, runs
from governance.intake.bypass import sync_bypasses
from governance.intake.duplicates.links import link_duplicates
from governance.intake.examination import examine
from governance.intake.known import Known
from governance.intake.readers.registry import complete
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
    policies = resources.folder("policies", config_dir)
    return [
        _Replay(engine, spec or find_spec(name, config_dir), policies, now, by).run(found)
        for name, found in _found(engine, items, source).items()
    ]


def rehearse(
    engine: Engine, items: Sequence[int] = (), *, source: str | None = None, now: datetime, by: str
) -> list[RunResult]:
    """Do everything that `replay` does, say what came of it, and keep nothing."""
    config_dir = Settings().config_dir
    policies = resources.folder("policies", config_dir)
    return [
        _Replay(engine, find_spec(name, config_dir), policies, now, by, keep=False).run(found)
        for name, found in _found(engine, items, source).items()
    ]


def _found(engine: Engine, items: Sequence[int], source: str | None) -> dict[str, list[_Kept]]:
    if not items and source is None:
        raise GovernanceError("nothing to replay is named: give item numbers, or a source")
    with runs.reaching_the_register(), engine.connect() as connection:
        return _open_items(connection, items, source)


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


@dataclass(frozen=True)
class _Replay:
    """One replay of one source."""

    engine: Engine
    spec: SourceSpec
    policies: Path
    now: datetime
    by: str
    keep: bool = True

    def run(self, kept: list[_Kept]) -> RunResult:
        name = self.spec.name
        if self.spec.mode == "shadow":
            raise GovernanceError(
                f"{name} is in mode shadow, nothing of it is loaded: set `mode: live` first"
            )
        with (
            runs.reaching_the_register(),
            runs.only_run(self.engine, name),
            self.engine.connect() as connection,
            connection.begin() as transaction,
        ):
            run_id = runs.open_run(connection, name, mode="replay", origin=self.by, now=self.now)
            result = self._load(connection, run_id, kept)
            runs.close_run(connection, result)
            if not self.keep:
                transaction.rollback()
        return result if self.keep else replace(result, message=f"would be: {result.message}")

    def _load(self, connection: Connection, run_id: int, kept: list[_Kept]) -> RunResult:
        policy = ownership.read(self.policies)
        known = Known(listings=listings.latest(connection, self.now))
        loaded = unchanged = 0
        passed: list[int] = []
        for arrived_at, group in _by_arrival(kept).items():
            records = complete(connection, self.spec, [one.record for one in group])
            examined = examine(
                connection, self.spec, records, now=arrived_at, policy=policy, whole=False, known=known
            )
            if examined.held:
                raise GovernanceError(f"replay of {self.spec.name}: {examined.held}")
            counts = load(connection, examined.good, source=self.spec.name, run_id=run_id, known_at=self.now)
            conversation.settle(connection, examined, run_id, self.now)
            loaded, unchanged = loaded + counts.loaded, unchanged + counts.unchanged
            passed += [one.item for number, one in enumerate(group) if number not in examined.failed]
            failed = [one.item for number, one in enumerate(group) if number in examined.failed]
            _tell_again(connection, failed, examined.items)
        why = f"passed the gate in replay {run_id}"
        quarantine.resolve(connection, passed, status="replayed", by=self.by, why=why, at=self.now)
        sync_bypasses(connection, self.now)
        link_duplicates(connection, self.policies, now=self.now, source=self.spec.name, run_id=run_id)
        left = len(kept) - len(passed)
        sums = f"{len(kept)} replayed = {loaded} loaded + {unchanged} unchanged + {left} kept in quarantine"
        return RunResult(self.spec.name, run_id, "complete", len(kept), loaded, unchanged, left, 0, sums)


def _by_arrival(kept: list[_Kept]) -> dict[datetime, list[_Kept]]:
    groups: dict[datetime, list[_Kept]] = defaultdict(list)
    for one in kept:
        groups[one.arrived_at].append(one)
    return dict(sorted(groups.items()))


def _tell_again(connection: Connection, numbers: list[int], items: list[quarantine.Item]) -> None:
    """Keep today's reasons with what stays."""
    for number, item in zip(numbers, items, strict=True):
        quarantine.tell(connection, number, item)
