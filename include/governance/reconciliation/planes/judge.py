"""Every plane, one after the other: verdicts on live exceptions, and what they say about requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from governance.reconciliation import remediation
from governance.reconciliation.engine import Matched
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.planes import (
    approvals,
    catalog,
    control_tower,
    exclusions,
    fits,
    policies,
    remediation_exceptions,
    requests,
)
from governance.reconciliation.planes.listings import Listing
from governance.reconciliation.planes.live import Found
from governance.reconciliation.policy import ReconciliationPolicy
from governance.register import canonical_scope


@dataclass(frozen=True)
class House:
    """What a judgement rests on beside evidence and requests."""

    policy: ReconciliationPolicy
    now: datetime


def judge(
    database: duckdb.DuckDBPyConnection,
    matched: Matched,
    known: Evidence,
    exceptions: list[LiveException],
    house: House,
) -> Found:
    """Judge the live exceptions of every plane. `database` holds what the engine matched."""
    found = Found()
    since = house.policy.evidence.config_since(house.now)
    compared = remediation.beside(database, matched, known, exceptions, since)
    live = house.policy.live_exceptions
    by_design = canonical_scope.of(live.by_design)
    scopes = fits.Scopes(exceptions, matched.directory)
    remediation_exceptions.judge(found, compared, exceptions, scopes, matched.directory, live)
    exclusions.judge(found, known, scopes, matched.directory, since)
    window = policies.Window(house.policy.evidence.organizations_since(house.now), since)
    lives = [
        *control_tower.live(found, known, since),
        *policies.live(found, known, matched.directory, live, window, exceptions),
        *catalog.live(found, known, since),
    ]
    found.judged += control_tower.not_in_sync(known, since)
    found.judged += [approvals.judge(one, exceptions, by_design, matched.directory) for one in lives]
    requests.judge(found, lives, _guardrails(known, window), exceptions, matched.directory)
    return found


def _guardrails(known: Evidence, window: policies.Window) -> dict[str, frozenset[str]]:
    """Return per plane the names of everything there that something can be excepted from."""
    controls = Listing.read(known, "controltower/enabled_controls", window.config).records()
    documents = Listing.read(known, "organizations/policies", window.organizations).records()
    constraints = Listing.read(known, "servicecatalog/constraints", window.config).records()
    named: dict[str, list[frozenset[str]]] = {
        "control_tower": [control_tower.names_of(str(row["control"])) for row in controls],
        "organizations": [policies.names_of(row) for row in documents],
        "service_catalog": [catalog.names_of(row) for row in constraints],
    }
    return {plane: frozenset().union(*names) for plane, names in named.items()}


def applied(verdicts: pd.DataFrame, found: Found) -> pd.DataFrame:
    """Return the verdicts with the flags of the planes beside them, and what they tell instead."""
    if not found.flags and not found.told:
        return verdicts
    rows = verdicts.to_dict("records")
    for row in rows:
        number = int(row["request_number"])
        row["flags"] = tuple(sorted({*row["flags"], *found.flags.get(number, ())}))
        told = found.told.get(number)
        if told and told.replaces(str(row["verdict"])):
            evidence = {**json.loads(row["evidence"]), **told.evidence, "rule_of_decision": told.verdict}
            row |= {"verdict": told.verdict, "why": told.why, "evidence": _text(evidence)}
    return pd.DataFrame(rows, columns=list(verdicts.columns))


def summary(found: Found) -> dict[str, Any]:
    """Return per plane how many live exceptions have which verdict, and the places that are not known."""
    counts: dict[str, Any] = {}
    for one in found.judged:
        of = counts.setdefault(one.live.plane, {})
        of[one.verdict] = of.get(one.verdict, 0) + 1
    gaps: dict[str, int] = {}
    for plane, _, _ in found.gaps:
        gaps[plane] = gaps.get(plane, 0) + 1
    return {
        "verdicts": {plane: dict(sorted(of.items())) for plane, of in sorted(counts.items())},
        "not_known": dict(sorted(gaps.items())),
    }


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
