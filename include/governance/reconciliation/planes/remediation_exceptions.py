"""Exceptions from remediation in AWS Config, one by one: backed by an approval, until the same end, by whom.

AWS Config writes such exceptions itself where a remediation failed; these need somebody to look at the
runbook, not at who approved what. Their message is not documented: `reconciliation.yaml` says how they begin.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutRemediationExceptions.html ("Config generates a
remediation exception when a problem occurs running a remediation action for a specific resource")
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from governance.reconciliation import frames
from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.planes import fits
from governance.reconciliation.planes.live import Found, Judged, Live
from governance.reconciliation.policy import LiveExceptionPolicy
from governance.reconciliation.remediation import Compared
from governance.register.patterns import matches

SHOWN = 20
"""Resources that the evidence of one finding names."""

_Missing = dict[tuple[int, str], list[Any]]


def judge(
    found: Found,
    compared: Compared,
    exceptions: list[LiveException],
    scopes: fits.Scopes,
    directory: Directory,
    policy: LiveExceptionPolicy,
) -> None:
    """Add to `found` what is said of every exception from remediation, and of those that are missing."""
    look = _Look(found, exceptions, scopes, directory, policy)
    missing: _Missing = {}
    row: Any
    for row in frames.rows(compared.items):
        if row.present:
            found.judged.append(look.at(row))
        elif row.approval == "approved":
            request = look.by_number[int(row.request_number)]
            if row.linked:
                found.flag(request, "NOT_ENFORCEABLE")
            else:
                missing.setdefault((request.number, row.rule), []).append(row)
    found.judged += look.missing(missing)
    for place, why in compared.gaps:
        account, _, region = place.partition(" ")
        found.gaps["remediation", account, region] = why


class _Look:
    def __init__(
        self,
        found: Found,
        exceptions: list[LiveException],
        scopes: fits.Scopes,
        directory: Directory,
        policy: LiveExceptionPolicy,
    ) -> None:
        self.by_number = {one.number: one for one in exceptions}
        self._found, self._scopes = found, scopes
        self._directory, self._policy = directory, policy

    def at(self, row: Any) -> Judged:
        """Say what is to be said of an exception that AWS Config holds."""
        live = _live(row)
        if row.approval == "approved":
            return self._approved(live, self.by_number[int(row.request_number)], row.ends)
        if row.approval == "uncertain":
            why = f"{_named(live)} is of a global resource that is approved in another region only."
            return Judged(live, "UNKNOWN", why)
        return self._by_scope(live)

    def _by_scope(self, live: Live) -> Judged:
        """Nothing fresh and non-compliant says whose it is, or nobody approved it: ask the scopes."""
        rules = self._directory.book.find(live.guardrail)
        subject = fits.Subject(str(live.account), rules, live.region, live.resource_type, live.value)
        covering = self._scopes.covering(subject)
        active = [one for one in covering["yes"] if one.phase == "active"]
        if active:
            ends = max((one.valid_until for one in active if one.valid_until), default=None)
            return self._approved(
                live, max(active, key=lambda one: (one.valid_until == ends, -one.number)), ends
            )
        unsure = [one for one in covering["unknown"] if one.phase == "active"]
        if unsure:
            why = (
                f"{_named(live)} may be what {unsure[0].request_id} approves: its scope names tags or units."
            )
            return Judged(live, "UNKNOWN", why, request=unsure[0])
        return self._unapproved(live, covering["yes"])

    def _approved(self, live: Live, request: LiveException, ends: datetime | None) -> Judged:
        other = _other_end(live.ends, ends, timedelta(hours=self._policy.end_tolerance_hours))
        if other is None:
            return Judged(
                live, "PRESENT", f"{_named(live)} is what {request.request_id} approves.", None, request
            )
        self._found.flag(request, "EXPIRY_MISMATCH")
        why = f"{_named(live)} {other}, {request.request_id} approves it until {_day(ends)}."
        return Judged(live, "DIFFERENT", why, "EXPIRY_MISMATCH", request)

    def _unapproved(self, live: Live, others: list[LiveException]) -> Judged:
        request = max(others, key=lambda one: (one.phase == "expired", one.number), default=None)
        message = str(live.evidence.get("message") or "")
        if any(matches(one, message) for one in self._policy.service_created_messages):
            why = f"{_named(live)} was written by AWS Config itself after its remediation failed: {message}"
            return Judged(live, "NOT_APPROVED", f"{why.rstrip('.')}.", "SERVICE_CREATED")
        if request is None:
            why = f"{_named(live)} keeps its remediation off, and no approved exception stands behind it."
            return Judged(live, "NOT_APPROVED", why, "UNBACKED_REMEDIATION_EXCEPTION")
        self._found.flag(request, "UNBACKED_REMEDIATION_EXCEPTION")
        why = f"{_named(live)} keeps its remediation off, and {request.request_id} {_phase(request)}."
        return Judged(live, "NOT_APPROVED", why, "UNBACKED_REMEDIATION_EXCEPTION", request)

    def missing(self, missing: _Missing) -> Iterator[Judged]:
        """Yield one verdict per request and rule: its remediation may mend what the request approves."""
        for (number, rule), rows in sorted(missing.items()):
            request, first = self.by_number[number], rows[0]
            self._found.flag(request, "REMEDIATION_EXCEPTION_MISSING")
            accounts = {row.account for row in rows}
            live = Live(
                "remediation", "resource", rule, "", account=first.account if len(accounts) == 1 else None,
                evidence={"dataset": "config/remediation_exceptions", "missing": len(rows), "resources": [
                    f"{row.account} {row.region} {row.resource_id}" for row in rows[:SHOWN]]},
            )  # fmt: skip
            others = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
            why = (
                f"{request.request_id} approves {first.resource_type} {first.resource_id} in account "
                f"{first.account}{others}, and nothing keeps the remediation of {rule} from mending it."
            )
            yield Judged(live, "MISSING", why, "REMEDIATION_EXCEPTION_MISSING", request)


def _live(row: Any) -> Live:
    return Live(
        "remediation", "resource", row.rule, row.resource_id, account=row.account, region=row.region,
        resource_type=row.resource_type, ends=row.expires_at,
        evidence={"dataset": "config/remediation_exceptions", "message": row.message,
                  "expires_at": row.expires_at.isoformat() if row.expires_at else None},
    )  # fmt: skip


def _named(live: Live) -> str:
    return (
        f"The exception from remediation of {live.resource_type} {live.value} in account {live.account} "
        f"({live.region}) under {live.guardrail}"
    )


def _other_end(ends: datetime | None, approved: datetime | None, tolerance: timedelta) -> str | None:
    """Say how the end in AWS differs from the approved one; None: it does not."""
    if ends is None:
        return "has no end"
    if approved is None or abs(ends - approved) <= tolerance:
        return None
    return f"ends on {_day(ends)}"


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else "no day"


def _phase(request: LiveException) -> str:
    if request.phase == "upcoming":
        return f"approves it from {_day(request.valid_from)} only"
    return f"approved it until {_day(request.valid_until)} only"
