"""Replay: quarantined records once more through mapping and gate, with the spec as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from governance.errors import GovernanceError
from governance.intake import accounting
from governance.intake.batch import judge
from governance.intake.bypass import sync_bypasses
from governance.intake.readers.jira import record_of_issue
from governance.intake.records import Record
from governance.intake.run import RunResult
from governance.intake.spec import SourceSpec, find_spec
from governance.quality import quarantine
from governance.register import ownership
from governance.register.load import load


def replay(
    engine: Engine,
    items: Sequence[int],
    *,
    source: str | None,
    now: datetime,
    policies: Path,
    config_dir: Path | None = None,
    by: str = "replay",
) -> list[RunResult]:
    """Replay the named items, or all open ones of `source`; one run of mode `replay` per source.

    A record keeps its time of arrival: where its source says no time, that is when it was true.
    """
    if not items and source is None:
        raise GovernanceError("nothing named: give item numbers, or a source whose open items to replay")
    results = []
    for name, rows in _open_items(engine, items, source).items():
        spec = replace_mode(find_spec(name, config_dir))
        results.append(_replay_source(engine, spec, rows, now=now, policies=policies, by=by))
    return results


def replace_mode(spec: SourceSpec) -> SourceSpec:
    """Return the spec as it is used in a replay: loading, whatever its mode."""
    return spec.model_copy(update={"mode": "live"})


def _open_items(engine: Engine, items: Sequence[int], source: str | None) -> dict[str, list[dict[str, Any]]]:
    query = text(
        "SELECT item, source, locator, raw, raw_hash, arrived_at, reasons FROM quarantine"
        " WHERE status = 'open' AND (item = ANY(:items)"
        " OR (cardinality(CAST(:items AS bigint[])) = 0 AND source = :source)) ORDER BY item"
    )
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with engine.connect() as connection:
        for row in connection.execute(query, {"items": list(items), "source": source}).mappings():
            found[row["source"]].append(dict(row))
    missing = set(items) - {row["item"] for rows in found.values() for row in rows}
    if missing:
        raise GovernanceError(f"items {sorted(missing)}: found none that are open under these numbers")
    return found


def _replay_source(
    engine: Engine, spec: SourceSpec, rows: list[dict[str, Any]], *, now: datetime, policies: Path, by: str
) -> RunResult:
    run_id = accounting.open_run(engine, spec, origin="replay", now=now, mode="replay")
    records = [_record(spec, row) for row in rows]
    arrived = min(row["arrived_at"] for row in rows)
    judged = judge(engine, spec, records, ownership.read(policies), arrived)
    kept = {item.raw_hash for item in judged.items}
    passed = [row["item"] for row in rows if bytes(row["raw_hash"]) not in kept]
    if judged.held:
        judged = replace(judged, good=judged.good.iloc[:0])
        passed = []
    with engine.begin() as connection:
        counted = load(connection, judged.good, source=spec.name, run_id=run_id, known_at=now)
        _update_reasons(connection, judged.items, spec.name)
        quarantine.resolve_replayed(connection, passed, by=by, now=now)
        refused = len(rows) - len(passed)
        message = (
            f"{len(rows)} replayed = {counted.loaded} loaded + {counted.unchanged} unchanged + {refused} kept"
        )
        accounting.settle(
            connection, run_id, "complete", message=message, pulled=len(rows), loaded=counted.loaded,
            unchanged=counted.unchanged, quarantined=refused,
        )  # fmt: skip
        sync_bypasses(connection, now)
    return RunResult(
        spec.name, run_id, "complete", len(rows), counted.loaded, counted.unchanged, refused, message
    )


def _record(spec: SourceSpec, row: dict[str, Any]) -> Record:
    """Rebuild the record from its stored raw form."""
    unreadable = next((r["words"] for r in row["reasons"] if r["expectation"] == "readable"), None)
    if unreadable:
        return Record(row["locator"], row["raw"], problem=unreadable)
    if spec.reader.type == "jira":
        return record_of_issue(row["raw"], "")
    return Record.flat(row["locator"], row["raw"])


def _update_reasons(connection: Connection, items: list[quarantine.Item], source: str) -> None:
    for item in items:
        connection.execute(
            text(
                "UPDATE quarantine SET reasons = CAST(:reasons AS jsonb) WHERE source = :source"
                " AND raw_hash = :raw_hash AND status = 'open'"
            ),
            {"source": source, "raw_hash": item.raw_hash, "reasons": quarantine.reasons_text(item)},
        )
