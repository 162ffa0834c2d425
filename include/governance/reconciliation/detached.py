"""Policies that an approved addition asked for and that are attached no more: findings `POLICY_DETACHED`.

An approved attachment stays asked for when its request is settled. What took it away with an approval is no
finding: a later approved change that names the policy among its targets, or an exception in force from the
policy for that account or unit. Whoever wants it gone for good revokes the request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from governance.reconciliation import frames
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.fulfilment_policy import FulfilmentPolicy
from governance.reconciliation.fulfilment_words import at
from governance.reconciliation.listings import Listings
from governance.reconciliation.requested import Addition, Asked, Change
from governance.register.ownership import OwnershipPolicy
from governance.register.patterns import matches

TYPE: Final = "POLICY_DETACHED"
PREFIX = "policy_attachment|ADD-"
"""How the keys of these findings begin."""
_PLACES = ("organizations/accounts", "organizations/units")
"""What must be complete, beside policies and their targets: a target may be gone, or reached from above."""


def gap(seen: Listings) -> str | None:
    """Return which evidence about places is missing, None: none."""
    return seen.gap(*_PLACES)


def findings(
    detached: pd.DataFrame,
    asked: Asked,
    seen: Listings,
    policy: FulfilmentPolicy,
    owners: OwnershipPolicy,
) -> list[dict[str, Any]]:
    """Return the rows of the findings. `detached` as `additions/detached.sql` gives them."""
    severity = policy.addition_findings.get(TYPE)
    if severity is None or gap(seen):
        return []
    units = seen.frames["organizations/units"]
    paths = dict(zip(units.unit, units.path, strict=True))
    rows = []
    for row in frames.rows(detached):
        one = asked.additions[row.request]
        names = {row.policy, *row.policy_ids, *row.policy_names}
        places = {row.place, paths.get(row.place, row.place)}
        if _taken_away(one, names, asked.changes) or _excepted(names, places, asked.exceptions):
            continue
        evidence = {"snapshot": seen.snapshot_id, "rule_of_decision": TYPE, "target": row.place,
                    "policy_ids": list(row.policy_ids), "was_there": bool(row.was_there)}  # fmt: skip
        rows.append({
            "finding_key": f"policy_attachment|{one.request_id}", "type": TYPE, "request_number": one.number,
            "severity": (one.risk_level or "medium") if severity == "risk" else severity,
            "account": row.account if isinstance(row.account, str) else None,
            "resource_type": "policy_attachment", "resource_id": f"{row.policy}|{row.place}",
            "owner": one.owner or owners.authority.accountable, "why": _why(one, row),
            "evidence": json.dumps(evidence, sort_keys=True, ensure_ascii=False),
        })  # fmt: skip
    return rows


def _why(one: Addition, row: Any) -> str:
    claimed = f" and said to be done {at(one.claimed_at)}" if one.claimed_at else ""
    asking = f"{one.request_id} is {one.status}{claimed}"
    if not len(row.policy_ids):
        return f"Policy {row.policy} does not exist{' any more' if row.was_there else ''}, although {asking}."
    seen = " any more" if row.was_there else ""
    return f"Policy {row.policy} is not attached to {row.place}{seen}, nor above it, although {asking}."


def _taken_away(one: Addition, names: set[str], changes: Sequence[Change]) -> bool:
    """Tell whether a later approved change names the policy."""
    later = (
        change for change in changes if change.standing in ("live", "settled") and _is_later(change, one)
    )
    return any(
        target in names or target.rpartition("/")[2].partition("|")[0] in names
        for change in later for target in change.targets
    )  # fmt: skip


def _is_later(change: Change, one: Addition) -> bool:
    if one.approved_at is None:
        return True
    return change.approved_at is not None and change.approved_at > one.approved_at


def _excepted(names: set[str], places: set[str], exceptions: Sequence[LiveException]) -> bool:
    """Tell whether an exception in force is one from the policy for that place."""
    return any(
        any(matches(pattern, name) for pattern in scope.policy for name in names)
        and any(matches(pattern, place) for pattern in (*scope.account, *scope.ou) for place in places)
        for one in exceptions if one.phase == "active" and not one.problem
        for scope in one.elsewhere if scope.policy and not scope.lets_through
    )  # fmt: skip
