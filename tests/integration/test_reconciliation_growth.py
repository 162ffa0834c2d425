"""Scope growth: what an exception matches now, against what it matched when it was approved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from reconciliation_planes import DEV, PAY, PROD, PlaneHouse
from reconciliation_worlds import NOW, World, exception, policies

RULE = "s3-private"
TIGHT = "scope_growth: {percent: 50, items: 2}"


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> PlaneHouse:
    found = PlaneHouse(register, tmp_path)
    shipped = (found.policies / "reconciliation.yaml").read_text()
    policies(found.policies, reconciliation=shipped.replace("scope_growth: {percent: 50, items: 25}", TIGHT))
    return found


def buckets(number: int, **more) -> World:
    """So many buckets, one of them not compliant."""
    found = World(rules={RULE: ""}, **more)
    for position in range(number):
        found.evaluate(PROD, RULE, f"bucket-{position}", "COMPLIANT" if position else "NON_COMPLIANT")
    return found


WHOLE = {"account": PROD, "rule": RULE}


def test_matches_that_grew_beyond_what_is_tolerated_are_drift(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE))
    assert house.verdicts(house.day(0, buckets(10))) == {"E": "COVERED"}
    assert house.verdicts(house.day(1, buckets(15))) == {"E": "COVERED"}, "half as much again is tolerated"
    assert house.verdicts(house.day(2, buckets(16))) == {"E": "SCOPE_DRIFT"}
    with house.register.connect() as connection:
        why, evidence = connection.execute(
            text("SELECT why, evidence FROM finding WHERE family = 'exception'")
        ).one()
    assert "it matches 16 items, and 10 when it was approved (snapshot 20261116T080000Z)" in why
    assert evidence["approved"] == {"matched": 10, "snapshot": "20261116T080000Z", "tolerated": 15}
    assert house.verdicts(house.day(3, buckets(15))) == {"E": "COVERED"}


def test_what_was_approved_is_what_counts(house: PlaneHouse) -> None:
    """Each account has three buckets on the first day, and thirty on the second; one has a few more."""
    exact = {"account": PROD, "rule": RULE, "resource": [f"bucket-{n}" for n in range(40)]}
    again = {"decided_at": NOW + timedelta(hours=12), "valid_at": NOW - timedelta(days=40)}
    of = {account: {"account": account, "rule": RULE} for account in (PROD, PAY, DEV)}
    house.add(
        exception("exact resources cannot grow", exact),
        exception("grew", of[PROD]),
        exception("approved again after the first snapshot", of[PROD], **again),
        exception("over by now", of[PROD], valid_until=NOW + timedelta(hours=12)),
        exception("the snapshot missed a region", of[PAY]),
        exception("a few more of few", of[DEV]),
    )

    def world(number: int, few: int, **more) -> World:
        found = buckets(number, **more)
        for account, rows in ((PAY, number), (DEV, few)):
            for position in range(rows):
                found.evaluate(account, RULE, f"bucket-{position}")
        return found

    house.day(0, world(3, 1, stale={(PAY, "eu-west-1")}))
    assert house.verdicts(house.day(1, world(30, 3))) == {
        "exact resources cannot grow": "COVERED",
        "grew": "SCOPE_DRIFT",
        "approved again after the first snapshot": "COVERED",
        "over by now": "EXPIRED_BUT_NONCOMPLIANT",
        "the snapshot missed a region": "COVERED",
        "a few more of few": "COVERED",
    }
