"""The page "reconciliation": verdicts by kind of request, exceptions that AWS holds, what was not seen."""

from __future__ import annotations

from governance.review.cards import Card
from governance.review.facts import Facts
from governance.review.page import Section, Table, count, day


def _verdicts(facts: Facts, kind: str) -> Table:
    rows = [
        (k.dimension["verdict"], count(k))
        for k in facts.rows("reconciliation", "kind", "verdict")
        if k.dimension["kind"] == kind
    ]
    return Table(f"Verdicts on {kind}s", ("verdict", "requests"), rows, (1,), "No verdict yet.")


def section(facts: Facts, cards: dict[str, Card]) -> Section:
    """Return the page about AWS as it is, held against the register."""
    card = {
        name: cards[name].text for name in ("compliance_with", "compliance_without", "deviations", "coverage")
    }
    if cards["compliance_with"].value is None:
        lead = cards["compliance_with"].unknown.replace("unknown: ", "Unknown: ") + "."
    else:
        lead = (
            f"{card['compliance_without']} compliant as AWS sees it, {card['compliance_with']} with approved "
            f"exceptions; {card['deviations']} deviations nobody approved. Seen: {card['coverage']} of all "
            "places; what was not seen is unknown, not clean."
        )
    found = [(k.dimension["finding"], count(k)) for k in facts.rows("reconciliation", "finding")]
    rules = [
        (r["rule"], f"{r['findings']:,}", f"{r['accounts']:,}", day(r["since"]))
        for r in facts.lists["deviating_rules"]
    ]
    tables = [
        *(_verdicts(facts, kind) for kind in ("exception", "addition", "change")),
        _live_exceptions(facts),
        Table("Open findings", ("type", "findings"), found, (1,), "No finding is open."),
        Table(
            "Rules with most open deviations",
            ("rule", "findings", "accounts", "since"),
            rules,
            (1, 2),
            "None.",
        ),
        _unseen(facts),
    ]
    return Section("reconciliation", "Reconciliation with AWS", lead, list(cards.values()), [], tables)


def _unseen(facts: Facts) -> Table:
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


def _live_exceptions(facts: Facts) -> Table:
    rows = [
        (_PLANES[r["plane"]], *(f"{r[name]:,}" for name in _VERDICTS)) for r in facts.lists["live_exceptions"]
    ]
    head = ("plane", *(name.replace("_", " ") for name in _VERDICTS[:-1]), "incomplete listings")
    note = "What AWS itself excepts, beside what is approved. What an incomplete listing hides is unknown."
    return Table("Exceptions that AWS holds", head, rows, tuple(range(1, 8)), "No reconciliation yet.", note)
