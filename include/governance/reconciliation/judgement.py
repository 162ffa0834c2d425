"""The whole decision of one reconciliation, without writing anything: the same inputs, the same judgement."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from governance.reconciliation import engine, findings, standing, summary, verdicts
from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.policy import ReconciliationPolicy
from governance.register.ownership import OwnershipPolicy


@dataclass(frozen=True)
class Judgement:
    """Verdicts (columns `verdicts.COLUMNS`), findings of both families, and the summary."""

    verdicts: pd.DataFrame
    exception_findings: pd.DataFrame
    deviation_findings: pd.DataFrame
    summary: dict[str, Any]
    directory: Directory


def judge(
    known: Evidence,
    exceptions: list[LiveException],
    clean_before: dict[int, int],
    policy: ReconciliationPolicy,
    owners: OwnershipPolicy,
    now: datetime,
    memory: str = engine.MEMORY,
) -> Judgement:
    """Judge every live exception and every non-compliant item of a snapshot."""
    with (
        tempfile.TemporaryDirectory(prefix="governance-duckdb-") as scratch,
        engine.database(Path(scratch), memory) as database,
    ):
        matched = engine.match(database, known, exceptions, policy)
        facts = standing.facts(exceptions, matched, clean_before, policy.stale_after_observations)
        judged = verdicts.judge(database, exceptions, facts, known.snapshot_id)
        unapproved = engine.deviations(database)
    deviations = findings.of_deviations(unapproved, exceptions, matched.directory, policy, owners)
    return Judgement(
        verdicts=judged,
        exception_findings=findings.of_exceptions(judged, exceptions, policy, owners),
        deviation_findings=deviations,
        summary=summary.summarise(matched, judged, deviations, known, now),
        directory=matched.directory,
    )
