"""Whether an exception matches more than it did when it was approved.

What was approved is what the first snapshot at or after the approval matched. New items come with everyday
work, so the policy says how many are tolerated; an exception for exact resources cannot grow.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

from msgspec.structs import replace
from sqlalchemy import Connection, text

from governance import resources
from governance.reconciliation.exceptions import Approved, LiveException, microseconds
from governance.reconciliation.policy import ScopeGrowth
from governance.register.patterns import has_wildcard


def with_approved(
    connection: Connection, exceptions: list[LiveException], now: datetime, tolerated: ScopeGrowth
) -> list[LiveException]:
    """Return the exceptions, those that are active and can grow with what they matched when approved."""
    growing = [one for one in exceptions if one.phase == "active" and one.decided_at and _can_grow(one)]
    if not growing:
        return exceptions
    since = microseconds([one.decided_at for one in growing])
    parameters = {  # arrays as text: else they are put together one by one
        "numbers": f"{{{','.join([str(one.number) for one in growing])}}}",
        "since": f"{{{','.join(map(str, since.tolist()))}}}",
        "now": now,
    }
    rows = connection.execute(text(resources.sql("reconciliation/approved_matches.sql")), parameters)
    most = cache(tolerated.most)
    approved = {
        number: Approved(matched, as_of, snapshot_id, most(matched))
        for number, matched, as_of, snapshot_id in rows.tuples().all()
    }
    return [
        replace(one, approved=approved[one.number]) if one.number in approved else one for one in exceptions
    ]


def grown(exception: LiveException, matched: int) -> str | None:
    """Say by how much the scope has grown beyond what is tolerated; None: it has not, or nobody can tell."""
    approved = exception.approved
    if approved is None or matched <= approved.most:
        return None
    return (
        f"it matches {matched:,} items, and {approved.matched:,} when it was approved "
        f"(snapshot {approved.snapshot_id})"
    )


def _can_grow(exception: LiveException) -> bool:
    """Tell whether a scope names more than exact resources."""
    return any(
        not scope.resource or any(has_wildcard(value) for value in scope.resource)
        for scope in exception.scopes
    )
