"""Additions judged again, the slow and obvious way: one loop over rows, no code or SQL of the engine."""

from __future__ import annotations

from fulfilment_worlds import CHAIN, NOW

PATHS = {"Prod": "ou-test-prod0001", "Prod/Payments": "ou-test-pay00001", "Dev": "ou-test-dev00001"}


def account_verdict(asked, accounts, baselines, partial):
    found = []
    for row in accounts:
        same_name, same_mail = asked.thing.name == row["name"], asked.thing.email == row["email"]
        if row["state"] == "CLOSED" or not (same_name or same_mail):
            continue
        unit = PATHS.get(asked.thing.ou)
        placed = asked.thing.ou is None or unit in CHAIN[row["unit"]].split("/")
        equal = (asked.thing.name is None or same_name) and (asked.thing.email is None or same_mail)
        drift = {one["inheritance_drift"] for one in baselines if one["target"].endswith(row["account"])}
        state = (5 if row["state"] == "PENDING_ACTIVATION" else 1 if "DRIFTED" in drift
                 else 2 if row["state"] == "SUSPENDED" else 3 if drift - {"IN_SYNC"} else 0)  # fmt: skip
        found.append((not placed, not equal, state, row["account"]))
    if found:
        elsewhere, differs, state, _ = min(found)
        if elsewhere:
            return "UNKNOWN" if partial else "MISPLACED"
        if state == 5:
            return "IN_PROGRESS"
        if differs:
            return "CONTENT_MISMATCH"
        return ("FULFILLED", "FULFILLED_DRIFTED", "FULFILLED_DEGRADED", "FULFILLED_UNVERIFIED")[state]
    if partial:
        return "UNKNOWN"
    when = [one for one in (asked.due_at, asked.claimed_at) if one]
    return "NOT_FULFILLED" if when and min(when) <= NOW else "IN_PROGRESS"
