"""What AWS itself excepts, plane by plane, beside what is approved."""

from __future__ import annotations

from governance.review.facts import Facts
from governance.review.page import Table

_PLANES = {
    "remediation": "Config: exceptions from remediation",
    "exclusion": "Config: accounts left out of organization rules and packs",
    "control_tower": "Control Tower: parameters and drift of controls",
    "organizations": "Organizations: carve-outs of policies",
    "service_catalog": "Service Catalog: constraints",
}
_VERDICTS = ("present", "differs", "not_approved", "missing", "by_design", "not_known", "gaps")


def live_exceptions(facts: Facts) -> Table:
    """Return the table: a row for each plane, the verdicts of its live exceptions counted."""
    rows = [
        (_PLANES[r["plane"]], *(f"{r[name]:,}" for name in _VERDICTS)) for r in facts.lists["live_exceptions"]
    ]
    head = ("plane", *(name.replace("_", " ") for name in _VERDICTS[:-1]), "incomplete listings")
    note = "What AWS itself excepts, beside what is approved. What an incomplete listing hides is unknown."
    return Table("Exceptions that AWS holds", head, rows, tuple(range(1, 8)), "No reconciliation yet.", note)
