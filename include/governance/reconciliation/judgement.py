"""The whole decision of one reconciliation, without writing anything: the same inputs, the same judgement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from governance.reconciliation import engine, facts, findings, summary, verdicts
from governance.reconciliation.deviations import Deviations, deviations
from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.matching.ground import Ground
from governance.reconciliation.planes import findings as plane_findings
from governance.reconciliation.planes import judge as planes
from governance.reconciliation.planes.live import Found
from governance.reconciliation.policy import ReconciliationPolicy
from governance.register.findings import Standing
from governance.register.ownership import OwnershipPolicy


@dataclass(frozen=True)
class Before:
    """What was told before. `clean`: by request how many observations in a row found its exception clean.

    `deviations`: what those rest on that are open; where it is the same now, they are not worded again.
    """

    clean: dict[int, int] = field(default_factory=dict)
    deviations: Standing | None = None


@dataclass(frozen=True)
class Judgement:
    """Verdicts (columns `verdicts.COLUMNS`), findings of each family, the summary, what planes hold."""

    verdicts: pd.DataFrame
    exception_findings: pd.DataFrame
    deviations: Deviations
    live_exception_findings: pd.DataFrame
    summary: dict[str, Any]
    directory: Directory
    found: Found


def judge(
    database: duckdb.DuckDBPyConnection,
    ground: Ground,
    exceptions: list[LiveException],
    before: Before,
    policy: ReconciliationPolicy,
    owners: OwnershipPolicy,
    now: datetime,
) -> Judgement:
    """Judge every live exception and every non-compliant item of a snapshot.

    `ground` is what is known of the snapshot, read by `database`, in which there is nothing else.
    """
    known = ground.directory.evidence
    matched = engine.match_on(database, ground, exceptions)
    told = facts.facts(exceptions, matched, before.clean, policy.stale_after_observations)
    found = planes.judge(database, matched, known, exceptions, planes.House(policy, now))
    judged = verdicts.judge(database, exceptions, told, known.snapshot_id)
    judged = planes.applied(judged, found)
    unapproved = deviations(database, exceptions, matched, policy, owners, before.deviations)
    return Judgement(
        verdicts=judged,
        exception_findings=findings.of_exceptions(judged, exceptions, policy, owners),
        deviations=unapproved,
        live_exception_findings=plane_findings.of_live_exceptions(
            found, matched.directory, policy.live_exceptions, owners
        ),
        summary=summary.summarise(matched, judged, unapproved.standing, known, now)
        | {"live_exceptions": planes.summary(found)},
        directory=matched.directory,
        found=found,
    )
