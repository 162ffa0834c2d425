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
    "the account under the rule is approved": (lambda a: {"account": a, "rule": "trail"}, "COVERED", None),
    "all rules of the account are approved": (lambda a: {"account": a}, "COVERED", None),
    "its unit is approved": (lambda _: {"ou": "Own", "rule": "OrgConfigRule-trail-a1b2c3d4"}, "COVERED", None),
    "one region of it is approved": (
        lambda a: {"account": a, "rule": "trail", "region": "eu-west-1"}, "UNKNOWN", "LIVE_EXCEPTION_DIFFERS"),
    "one resource of it is approved": (
        lambda a: {"account": a, "rule": "trail", "resource": "*x"}, "UNKNOWN", "LIVE_EXCEPTION_DIFFERS"),
    "another account is approved": (
        lambda _: {"account": PAY, "rule": "trail"}, "UNKNOWN", "UNAPPROVED_EXCLUSION"),
    "another rule is approved": (
        lambda a: {"account": a, "rule": "other"}, "ORPHANED_RULE", "UNAPPROVED_EXCLUSION"),
    "the approval has ended": (
        lambda a: {"account": a, "rule": "trail"}, "EXPIRED_BUT_PRESENT", "UNAPPROVED_EXCLUSION"),
    "the account is left out of the approval": (
        lambda a: {"ou": "Dev", "rule": "trail", "exclude": [{"account": a}]}, "UNKNOWN",
        "UNAPPROVED_EXCLUSION"),
}  # fmt: skip


def test_excluded_accounts_by_what_is_approved_of_them(house: PlaneHouse) -> None:
    """One account for each case: the right one, and its nearest neighbours."""
    accounts = {case: f"7{number:011d}" for number, case in enumerate(CASES)}
    units = {"its unit is approved": "Own", "the account is left out of the approval": "Dev"}
    states = {number: ("ACTIVE", units.get(case, "Prod")) for case, number in accounts.items()}
    for case, (scope, _, _) in CASES.items():
        house.add(exception(case, scope(accounts[case]), **(ENDED if "ended" in case else {})))
    done = house.day(0, excluded(
        *accounts.values(), accounts=states | {PROD: ("ACTIVE", "Prod"), PAY: ("ACTIVE", "Prod")},
        units={"Prod": "ou-t-prod", "Dev": "ou-t-dev", "Own": "ou-t-own"},
    ))  # fmt: skip
    assert house.findings() == {accounts[case]: found for case, (_, _, found) in CASES.items() if found}
    assert house.verdicts(done) == {case: verdict for case, (_, verdict, _) in CASES.items()}
    flags = {"COVERED": ("COVERED_BY_EXCLUSION",), "EXPIRED_BUT_PRESENT": ("UNAPPROVED_EXCLUSION",)}
    assert house.flags(done) == {
        c: flags[verdict] for c, (_, verdict, _) in CASES.items() if verdict in flags
    }


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
