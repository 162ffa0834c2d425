"""Reconcile the register with one snapshot: verdicts, findings, and a summary, in one transaction.

The same register, snapshot, policies and `now` give the same result, byte for byte, and a second run of them
writes nothing. Reconciling an instant before the latest one rebuilds what was true then and leaves the
findings of today alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import Connection, Engine, text

from governance import resources
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
)
from governance.reconciliation import policy as policy_files
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.fulfilment import Fulfilment
from governance.reconciliation.judgement import Before, Judgement, judge
from governance.reconciliation.planes import findings as plane_findings
from governance.reconciliation.policy import ReconciliationPolicy
from governance.register import findings as register_findings
from governance.register import ownership
from governance.register.copying import copy_frame
from governance.register.exception_limits import ExceptionLimits

Aside = TypeVar("Aside")
Here = TypeVar("Here")


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
    policy, limits = policy_files.read(policies)
    promised = fulfilment_policy.read(policies)
    owners = ownership.read(policies)
    with register.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.reconciliation'))"))
        chosen = snapshot_id or evidence.latest_snapshot(connection, now)
        live = _live(connection, now, limits, policy)
        is_past = _is_past(connection, now)
        said = _said_before(connection, now, chosen, is_past)
        with evidence.opened(connection, chosen, now, policy.evidence, lake) as known:
            asked = requested.Asked(*requested.requested(connection, now, promised), live)
            with fulfilment.earlier(connection, known, promised, policy.evidence, lake) as before:
                done, judgement = _side_by_side(
                    lambda: fulfilment.judge(known, before, asked, promised, owners, policy.evidence, now),
                    lambda: judge(known, live, said, policy, owners, now, memory),
                )
            judgement = newcomers.named(judgement, live, known, newcomers.Then(connection, policy, lake))
        digest = _input_digest(known, live, said.clean, policy, repr((asked[:2], promised)))
        verdicts = pd.concat([judgement.verdicts, done.verdicts], ignore_index=True)
        found = {**judgement.summary, **done.summary}
        written = _store_verdicts(connection, verdicts, now, chosen)
        turns = {} if is_past else _sync_findings(connection, judgement, done, known, now)
        _store_run(connection, found, now, chosen, digest)
    return Reconciled(chosen, now, digest, found, verdicts, written, turns)


def _side_by_side(aside: Callable[[], Aside], here: Callable[[], Here]) -> tuple[Aside, Here]:
    """Do both at once, the first on another thread; neither may ask the register."""
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(aside)
        done = here()
        return doing.result(), done


def _live(
    connection: Connection, now: datetime, limits: ExceptionLimits, policy: ReconciliationPolicy
) -> list[LiveException]:
    """Return the exceptions that are live, with what each matched when it was approved."""
    live = exceptions.live(connection, now, limits)
    return growth.with_approved(connection, live, now, policy.scope_growth)


def _said_before(connection: Connection, now: datetime, snapshot_id: str, is_past: bool) -> Before:
    """Return what earlier runs said; of a past instant nothing of what is open today."""
    rows = connection.execute(
        text(resources.sql("reconciliation/clean_streaks.sql")), {"now": now, "snapshot_id": snapshot_id}
    )
    clean = {int(row.request_number): int(row.observations) for row in rows}
    return Before(clean, None if is_past else register_findings.standing(connection, "deviation"))


def _input_digest(
    known: Evidence,
    live: list[LiveException],
    clean: dict[int, int],
    policy: ReconciliationPolicy,
    promised: str,
) -> str:
    """Return a digest of everything that the judgement depends on, beside `now` and the snapshot id."""
    parts = (
        known.manifest.drop(columns=["message"]).to_csv(index=False),
        known.places.to_csv(index=False),
        repr(live),
        repr(sorted((exception.number, clean.get(exception.number, 0)) for exception in live)),
        policy.model_dump_json(),
        promised,
    )
    return sha256("\0".join(parts).encode()).hexdigest()


def _store_verdicts(connection: Connection, verdicts: pd.DataFrame, now: datetime, snapshot_id: str) -> int:
    """Write the verdicts that differ from the ones before; return how many."""
    connection.execute(text(resources.sql("reconciliation/stage_verdicts.sql")))
    if not verdicts.empty:
        flags = verdicts["flags"].map(lambda names: "{" + ",".join(names) + "}").astype("str")
        copy_frame(connection, verdicts.drop(columns="request_id").assign(flags=flags), "stage_verdict")
    stored = connection.execute(
        text(resources.sql("reconciliation/store_verdicts.sql")), {"now": now, "snapshot_id": snapshot_id}
    )
    connection.execute(text("DROP TABLE stage_verdict"))
    return int(stored.rowcount)


def _is_past(connection: Connection, now: datetime) -> bool:
    """Tell whether a later instant was reconciled already."""
    later = text("SELECT EXISTS (SELECT FROM reconciliation_run WHERE as_of > :now)")
    return bool(connection.scalar(later, {"now": now}))


def _sync_findings(
    connection: Connection, judgement: Judgement, done: Fulfilment, known: Evidence, now: datetime
) -> dict[str, dict[str, int]]:
    """Bring all families of findings up to `now`."""
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
    turns["deviation"] = _sync_deviations(connection, judgement, known, now)
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
