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


def arn_fits(value, row):
    """An ARN means what has its last part as id, is of its service, and where it says: in its account, its region."""
    _, _, service, region, account, rest = [*value.split(":", 5), *[""] * 6][:6]
    last = rest.replace(":", "/").split("/")[-1]
    return (
        value.startswith("arn:")
        and bool(service and last)
        and glob(last, row["id"])
        and glob(service, row["type"].split("::")[1].lower())
        and glob(region or "*", row["region"])
        and glob(account or "*", row["account"])
    )


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

    def names(self, s, row):
        return any(glob(value, row["id"]) or arn_fits(value, row) for value in s.resource)

    def fits(self, s, row, unknown=False):
        return (
            self.place_fits(s, row["account"])
            and (not s.region or anyglob(s.region, row["region"]))
            and (not s.rule or any(row["rule"] in self.meant(v) for v in s.rule))
            and (not s.resource_type or anyglob(s.resource_type, row["type"]))
            and (not s.resource or self.names(s, row))
            and self.tags_fit(s, row, unknown)
            and not any(self.fits(x, row, unknown=True) for x in getattr(s, "exclude", ()))
        )
