"""What becomes of pulled records: examined outside, then loaded, kept back or held in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from governance.intake import again, conversation, cursors, known, known_files, listings, runs, vanished
from governance.intake.blocks import Block
from governance.intake.bypass import sync_bypasses
from governance.intake.drift import as_json
from governance.intake.duplicates.links import link_duplicates
from governance.intake.examination import examine
from governance.intake.examined import Examined
from governance.intake.known_files import Resting
from governance.intake.readers.registry import complete
from governance.intake.records import Pull, Reader, Record, place_of, raw_hash
from governance.intake.runs import RunResult
from governance.intake.spec import SourceSpec
from governance.quality import quarantine
from governance.register import ownership
from governance.register.load import knows, load


@dataclass(frozen=True)
class Pulled:
    """What a run pulls, from where, and what `resting` files it does not read again.

    `records` are drawn once. `by_hand`: from a path given by a person, which says nothing about what the
    source's own place holds.
    """

    spec: SourceSpec
    run_id: int
    records: Iterable[Record | Block]
    reader: Reader
    pull: Pull
    cursor: dict[str, Any] | None
    resting: Resting
    by_hand: bool = False


def settle(
    engine: Engine, pulled: Pulled, *, now: datetime, lake: str, policies: Path, accepted: str = ""
) -> RunResult:
    """Examine what is pulled and close its run with what the gate decided, all of it or nothing."""
    spec, run_id, pull, whole = pulled.spec, pulled.run_id, pulled.pull, pulled.cursor is None
    with engine.connect() as connection:
        known_before = _known(connection, pulled, now, accepted=bool(accepted))
        records = complete(connection, spec, pulled.records)
        policy = ownership.read(policies)
        examined = examine(connection, spec, records, now=now, policy=policy, known=known_before)
        absence = vanished.look(connection, spec, examined, pull, pulled.reader)
    page = runs.keep_page(lake, spec.name, run_id, examined.page) if examined.page else None
    with engine.begin() as connection:
        vanished.sync(connection, spec, absence, pull, now)
        result = _write(connection, pulled, examined, now, policies)
        end = cursors.end_of(pull, pulled.cursor, now) if result.status == "complete" else None
        observed = runs.Observed(
            validation=examined.summary,
            cursor=again.remembering(end, spec, examined),
            whole=None if pulled.by_hand else whole,
            columns=None if examined.columns is None else as_json(examined.columns),
            page=page,
            accepted=accepted or None,
        )
        runs.close_run(connection, result, observed)
    return result


def _known(connection: Connection, pulled: Pulled, now: datetime, *, accepted: bool) -> known.Known:
    """What a pull is held against; for a file given by hand not what the source's own place brought."""
    listed = listings.latest(connection, now)
    first = not knows(connection, pulled.spec.name)
    if pulled.by_hand:
        return known.Known(first=first, listings=listed)
    volumes = known.volumes(connection, pulled.spec) if pulled.cursor is None else None
    columns = known.columns(connection, pulled.spec)
    return known.Known(volumes, columns, accepted, first, listed, pulled.resting)


def _write(
    connection: Connection, pulled: Pulled, examined: Examined, now: datetime, policies: Path
) -> RunResult:
    """Write what the gate decided; the caller owns the transaction."""
    spec, run_id, resting = pulled.spec, pulled.run_id, pulled.resting
    read, failed = examined.parts.pulled, len(examined.failed)
    total, kept_back = read + resting.records, failed + resting.kept_back
    result = RunResult(spec.name, run_id, "complete", total, quarantined=kept_back)
    if examined.held:
        message = f"the whole batch is held: {examined.held}"
        return replace(result, status="held", quarantined=0, held=total, message=message)
    elsewhere = list(pulled.pull.skipped)
    quarantine.store(connection, spec.name, run_id, examined.each_item(), arrived_at=now, elsewhere=elsewhere)
    dismissed = [raw_hash(record.raw) for record in examined.parts.dismissed]
    quarantine.dismiss(connection, spec.name, run_id, dismissed, at=now)
    if spec.mode == "shadow":
        good = total - failed
        words = f"shadow: {good} of {total} records would be loaded, {failed} are quarantined"
        message = "; ".join([words, *pulled.pull.notes])
        return replace(result, status="shadow", held=good, message=message)
    counts = load(connection, examined.to_load(), source=spec.name, run_id=run_id, known_at=now)
    conversation.settle(connection, examined, run_id, now)
    _mended(connection, pulled, examined, now)
    if read:  # without news the history tells what it told before
        sync_bypasses(connection, now)
        link_duplicates(connection, policies, now=now, source=spec.name, run_id=run_id)
    if not pulled.by_hand:
        failures = examined.failed_by_place()
        known_files.remember(
            connection, spec, run_id, pulled.pull, kept_back=failures, newest=examined.newest
        )
    unchanged = counts.unchanged + resting.unchanged
    message = runs.balance(total, counts.loaded, unchanged, kept_back, pulled.pull.notes, resting.files)
    return replace(result, loaded=counts.loaded, unchanged=unchanged, message=message)


def _mended(connection: Connection, pulled: Pulled, examined: Examined, now: datetime) -> None:
    """Close items whose record came again and passed, or is gone from a place read to its end."""
    found = quarantine.waiting(connection, pulled.spec.name)
    waiting = [w for w in found if place_of(w.locator) not in pulled.pull.skipped]
    failing = quarantine.seen_in(connection, pulled.run_id)
    if all(w.raw_hash in failing for w in waiting):
        return
    passed = {raw_hash(record.raw) for record in examined.passed()}
    again = [w.item for w in waiting if w.raw_hash in passed - failing]
    why = f"passed the gate in run {pulled.run_id}"
    quarantine.resolve(connection, again, status="replayed", by="intake", why=why, at=now)
    if pulled.by_hand:
        return
    gone = [
        w.item
        for w in waiting
        if w.raw_hash not in passed | failing and place_of(w.locator) in pulled.pull.places
    ]
    why = f"mended at the source: no longer there in run {pulled.run_id}"
    quarantine.resolve(connection, gone, status="replayed", by="intake", why=why, at=now)
