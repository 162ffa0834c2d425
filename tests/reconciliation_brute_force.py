"""The reconciliation, again, the slow and obvious way: one loop over everything, no code shared with the engine.

Rules come as (creator, canonical name, names people may write); rows as dicts with their rule's index.
"""

from __future__ import annotations

from collections import defaultdict


def glob(pattern, value):
    """`*` any run, `?` one character, everything else itself."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return glob(pattern[1:], value) or (bool(value) and glob(pattern, value[1:]))
    return bool(value) and pattern[0] in ("?", value[0]) and glob(pattern[1:], value[1:])


def anyglob(patterns, *values):
    return any(glob(p, v) for p in patterns for v in values)


class BruteForce:
    def __init__(self, world, exceptions):
        self.w, self.exceptions, self.items = world, exceptions, defaultdict(list)
        for row in world.rows:
            place = None if row["type"].startswith("AWS::IAM::") else row["region"]
            self.items[row["account"], place, row["rule"], row["type"], row["id"]].append(row)
        self.rules = sorted(world.hub | {r["rule"] for r in world.rows})
        self.valid = [e for e in exceptions if not self.ambiguous(e)]

    def meant(self, value):
        return [i for i in self.rules if anyglob([value], *self.w.rules[i].names)]

    def ambiguous(self, e):
        literal = [v for s in e.scopes for v in s.rule if "*" not in v and "?" not in v]
        return any(len(self.meant(v)) > 1 for v in literal)

    def in_units(self, account, units):
        chain = self.w.chain(account)
        return any(glob(u, name) for u in units for pair in chain for name in pair if name)

    def place_fits(self, s, account):
        return (not s.account or anyglob(s.account, account)) and (not s.ou or self.in_units(account, s.ou))

    def tags_fit(self, s, row, unknown):
        if row["tags"] is None:
            return unknown or not s.tag
        return all(key in row["tags"] and glob(value, row["tags"][key]) for key, value in s.tag.items())

    def fits(self, s, row, unknown=False):
        return (
            self.place_fits(s, row["account"])
            and (not s.region or anyglob(s.region, row["region"]))
            and (not s.rule or any(row["rule"] in self.meant(v) for v in s.rule))
            and (not s.resource_type or anyglob(s.resource_type, row["type"]))
            and (not s.resource or anyglob(s.resource, row["id"]))
            and self.tags_fit(s, row, unknown)
            and not any(self.fits(x, row, unknown=True) for x in getattr(s, "exclude", ()))
        )

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
