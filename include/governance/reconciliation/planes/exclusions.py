"""Accounts that organization rules and organization conformance packs leave out (`ExcludedAccounts`).

In an excluded account the rule is not there, so nothing is ever found non-compliant: an exclusion hides what
an exception would have shown. It must be backed by an exception for the whole account under that rule; an
account that is not active has nothing to be excepted.

https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConfigRule.html
https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConformancePack.html
"""

from __future__ import annotations

from datetime import datetime

from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.planes import fits
from governance.reconciliation.planes.listings import Listing, document
from governance.reconciliation.planes.live import Found, Judged, Live, Told
from governance.reconciliation.rules import Identity

SOURCES = (
    ("config/organization_rules", "rule", "config-multiaccountsetup.amazonaws.com"),
    ("config/organization_packs", "pack", "config-conforms.amazonaws.com"),
)
"""Dataset, its column with the name, and who creates the rules in the accounts."""
_SILENT = frozenset({"STALE", "CLEAN", "UNKNOWN", "ORPHANED_RULE", "EXPIRED_CLEAN"})
"""Verdicts that say no more than that nothing was found, as it must be where the rule is not there."""


def judge(found: Found, known: Evidence, scopes: fits.Scopes, directory: Directory, since: datetime) -> None:
    """Add to `found` what is said of every excluded account."""
    for dataset, column, creator in SOURCES:
        listing = Listing.read(known, dataset, since)
        if listing.gap:
            found.gaps["exclusion", "*", "*"] = listing.gap
        for row in listing.records():
            for account in document(row["excluded_accounts"]) or ():
                name = str(row[column])
                live = Live(
                    "exclusion", "account", name, account, account=account,
                    evidence={"dataset": dataset, column: name, "arn": row["arn"]},
                )  # fmt: skip
                identity = Identity(creator, name)
                found.judged.append(_one(found, live, identity, scopes, directory))


def _one(found: Found, live: Live, rule: Identity, scopes: fits.Scopes, directory: Directory) -> Judged:
    if not directory.is_present(live.value):
        return _not_active(live, directory)
    subject = fits.Subject(live.value, frozenset({rule}))
    covering = scopes.covering(subject)
    for answer, many in covering.items():
        active = sorted((one for one in many if one.phase == "active"), key=_latest)
        if not active:
            continue
        if answer == "yes":
            return _approved(found, live, active[-1])
        if answer == "part":
            why = f"{_named(live)} whole, and {active[-1].request_id} approves a part of it only."
            return Judged(live, "DIFFERENT", why, "LIVE_EXCEPTION_DIFFERS", active[-1])
        why = f"{_named(live)}; whether {active[-1].request_id} approves it is not known (tags, units)."
        return Judged(live, "UNKNOWN", why, None, active[-1])
    return _unapproved(found, live, sorted(covering["yes"], key=_latest))


def _not_active(live: Live, directory: Directory) -> Judged:
    state = directory.states.get(live.value)
    if state or directory.evidence.organization_is_known:
        return Judged(live, "BY_DESIGN", f"{_named(live)}, which is {state or 'not in the organization'}.")
    return Judged(live, "UNKNOWN", f"{_named(live)}; whether it is active is not known.")


def _approved(found: Found, live: Live, request: LiveException) -> Judged:
    found.flag(request, "COVERED_BY_EXCLUSION")
    why = f"{_named(live)}, as {request.request_id} approves until {request.valid_until:%Y-%m-%d}."
    found.told[request.number] = Told("COVERED", why, {"exclusion": live.evidence}, _SILENT)
    return Judged(live, "PRESENT", why, None, request)


def _unapproved(found: Found, live: Live, others: list[LiveException]) -> Judged:
    expired = [one for one in others if one.phase == "expired"]
    if not expired:
        later = f"; {others[-1].request_id} has not begun" if others else ", and nobody approved it"
        return Judged(live, "NOT_APPROVED", f"{_named(live)}{later}.", "UNAPPROVED_EXCLUSION",
                      others[-1] if others else None)  # fmt: skip
    request = expired[-1]
    found.flag(request, "UNAPPROVED_EXCLUSION")
    why = f"{_named(live)} still, although {request.request_id} ended on {request.valid_until:%Y-%m-%d}."
    found.told[request.number] = Told("EXPIRED_BUT_PRESENT", why, {"exclusion": live.evidence}, _SILENT)
    return Judged(live, "NOT_APPROVED", why, "UNAPPROVED_EXCLUSION", request)


def _named(live: Live) -> str:
    kind = "conformance pack" if "pack" in live.evidence else "rule"
    return f"Organization {kind} {live.guardrail} leaves out account {live.value}"


def _latest(one: LiveException) -> tuple[float, int]:
    return (one.valid_until.timestamp() if one.valid_until else 0.0, one.number)
