"""What the planes found, as findings of the family `live_exception`."""

from __future__ import annotations

import json

import pandas as pd

from governance.reconciliation import frames
from governance.reconciliation.directory import Directory
from governance.reconciliation.planes.live import Found, Judged
from governance.reconciliation.policy import LiveExceptionPolicy
from governance.register import findings
from governance.register.ownership import OwnershipPolicy, Subject


def of_live_exceptions(
    found: Found, directory: Directory, policy: LiveExceptionPolicy, owners: OwnershipPolicy
) -> pd.DataFrame:
    """Return one finding for each live exception that somebody must look at (columns: COLUMNS).

    `rule` is the guardrail that is excepted from, of whatever plane; `resource_id` is what it lets through.
    """
    rows = {
        _key(one): {
            "finding_key": _key(one),
            "type": one.finding,
            "severity": policy.severity_of(str(one.finding), one.request.risk_level if one.request else None),
            "request_number": one.request.number if one.request else None,
            "account": one.live.account,
            "region": one.live.region,
            "rule": one.live.guardrail,
            "resource_type": one.live.resource_type or one.live.kind,
            "resource_id": one.live.value or None,
            "owner": _owner(one, directory, owners),
            "why": one.why,
            "evidence": _evidence(one, directory),
        }
        for one in found.judged
        if one.finding
    }
    return findings.of_rows([rows[key] for key in sorted(rows)])


def unknown(open_findings: pd.DataFrame, found: Found) -> pd.Series:
    """Return the keys of open findings (finding_key, account, region, rule) nothing complete speaks of."""
    uncertain = {_key(one) for one in found.judged if one.verdict == "UNKNOWN"}
    keep = [
        row.finding_key in uncertain or _is_gap(str(row.finding_key), row, found)
        for row in frames.rows(open_findings)
    ]
    return open_findings.finding_key[pd.Series(keep, index=open_findings.index, dtype=bool)]


def _is_gap(key: str, row: object, found: Found) -> bool:
    account, region = (getattr(row, name) for name in ("account", "region"))
    return any(
        key.startswith(f"{plane}|")
        and (place[0] in ("*", account) or not isinstance(account, str))
        and (place[1] in ("*", region) or not isinstance(region, str))
        for plane, *place in found.gaps
    )


def _key(one: Judged) -> str:
    """A live exception has one finding at a time, whatever its type; what is missing is told by request."""
    if one.verdict == "MISSING" and one.request:
        return f"{one.live.plane}|missing|{one.request.request_id}|{one.live.guardrail}"
    return one.live.key


def _owner(one: Judged, directory: Directory, owners: OwnershipPolicy) -> str:
    if one.request and one.request.owner:
        return one.request.owner
    live = one.live
    unit = directory.unit_path(live.account) if live.account else directory.unit_paths.get(live.unit or "")
    subject = Subject("resource", account=live.account, control=live.guardrail, ou=unit or None)
    return owners.resolve(subject).accountable


def _evidence(one: Judged, directory: Directory) -> str:
    live = one.live
    told = {
        "snapshot": directory.evidence.snapshot_id,
        "rule_of_decision": one.finding,
        "plane": live.plane,
        "verdict": one.verdict,
        **live.evidence,
        **({"exception": one.request.request_id} if one.request else {}),
    }
    return json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
