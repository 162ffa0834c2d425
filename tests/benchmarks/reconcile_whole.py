"""The whole reconciliation with its register: exceptions are read from it, verdicts and findings written back."""

from __future__ import annotations

import gc
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from hashlib import file_digest
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
from reconcile_worlds import NOW, REGION, ROOT, evaluations_file, evidence, exceptions
from sqlalchemy import Engine

from governance.observation import datasets
from governance.observation.lake import Lake
from governance.observation.observe import finish_snapshot
from governance.observation.snapshot import Evidence as ManifestRow
from governance.observation.snapshot import Snapshot, start_snapshot
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.reconcile import reconcile
from governance.register import database, embedded

sys.path.insert(0, str(ROOT / "tests"))
from reconciliation_worlds import TAG_SETS, exception, register_requests


def whole(evaluations: int, count: int) -> dict[str, float]:
    """Return seconds: the engine, a first run that writes every finding, one without news, one without evidence.

    Engine and runs without news run once for nothing, and then five times in turn: medians. Last, a run at an
    instant when all evidence is too old: nothing is known then of any open finding.
    """
    from bench_reconcile import RUNS, ours

    file = evaluations_file(evaluations)
    known = evidence(file)
    live = exceptions(count, len(known.accounts))
    folder = Path(tempfile.mkdtemp(dir=file.parent))
    server = embedded.start(folder / "postgres", outlive=False)
    try:
        register = database.connect(embedded.database_url(server, "bench"))
        database.migrate(register)
        with register.begin() as connection:
            register_requests(connection, *(
                exception(e.request_id, [s.written() for s in e.scopes],
                          valid_from=e.valid_from, valid_until=e.valid_until, decided_at=e.decided_at)
                for e in live))  # fmt: skip
        _write(register, folder / "lake", file, known)
        work = {
            "engine": lambda: ours(known, live, folder / "outcome.parquet"),
            "again": lambda: reconcile(register, now=NOW, policies=ROOT / "include" / "policies"),
        }
        runs = {"first": _timed(work["again"])[0]}
        turns = [{name: _timed(each) for name, each in work.items()} for _ in range(RUNS + 1)][1:]
        runs |= {name: median(turn[name][0] for turn in turns) for name in work}
        done = [turn["again"][1] for turn in turns]
        written = sum(
            one.verdicts_written + sum(n for turns in one.turns.values() for n in turns.values())
            for one in done
        )
        late = NOW + timedelta(days=30)
        blind = _timed(lambda: reconcile(register, now=late, policies=ROOT / "include" / "policies"))[0]
        return {**runs, "written": written, "blind": blind}
    finally:
        server.stop()
        shutil.rmtree(folder)


def _timed(work: Any) -> tuple[float, Any]:
    gc.collect()  # nobody pays for what another left behind: a run of its own begins with nothing
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.astype("object").where(frame.notna(), None).to_dict("records")


def _write(register: Engine, lake: Path, file: Path, known: Evidence) -> None:
    """Write the snapshot as observation would, its evaluations a copy of the file."""
    snapshot_id = start_snapshot(register, now=NOW, lake=str(lake))
    snapshot = Snapshot(register, snapshot_id, NOW, Lake(str(lake)))
    place = {"region": REGION, "account": None}
    listings = {
        datasets.ACCOUNTS: known.accounts.assign(name="", email=None, joined_at=None),
        datasets.UNITS: known.units,
        datasets.RULES: known.rules.assign(**place, owner="", source_identifier=None, state="ACTIVE"),
        datasets.AGGREGATOR_SOURCES: pd.DataFrame(columns=datasets.AGGREGATOR_SOURCES.schema.names),
        TAG_SETS: known.tag_sets,
    }
    for dataset, frame in listings.items():
        path, digest = snapshot.write(dataset, "all", _records(frame))
        snapshot.record([ManifestRow(dataset.service, dataset.name, row_count=len(frame), evidence_at=NOW,
                                     path=path, sha256=digest)])  # fmt: skip
    part = lake / "snapshots" / snapshot_id / "config" / "evaluations" / "part.parquet"
    part.parent.mkdir(parents=True)
    shutil.copy(file, part)
    with part.open("rb") as content:
        digest = file_digest(content, "sha256").hexdigest()
    snapshot.record(
        ManifestRow("config", "evaluations", account, REGION, evidence_at=NOW,
                    path="config/evaluations/part.parquet", sha256=digest)
        for account in known.accounts.account
    )  # fmt: skip
    finish_snapshot(register, snapshot_id, now=NOW)
