"""Reconcile the register with one snapshot: verdicts, findings, and a summary, in one transaction.

The same register, snapshot, policies and `now` give the same result, byte for byte, and a second run of them
writes nothing. Reconciling an instant before the latest one rebuilds what was true then and leaves the
findings of today alone.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, Engine, text

from governance import garbage, resources
from governance.reconciliation import (
    deviations,
    engine,
    evidence,
    exceptions,
    findings,
    fulfilment,
    fulfilment_policy,
    growth,
    newcomers,
    requested,
    stored_verdicts,
)
from governance.reconciliation import policy as policy_files
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.fulfilment import Fulfilment
from governance.reconciliation.judgement import Before, Judgement, judge
from governance.reconciliation.planes import findings as plane_findings
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.requested import Request
from governance.register import findings as register_findings
from governance.register import ownership
from governance.register.exception_limits import ExceptionLimits


@dataclass(frozen=True)
class Reconciled:
    """What a reconciliation gave. `verdicts_written` and all `turns` are 0 where nothing had changed."""

    snapshot_id: str
    as_of: datetime
    input_digest: str
    summary: dict[str, Any]
    verdicts: pd.DataFrame
    verdicts_written: int
    turns: dict[str, dict[str, int]]


@garbage.put_off()  # exceptions, facts and verdicts by the ten thousand, and none of them in a cycle
def reconcile(
    register: Engine,
    *,
    now: datetime,
    policies: Path,
    lake: str | None = None,
    snapshot_id: str | None = None,
    memory: str = engine.MEMORY,
) -> Reconciled:
    """Reconcile at `now` (UTC) with a snapshot, by default the newest finished one up to `now`.

    `policies` is the folder with reconciliation.yaml, fulfilment.yaml, exception_limits.yaml and
    ownership.yaml; `lake` is where the snapshot is now, by default where it was written; `memory` is what the
    join may take before it spills to disk. Raises GovernanceError where there is no such snapshot,
    DocumentError where a policy is wrong.
    """
    decided = _Policies.read(policies)
    with register.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.reconciliation'))"))
        chosen = snapshot_id or evidence.latest_snapshot(connection, now)
        is_past = _is_past(connection, now)
        judged = _judged(connection, decided, chosen, now, is_past, lake, memory)
        judgement, done = judged.judgement, judged.fulfilment
        verdicts = pd.concat([judgement.verdicts, done.verdicts], ignore_index=True)
        found = {**judgement.summary, **done.summary}
        written = stored_verdicts.store(connection, verdicts, judged.said, now, chosen)
        turns = {} if is_past else _sync_findings(connection, judged, now)
        _store_run(connection, found, now, chosen, judged.digest)
    return Reconciled(chosen, now, judged.digest, found, verdicts, written, turns)


@dataclass(frozen=True)
class _Policies:
    """Everything that people decide."""

    reconciliation: ReconciliationPolicy
    limits: ExceptionLimits
    promised: fulfilment.Decided

    @classmethod
    def read(cls, folder: Path) -> _Policies:
        reconciliation, limits = policy_files.read(folder)
        promised, owners = fulfilment_policy.read(folder), ownership.read(folder)
        return cls(reconciliation, limits, fulfilment.Decided(promised, owners, reconciliation.evidence))


@dataclass(frozen=True)
class _Judged:
    """What came out, what was said of the same requests before, and the digest of all that went in."""

    known: Evidence
    judgement: Judgement
    fulfilment: Fulfilment
    said: dict[int, str]
    digest: str


def _judged(
    connection: Connection,
    decided: _Policies,
    snapshot_id: str,
    now: datetime,
    is_past: bool,
    lake: str | None,
    memory: str,
) -> _Judged:
    """Judge exceptions, and meanwhile, on another thread, additions and changes.

    The register is asked by one thread at a time.
    """
    policy, promised = decided.reconciliation, decided.promised
    recorded = evidence.recorded(connection, snapshot_id)
    with ExitStack() as opened, ThreadPoolExecutor(2) as aside:
        asking = aside.submit(exceptions.live, connection, now, decided.limits)
        scratch = opened.enter_context(tempfile.TemporaryDirectory(prefix="governance-duckdb-"))
        database = opened.enter_context(engine.database(Path(scratch), memory))
        known = opened.enter_context(evidence.read(recorded, now, policy.evidence, lake))
        ground = opened.enter_context(engine.ground(database, known, policy))
        live = asking.result()
        earlier = opened.enter_context(fulfilment.earlier(connection, known, promised, lake))
        asked = requested.Asked(*requested.requested(connection, now, promised.policy), live)
        sibling = opened.enter_context(engine.sibling(database))
        done = aside.submit(fulfilment.judge, sibling, known, earlier, asked, promised, now)
        live = growth.with_approved(connection, live, now, policy.scope_growth)
        before = _before(connection, now, snapshot_id, is_past)
        requests: list[Request | LiveException] = [*live, *asked.additions, *asked.changes]
        numbers = [one.number for one in requests]
        heard = aside.submit(stored_verdicts.before, connection, numbers, now, snapshot_id)
        judgement = judge(database, ground, live, before, policy, promised.owners, now)
        said = heard.result()  # until then the register is not for others
        judgement = newcomers.named(judgement, live, known, newcomers.Then(connection, policy, lake))
        more = (policy.model_dump_json(), repr((asked[:2], promised.policy)))
        digest = _input_digest(known, live, before.clean, *more)
        return _Judged(known, judgement, done.result(), said, digest)


def _before(connection: Connection, now: datetime, snapshot_id: str, is_past: bool) -> Before:
    """Return what earlier runs said; of a past instant nothing of what is open today."""
    rows = connection.execute(
        text(resources.sql("reconciliation/clean_streaks.sql")), {"now": now, "snapshot_id": snapshot_id}
    )
    clean = {int(row.request_number): int(row.observations) for row in rows}
    return Before(clean, None if is_past else register_findings.standing(connection, "deviation"))


def _input_digest(known: Evidence, live: list[LiveException], clean: dict[int, int], *more: str) -> str:
    """Return a digest of everything that the judgement depends on, beside `now` and the snapshot id.

    `more` is what people decide, and what is asked for beside exceptions.
    """
    parts = (
        _csv(known.manifest.drop(columns=["message"])),
        _csv(known.places),
        msgspec.json.encode(live),
        msgspec.json.encode([(one.number, clean.get(one.number, 0)) for one in live]),
        *(one.encode() for one in more),
    )
    return sha256(b"\0".join(parts)).hexdigest()


def _csv(frame: pd.DataFrame) -> bytes:
    """Return rows as text, of which there may be one per account and region."""
    into = io.BytesIO()
    pyarrow.csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), into)
    return into.getvalue()


def _is_past(connection: Connection, now: datetime) -> bool:
    """Tell whether a later instant was reconciled already."""
    later = text("SELECT EXISTS (SELECT FROM reconciliation_run WHERE as_of > :now)")
    return bool(connection.scalar(later, {"now": now}))


def _sync_findings(connection: Connection, judged: _Judged, now: datetime) -> dict[str, dict[str, int]]:
    """Bring all families of findings up to `now`."""
    judgement, done = judged.judgement, judged.fulfilment
    verdicts = judgement.verdicts
    families: dict[str, tuple[pd.DataFrame, Callable[[pd.DataFrame], pd.Series]]] = {
        "exception": (judgement.exception_findings, lambda _: findings.unknown_exceptions(verdicts)),
        "live_exception": (
            judgement.live_exception_findings,
            lambda unsaid: plane_findings.unknown(unsaid, judgement.found),
        ),
        **{name: (found, done.unknown[name]) for name, found in done.findings.items()},
    }
    turns = {
        family: register_findings.sync(connection, family, current, at=now, unknown=unknown)
        for family, (current, unknown) in families.items()
    }
    turns["deviation"] = _sync_deviations(connection, judgement, judged.known, now)
    return {family: asdict(turned) for family, turned in turns.items()}


def _sync_deviations(
    connection: Connection, judgement: Judgement, known: Evidence, now: datetime
) -> register_findings.Turns:
    found = judgement.deviations
    if found.findings is None:
        return register_findings.still(connection, "deviation", now)
    return register_findings.sync(
        connection,
        "deviation",
        found.findings,
        at=now,
        unknown=lambda unsaid: deviations.unknown(unsaid, known, judgement.directory),
        standing=found.standing,
    )


def _store_run(
    connection: Connection, found: dict[str, Any], now: datetime, snapshot_id: str, digest: str
) -> None:
    connection.execute(
        text(resources.sql("reconciliation/store_run.sql")),
        {
            "now": now,
            "snapshot_id": snapshot_id,
            "digest": digest,
            "summary": json.dumps(found, sort_keys=True, ensure_ascii=False),
        },
    )
