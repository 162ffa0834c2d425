"""Changes judged again, the slow and obvious way: loops over rows, no code or SQL of the engine."""

from __future__ import annotations

import re

from fulfilment_worlds import NOW, hours


def fits(pattern, text):
    parts = [".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern]
    return re.compile("".join(parts), re.DOTALL).fullmatch(text) is not None


def owner_of(run, changes):
    """The number of the change that an execution belongs to, None: of none."""
    found = []
    for number, one in enumerate(changes):
        begin, end = one.begin or hours(-1e5), one.end or hours(1e5)
        apart = max((begin - run["started_at"]).total_seconds(), (run["started_at"] - end).total_seconds(), 0)
        touched = any(fits(p, t) for p in one.targets for t in run["targets"])
        approved = one.standing in ("live", "settled")
        if run["change_request"] in (one.request_id, one.source_key):
            found.append((1, apart, number))
        elif approved and one.runbook == run["document"] and apart <= 7 * 86400 and (
            touched or not one.targets or not run["targets"]):  # fmt: skip
            found.append((2, apart, number))
        elif approved and touched and begin <= run["started_at"] < end:
            found.append((3, apart, number))
    return min(found)[2] if found else None


def change_verdict(one, mine, partial, as_of):
    outside = lambda t: t < (one.begin or t) or (one.end is not None and t >= one.end)  # noqa: E731
    approved = one.standing in ("live", "settled")
    before = lambda t: t < one.approved_at if one.approved_at else not approved  # noqa: E731
    beyond = lambda r: [t for t in r["targets"] if not any(fits(p, t) for p in one.targets)]  # noqa: E731
    over = [r for r in mine if one.end and not outside(r["started_at"])
            and (r["ended_at"] > one.end if r["ended_at"] else one.end <= as_of)]  # fmt: skip
    done = [r for r in mine if r["status"] == "Success"]
    reached = {t for r in done for t in r["targets"]}
    last = max(
        (r for r in mine if r["ended_at"]), key=lambda r: (r["ended_at"], r["execution"]), default=None
    )
    left_out = reached and any(not any(fits(p, t) for t in reached) for p in one.targets)
    until = min((t for t in (one.end, one.claimed_at) if t), default=None)
    for verdict, holds in (
        ("UNAPPROVED_CHANGE", any(before(r["started_at"]) for r in mine)), ("", not approved or one.standing == "settled"),
        ("SCOPE_EXCEEDED", one.targets and any(map(beyond, mine))),
        ("RUNBOOK_MISMATCH", one.runbook and any(r["document"] != one.runbook for r in mine)),
        ("OUT_OF_WINDOW", any(outside(r["started_at"]) for r in mine)),
        ("OVERRAN", over and any(not r["ended_at"] for r in mine)), ("IN_PROGRESS", any(not r["ended_at"] for r in mine)),
        ("EXECUTED_FAILED", mine and not done), ("EXECUTED_PARTIAL", mine and ((last and last["status"] == "Failed") or left_out)),
        ("OVERRAN", over), ("UNKNOWN", partial), ("EXECUTED_IN_WINDOW", mine), ("PENDING", one.begin and one.begin > NOW),
        ("UNKNOWN", one.runbook != "Restart"), ("PENDING", until is None or until > NOW), ("UNKNOWN", until and until > as_of),
    ):  # fmt: skip
        if holds:
            return verdict
    return "NOT_EXECUTED"
