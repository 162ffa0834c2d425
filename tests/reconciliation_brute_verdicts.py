"""The verdict on each exception, the slow and obvious way, on top of the brute-force matcher."""

from __future__ import annotations

from msgspec.structs import replace

from reconciliation_brute_force import BruteForce as Matcher
from reconciliation_brute_force import anyglob

GONE = ["ORPHANED_ACCOUNT", "ORPHANED_RULE", "ORPHANED_RESOURCE"]


class BruteForce(Matcher):
    def rank(self, e, s):
        place = 0 if s.resource else 1 if s.tag else 2 if s.account else 3 if s.ou else 4
        rule = 2 if not s.rule else 1 if any("*" in v or "?" in v for v in s.rule) else 0
        return place, rule, -e.decided_at.timestamp(), e.number

    def outcome(self, rows):
        """None for a clean item, else unknown | covered NUMBER | expired NUMBER | deviation."""
        bad = [r for r in rows if r["nc"]]
        if not any(r["fresh"] for r in bad):
            return "unknown" if bad else None
        for phase, word in (("active", "covered"), ("expired", "expired")):
            ranks = [self.rank(e, s) for e in self.valid if e.phase == phase for s in e.scopes
                     if any(self.fits(s, r) for r in rows)]  # fmt: skip
            if ranks:
                return f"{word} {min(ranks)[3]}"
        return "deviation"

    def verdict(self, e):  # noqa: C901, PLR0911 (one way out per verdict, in their order)
        states = [self.scope_state(s) for s in e.scopes]
        if all(s in ("SUSPENDED_HOLD", "ORPHANED_ACCOUNT") for s in states):
            return "SUSPENDED_HOLD" if "SUSPENDED_HOLD" in states else "ORPHANED_ACCOUNT"
        if self.ambiguous(e):
            return "AMBIGUOUS_RULE"  # what is meant is open, so nothing of it is called gone
        if all(s in (*GONE, "SUSPENDED_HOLD") for s in states):
            return "SUSPENDED_HOLD" if "SUSPENDED_HOLD" in states else min(states, key=GONE.index)
        mine = [rows for rows in self.items.values() if any(self.fits(s, r) for s in e.scopes for r in rows)]
        proof = any(r["nc"] and r["fresh"] for rows in mine for r in rows)
        if "GAP" in states and not proof:
            return "UNKNOWN"
        named = {
            a for s in e.scopes if s.ou for a in s.account if self.w.accounts.get(a, ("",))[0] == "ACTIVE"
        }
        if self.w.complete and any(not any(self.place_fits(s, a) for s in e.scopes) for a in named):
            return "SCOPE_DRIFT"
        if e.phase == "upcoming":
            return "NOT_YET_ACTIVE"
        if proof:
            return "COVERED" if e.phase == "active" else "EXPIRED_BUT_NONCOMPLIANT"
        if not any(r["fresh"] for rows in mine for r in rows):
            return "UNKNOWN"
        return "EXPIRED_CLEAN" if e.phase == "expired" else "CLEAN"

    def scope_state(self, s):
        states = (
            [st for a, (st, _) in self.w.accounts.items() if anyglob(s.account, a)]
            if s.account
            else ["ACTIVE"]
        )
        absent = [a for a in s.account if "*" not in a and "?" not in a and a not in self.w.accounts]
        unheard = len(absent) or (bool(s.account) and not states)
        states += ["CLOSED" if self.w.complete else "?"] * unheard
        if "ACTIVE" not in states:
            return (
                "SUSPENDED_HOLD" if "SUSPENDED" in states else "GAP" if "?" in states else "ORPHANED_ACCOUNT"
            )
        places = [
            (a, r)
            for (a, r) in self.w.needed
            if self.place_fits(s, a) and (not s.region or anyglob(s.region, r))
        ]
        gap = any(p in self.w.stale for p in places) or (bool(s.ou) and not self.w.complete)
        if s.rule and not any(self.meant(v) for v in s.rule):
            return "ORPHANED_RULE" if places and not gap and self.w.complete else "GAP"
        seen = any(self.names(s, r) and self.place_fits(s, r["account"]) for r in self.w.rows)
        if s.resource and not any("*" in v or "?" in v for v in s.resource) and not seen:
            return "ORPHANED_RESOURCE" if places and not gap else "GAP"
        return "GAP" if gap or self.untagged(s) else "alive"

    def untagged(self, s):
        """Does the scope ask for tags that nobody collected?"""
        if not any(named.tag for named in (s, *s.exclude)):
            return False
        anything = replace(s, tag={}, exclude=())
        return not self.w.tagged or any(r["tags"] is None and self.fits(anything, r) for r in self.w.rows)
