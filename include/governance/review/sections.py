"""The sections of the pack in their fixed order, each with what it says and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from governance.review import evidence_tables
from governance.review.cards import Card
from governance.review.facts import Facts
from governance.review.page import Section, Table, bars, count, day, hours, share

SCORECARDS = "sources/{as_of:%Y%m%dT%H%M%SZ}.html"
"""Where the scorecards of the sources stand, beside the pack."""


def sections(facts: Facts, cards: list[Card]) -> list[Section]:
    """Return every section after the outcomes, in the pack's order."""
    builders: dict[str, Callable[[Facts, dict[str, Card]], Section]] = {
        "flow": _flow, "time": _time, "exceptions": _exceptions, "reconciliation": _reconciliation,
        "intake": _intake, "escalations": _escalations,
    }  # fmt: skip
    by_section = {name: {c.measure.id: c for c in cards if c.measure.section == name} for name in builders}
    return [builder(facts, by_section[name]) for name, builder in builders.items()]


def _flow(facts: Facts, cards: dict[str, Card]) -> Section:
    coverage = facts.kpi("owner_coverage")
    owned = (
        f" {share(coverage)} of what needs an owner has one."
        if coverage and coverage.value is not None
        else ""
    )
    lead = (
        f"{cards['arrived'].text} came in and {cards['departed'].text} left {cards['arrived'].caption}; "
        f"{cards['backlog'].text} wait, {cards['backlog_aged'].text} of them for 30 days or longer.{owned}"
    )
    if cards["arrived"].value is None:
        lead = f"What came and left {cards['arrived'].caption} is not known; {cards['backlog'].text} wait."
    ages = facts.rows("backlog_open", "age")
    backlog = facts.kpi("backlog_open")
    undated = (
        f"{backlog.unknown:,} without a submission date are in no group."
        if backlog and backlog.unknown
        else ""
    )
    pictures = [
        bars(
            "backlog-age", "Age of the backlog", [(k.dimension["age"], k.value) for k in ages], note=undated
        ),
        bars("hours-by-status", "Where the time goes: days spent in each status", _days(facts)),
    ]
    return Section("flow", "Flow", lead, list(cards.values()), pictures, [_rework(facts)])


def _days(facts: Facts) -> list[tuple[str, float | None]]:
    rows = facts.rows("hours_by_status", "status")
    return [(k.dimension["status"].replace("_", " "), k.value / 24) for k in rows if k.value]


def _rework(facts: Facts) -> Table:
    asked = (
        ("Resolved without rework", facts.kpi("first_pass_yield")),
        ("Reopened after it was settled", facts.kpi("reopened", measure="share")),
        ("Passed from one assignee to another", facts.kpi("reassigned", measure="share")),
    )
    rows = [(words, share(k), f"{k.n:,}", f"{k.unknown:,}") for words, k in asked if k]
    head = ("", "share", "of", "not known")
    return Table("Rework since the register began", head, rows, (1, 2, 3), "Nothing was observed yet.")


def _time(facts: Facts, cards: dict[str, Card]) -> Section:
    decided, median, p90 = (
        cards[name] for name in ("decided_in_time", "time_to_decision_median", "time_to_decision_p90")
    )
    if decided.value is None:
        lead = f"No decision {decided.caption} whose start and end are known."
    else:
        lead = (
            f"{decided.text} of the decisions {decided.caption} were made within the agreement. "
            f"Half took {median.text} or less, nine in ten {p90.text} or less (business hours of the owner)."
        )
    overdue = [
        (
            r["request_id"],
            r["title"],
            r["owner"] or "nobody",
            r["risk_level"],
            day(r["submitted_at"]),
            f"{r['over']:,.0f} h",
        )
        for r in facts.overdue[:12]
    ]
    more = f"and {len(facts.overdue) - 12:,} more" if len(facts.overdue) > 12 else ""
    waiting = Table(
        "Undecided beyond the agreement, longest first",
        ("request", "title", "owner", "risk", "submitted", "beyond it"),
        overdue, (5,), "No request waits longer than agreed.", more,
    )  # fmt: skip
    return Section("time", "Time to decision", lead, list(cards.values()), [], [_by_risk(facts), waiting])


def _by_risk(facts: Facts) -> Table:
    rows = []
    for level in ("critical", "high", "medium", "low", "not stated"):
        found = {
            s: facts.kpi("time_to_decision", statistic=s, hours="business", risk_level=level)
            for s in ("median", "p90")
        }
        within = facts.kpi("within_agreement", clock="decision", of="finished", risk_level=level)
        if found["median"] and found["p90"] and found["median"].n:
            rows.append((level, f"{found['median'].n:,}", hours(found["median"]), hours(found["p90"]),
                         share(within),
                         f"{found['median'].unknown:,}"))  # fmt: skip
    head = ("risk", "decisions", "median", "p90", "within agreement", "not known")
    return Table(
        "By risk level, since the register began", head, rows, (1, 2, 3, 4, 5), "No decision is known yet."
    )


