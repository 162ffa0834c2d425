"""Accounts that organization rules and packs leave out: backed by an exception for the whole account, or not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from reconciliation_planes import CLOSED, DEV, PAY, PROD, SUSPENDED, PlaneHouse, Planes, organization_rule
from reconciliation_worlds import NOW, exception

MULTI = "config-multiaccountsetup.amazonaws.com"
ENDED = {"valid_until": NOW - timedelta(days=1)}


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> PlaneHouse:
    return PlaneHouse(register, tmp_path)


def excluded(*accounts: str, **more) -> object:
    """The rule `trail` leaves accounts out; in production it is there and finds nothing."""
    found = Planes(rules=[organization_rule("trail", *accounts)]).world(**more)
    return found.evaluate(PROD, "OrgConfigRule-trail-a1b2c3d4", "t", "COMPLIANT", creator=MULTI)


CASES = {
    "the account under the rule is approved": ({"account": DEV, "rule": "trail"}, {}, "COVERED", {}),
    "all rules of the account are approved": ({"account": DEV}, {}, "COVERED", {}),
    "its unit is approved": ({"ou": "Dev", "rule": "OrgConfigRule-trail-a1b2c3d4"}, {}, "COVERED", {}),
    "one region of it is approved": (
        {"account": DEV, "rule": "trail", "region": "eu-west-1"}, {}, "UNKNOWN", {DEV: "LIVE_EXCEPTION_DIFFERS"}),
    "one resource of it is approved": (
        {"account": DEV, "rule": "trail", "resource": "*x"}, {}, "UNKNOWN", {DEV: "LIVE_EXCEPTION_DIFFERS"}),
    "another account is approved": (
        {"account": PAY, "rule": "trail"}, {}, "UNKNOWN", {DEV: "UNAPPROVED_EXCLUSION"}),
    "another rule is approved": (
        {"account": DEV, "rule": "other"}, {}, "ORPHANED_RULE", {DEV: "UNAPPROVED_EXCLUSION"}),
    "the approval has ended": (
        {"account": DEV, "rule": "trail"}, ENDED, "EXPIRED_BUT_PRESENT", {DEV: "UNAPPROVED_EXCLUSION"}),
    "the account is left out of the approval": (
        {"ou": "Dev", "rule": "trail", "exclude": [{"account": DEV}]}, {}, "UNKNOWN",
        {DEV: "UNAPPROVED_EXCLUSION"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_excluded_account(house: PlaneHouse, case: str) -> None:
    scope, more, verdict, found = CASES[case]
    house.add(exception("E", scope, **more))
    done = house.day(0, excluded(DEV))
    assert house.findings() == found
    assert house.verdicts(done) == {"E": verdict}
    flag = {"COVERED": ("COVERED_BY_EXCLUSION",), "EXPIRED_BUT_PRESENT": ("UNAPPROVED_EXCLUSION",)}.get(
        verdict
    )
    assert house.flags(done) == ({"E": flag} if flag else {})


def test_an_account_that_is_not_active_has_nothing_to_be_excepted(house: PlaneHouse) -> None:
    done = house.day(0, excluded(SUSPENDED, CLOSED, "9" * 12))
    assert house.findings() == {}
    assert done.summary["live_exceptions"]["verdicts"]["exclusion"] == {"BY_DESIGN": 3}
    cut = house.day(1, excluded("9" * 12, incomplete={"accounts"}))
    assert cut.summary["live_exceptions"]["verdicts"]["exclusion"] == {"UNKNOWN": 1}


def test_an_exclusion_stays_found_while_the_listing_is_cut_and_resolves_when_it_is_gone(
    house: PlaneHouse,
) -> None:
    house.day(0, excluded(DEV))
    house.day(1, excluded(incomplete={"organization_rules"}))
    assert house.findings() == {DEV: "UNAPPROVED_EXCLUSION"}
    house.day(2, excluded())
    assert (house.findings(), house.findings("resolved")) == ({}, {DEV: "UNAPPROVED_EXCLUSION"})


def test_a_conformance_pack_leaves_accounts_out_too(house: PlaneHouse) -> None:
    pack = {"pack": "audit", "arn": "arn", "updated_at": NOW, "excluded_accounts": f'["{DEV}", "{PAY}"]'}
    house.add(exception("E", {"account": DEV, "rule": "audit"}))
    done = house.day(0, Planes(packs=[pack]).world())
    assert house.findings() == {PAY: "UNAPPROVED_EXCLUSION"}
    assert house.verdicts(done) == {"E": "COVERED"}
