"""What one reconciliation adds up to: the counts that the pack prints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

from governance.reconciliation import frames
from governance.reconciliation.directory import Directory
from governance.reconciliation.engine import Matched
from governance.reconciliation.evidence import Evidence
from governance.register.findings import Standing


def summarise(
    matched: Matched, verdicts: pd.DataFrame, deviations: Standing, evidence: Evidence, now: datetime
) -> dict[str, Any]:
    """Return the summary as plain data, the same for the same inputs.

    Counts are items (a global resource counts once). `assessed` are those with fresh evidence; compliance
    rates are shares of them (0 to 1, None: nothing assessed). `unknown` are non-compliant items without.
    """
    totals = matched.totals
    found = totals["covered"] + totals["deviations"]
    return {
        **totals,
        "compliance_rate_without_exceptions": _share(totals["assessed"] - found, totals["assessed"]),
        "compliance_rate_with_exceptions": _share(
            totals["assessed"] - totals["deviations"], totals["assessed"]
        ),
        "exceptions": len(verdicts),
        "verdicts": _counts(verdicts.verdict),
        "coverage": _coverage(evidence),
        **deviations.summary,
        "snapshot": {
            "snapshot_id": evidence.snapshot_id,
            "as_of": evidence.as_of.isoformat(),
            "age_hours": round((now - evidence.as_of).total_seconds() / 3600, 3),
        },
        "accounts": _accounts(evidence, matched.directory),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(value): int(count) for value, count in values.value_counts().sort_index().items()}


def _coverage(evidence: Evidence) -> dict[str, dict[str, int]]:
    """Return per `service/dataset/region` how many rows of the manifest have which status.

    Of config/evaluations, NOT_FRESH counts places whose evidence is missing, too old or not trusted although
    the manifest has no complaint, so that every account that holds resources is in the sum.
    """
    coverage: dict[str, dict[str, int]] = {}
    stated = evidence.manifest.groupby(["service", "dataset", "region", "status"], as_index=False).size()
    for row in frames.rows(stated):
        counts = coverage.setdefault(f"{row.service}/{row.dataset}/{row.region}", {})
        counts[row.status] = int(row.size)
    places = evidence.places
    silent = places[~places.fresh & ~places.reason.fillna("").str.match("(?:STALE|FAILED|PARTIAL): ")]
    for region, rows in silent.groupby("region"):
        counts = coverage.setdefault(f"config/evaluations/{region}", {})
        counts["NOT_FRESH"] = len(rows)
        complete = counts.get("COMPLETE", 0) - int((rows.reason != "not observed").sum())
        if complete > 0:
            counts["COMPLETE"] = complete
        else:
            counts.pop("COMPLETE", None)
    return dict(sorted(coverage.items()))


def _accounts(evidence: Evidence, directory: Directory) -> dict[str, int]:
    states = pd.Series(directory.states, dtype="str")
    suspended = evidence.places.account.isin(states.index[states == "SUSPENDED"])
    whole = evidence.places[evidence.places.needed & ~suspended].groupby("account").fresh.all()
    return {
        "known": len(directory.states),
        "active": int(states.eq("ACTIVE").sum()),
        "observed": int(whole.sum()),
    }
