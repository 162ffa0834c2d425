"""Wide exceptions behind programmes of the whole organization: most of what is covered, they cover."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from governance.sandbox.scenario.exceptions import ExceptionDesk, Scope, midnight
from governance.sandbox.scenario.model import NOW, ExceptionEntry
from governance.sandbox.scenario.texts import templates

_PROGRAMMES = (
    ("Workloads/NonProd", "rds-multi-az-support", "Non-production databases run in one zone", 210),
    (
        "Workloads/NonProd",
        "golden-ami-only",
        "Developers may try other images until the image factory moves",
        96,
    ),
    (
        "Workloads/NonProd",
        "s3-bucket-logging-enabled",
        "Access logging of test buckets waits for the log lake",
        145,
    ),
    ("Workloads/NonProd", "required-tags-cost-center", "Tagging programme, third wave: non-production", 61),
    ("Workloads/Prod", "cmk-backing-key-rotation-enabled", "Rotation of keys with imported material", 177),
    (
        "Workloads/Prod",
        "lambda-inside-vpc",
        "Functions stay outside VPCs until egress filtering is ready",
        118,
    ),
    ("Security", "required-tags-cost-center", "Tagging programme: security tooling comes last", 38),
)
"""Unit, rule, title, and for how many days each has been valid."""


def plant(desk: ExceptionDesk) -> list[ExceptionEntry]:
    """Return the programmes' exceptions; their scopes are reserved."""
    by_rule = {template["rule"]: template for template in templates("exceptions")}
    found = []
    for position, (unit, rule, title, days) in enumerate(_PROGRAMMES):
        scopes: list[Scope] = [{"ou": [unit], "rule": [rule]}]
        desk.estate.reserved |= desk.estate.select(scopes)
        entry = desk.entry(by_rule[rule], "", scopes, f"ou/{unit}")
        start = midnight(NOW, -days)
        decided = start - timedelta(days=2, hours=-14)
        entry = replace(
            entry,
            label=f"programme-{position}",
            title=title,
            status="approved",
            risk_level="low",
            decided=decided,
            requested=decided - timedelta(days=8, hours=3),
            updated=decided,
            approver=desk.approver_of(entry),
            valid_from=start,
            valid_until=midnight(NOW, 300 - days),
        )
        found.append(entry)
    return found