def _exceptions(facts: Facts, cards: dict[str, Card]) -> Section:
    ending = [facts.kpi("exceptions", state="expiring", within=f"{days} days") for days in (30, 60, 90)]
    within = ", ".join(f"{count(k)} end within {k.dimension['within']}" for k in ending if k)
    renewed = facts.kpi("exceptions", state="renewal")
    lead = f"{cards['exceptions_live'].text} live; {within}. {count(renewed)} of them renew an earlier one."
    is_known = cards["exceptions_expired_live"].value is not None
    over = Table(
        "Expired but live: over, while resources still lean on them",
        ("exception", "title", "owner", "ended", "resources"),
        [(r["request_id"], r["title"], r["owner"] or "nobody", day(r["valid_until"]),
          "let through by AWS" if r["verdict"] == "EXPIRED_BUT_PRESENT" else f"{r['covered']:,}")
         for r in facts.lists["expired_live"]],
        (4,),
        "None." if is_known else "Unknown: nothing was reconciled yet.",
    )  # fmt: skip
    soon = Table(
        "Ending next",
        ("exception", "title", "owner", "ends", "renewal asked for"),
        [(r["request_id"], r["title"], r["owner"] or "nobody", day(r["valid_until"]), r["renewal"] or "none")
         for r in facts.lists["ending"]],
        (),
        "No live exception ends within 90 days.",
    )  # fmt: skip
    tables = [over, evidence_tables.drifted(facts, is_known=is_known), soon]
    return Section("exceptions", "Exceptions", lead, list(cards.values()), [], tables)


def _verdicts(facts: Facts, kind: str) -> Table:
    rows = [
        (k.dimension["verdict"], count(k))
        for k in facts.rows("reconciliation", "kind", "verdict")
        if k.dimension["kind"] == kind
    ]
    return Table(f"Verdicts on {kind}s", ("verdict", "requests"), rows, (1,), "No verdict yet.")


def _reconciliation(facts: Facts, cards: dict[str, Card]) -> Section:
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
        Table("Open findings", ("type", "findings"), found, (1,), "No finding is open."),
        evidence_tables.live_exceptions(facts),
        Table(
            "Rules with most open deviations",
            ("rule", "findings", "accounts", "since"),
            rules,
            (1, 2),
            "None.",
        ),
        evidence_tables.unseen(facts),
    ]
    return Section("reconciliation", "Reconciliation with AWS", lead, list(cards.values()), [], tables)


def _intake(facts: Facts, cards: dict[str, Card]) -> Section:
    rows = []
    for run in facts.lists["last_runs"]:
        passed = (
            f"{(run['loaded'] + run['unchanged']) / run['pulled'] * 100:.1f} %"
            if run["pulled"]
            else "unknown"
        )
        counts = (f"{run[name]:,}" for name in ("pulled", "loaded", "unchanged", "quarantined", "held"))
        rows.append((run["source"], *counts, _balance(run), passed, f"{run['waiting']:,}", day(run["as_of"])))
    head = (
        "source",
        "pulled",
        "loaded",
        "unchanged",
        "quarantined",
        "held",
        "counts",
        "yield",
        "waiting",
        "last run",
    )
    note = (
        "Pulled = loaded + unchanged + quarantined + held (a batch kept out whole, or mode shadow). "
        "Waiting: quarantined so far and neither replayed nor discarded."
    )
    table = Table(
        "Latest run of each source", head, rows, (1, 2, 3, 4, 5, 7, 8), "No source has run yet.", note
    )
    waiting = sum(run["waiting"] for run in facts.lists["last_runs"])
    yielded = cards["intake_yield"]
    lead = (
        f"{yielded.text} of the records pass the gate; {waiting:,} wait in quarantine for a fix."
        if yielded.value is not None
        else "No source has completed a run yet."
    )
    more = SCORECARDS.format(as_of=facts.as_of), "The scorecard of every source."
    tables = [table, _duplicates(facts)]
    return Section("intake", "Intake quality", lead, list(cards.values()), [], tables, more)


def _balance(run: dict[str, Any]) -> str:
    """How a run ended, and whether it accounts for every record; a failed one brought none."""
    if run["balanced"]:
        return "balanced"
    accounted = run["accounted"] and run["pulled"] and run["status"] in ("held", "shadow")
    return f"{run['status']}, balanced" if accounted else str(run["status"])


def _duplicates(facts: Facts) -> Table:
    rows = [
        (
            f"{r['request_id']}, {r['source']} {r['source_key']}",
            f"{r['of_request_id']}, {r['of_source']} {r['of_source_key']}",
            r["title"],
            f"{r['evidence']} ({r['state']})",
        )
        for r in facts.lists["duplicates"]
    ]
    head = ("request", "repeats", "title", "evidence")
    note = "Linked, never merged: governance duplicates confirm or unlink decides. The newest twelve."
    return Table("Asked in two sources", head, rows, (), "No request came from two sources.", note)


def _escalations(facts: Facts, cards: dict[str, Card]) -> Section:
    reached = [
        k for k in facts.rows("escalations", "clock", "rung", "count") if k.dimension["count"] == "reached"
    ]
    rows = []
    for k in reached:
        since = facts.kpi("escalations", **{**k.dimension, "count": "decided since"})
        rows.append((k.dimension["clock"], k.dimension["rung"].replace("_", " "), count(k), count(since)))
    total = sum(int(k.value or 0) for k in reached)
    lead = (
        f"{total:,} rungs of the ladder reached so far."
        if reached
        else "No rung of the ladder was reached yet."
    )
    table = Table(
        "By rung, since the ladder began",
        ("clock", "rung", "requests", "decided since"),
        rows,
        (2, 3),
        "None.",
    )
    return Section("escalations", "Escalations", lead, list(cards.values()), [], [table])
