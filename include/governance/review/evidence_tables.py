"""Tables of the pack about AWS as it was seen: what was not seen, and what AWS itself excepts."""

from __future__ import annotations

from governance.review.facts import Facts
from governance.review.page import Table


def unseen(facts: Facts) -> Table:
    """Return the gaps of the latest snapshot: what was not seen, or not as of now, and why."""
    rows = [
        (
            r["dataset"],
            r["status"],
            f"{r['places']:,}",
            f"{r['first_account']} {r['first_region']}",
            r["message"] or "",
        )
        for r in facts.lists["unseen"]
    ]
    head = ("dataset", "status", "places", "first", "why")
    more = max((r["gaps"] for r in facts.lists["unseen"]), default=0) - len(rows)
    note = f"{more:,} more kinds of gaps: governance doctor." if more > 0 else ""
    none = "The latest snapshot is whole." if facts.lists["evidence"] else "No snapshot was taken yet."
    return Table("What was not seen, or not as of now", head, rows, (2,), none, note)


_PLANES = {
    "remediation": "Config: exceptions from remediation",
    "exclusion": "Config: accounts left out of organization rules and packs",
    "control_tower": "Control Tower: parameters and drift of controls",
    "organizations": "Organizations: carve-outs of policies",
    "service_catalog": "Service Catalog: constraints",
}
_VERDICTS = ("present", "differs", "not_approved", "missing", "by_design", "not_known", "gaps")


def live_exceptions(facts: Facts) -> Table:
    """Return by plane how what AWS itself excepts compares with what is approved."""
    rows = [
        (_PLANES[r["plane"]], *(f"{r[name]:,}" for name in _VERDICTS)) for r in facts.lists["live_exceptions"]
    ]
    head = ("plane", *(name.replace("_", " ") for name in _VERDICTS[:-1]), "incomplete listings")
    note = "What AWS itself excepts, beside what is approved. What an incomplete listing hides is unknown."
    return Table("Exceptions that AWS holds", head, rows, tuple(range(1, 8)), "No reconciliation yet.", note)


def drifted(facts: Facts, *, is_known: bool) -> Table:
    """Return the exceptions whose scope is not the one approved any more, with what came in.

    `is_known`: anything was reconciled yet.
    """
    rows = [
        (r["request_id"], r["title"], r["owner"] or "nobody", r["why"].partition(": ")[2])
        for r in facts.lists["drifted"]
    ]
    none = "None." if is_known else "Unknown: nothing was reconciled yet."
    head = ("exception", "title", "owner", "what changed")
    return Table("Scope drift: not what was approved any more", head, rows, (), none)
