"""Scope growth: what an exception matches now, against what it matched when it was approved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from reconciliation_planes import PROD, PlaneHouse
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


@pytest.mark.parametrize(
    ("scopes", "more"),
    [
        ({**WHOLE, "resource": [f"bucket-{n}" for n in range(40)]}, {}),
        (WHOLE, {"decided_at": NOW + timedelta(hours=12), "valid_at": NOW - timedelta(days=40)}),
    ],
    ids=["exact resources cannot grow", "approved again after the first snapshot"],
)
def test_what_was_approved_is_what_counts(house: PlaneHouse, scopes: dict, more: dict) -> None:
    house.add(exception("E", scopes, **more))
    house.day(0, buckets(3))
    assert house.verdicts(house.day(1, buckets(30))) == {"E": "COVERED"}


def test_a_few_more_of_few_are_tolerated(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE))
    house.day(0, buckets(1))
    assert house.verdicts(house.day(1, buckets(3))) == {"E": "COVERED"}


def test_a_snapshot_that_missed_something_is_no_measure(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE))
    house.day(0, buckets(3, stale={(PROD, "eu-west-1")}))
    assert house.verdicts(house.day(1, buckets(30))) == {"E": "COVERED"}
    assert house.verdicts(house.day(2, buckets(60))) == {"E": "SCOPE_DRIFT"}


def test_an_exception_that_is_over_does_not_grow(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE, valid_until=NOW + timedelta(hours=12)))
    house.day(0, buckets(3))
    assert house.verdicts(house.day(1, buckets(30))) == {"E": "EXPIRED_BUT_NONCOMPLIANT"}
