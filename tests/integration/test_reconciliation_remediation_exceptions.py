"""Exceptions from remediation against the register: each verdict, and the nearest case that must not get it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from governance.observation.config_exceptions import REMEDIATION_EXCEPTIONS, REMEDIATIONS
from governance.reconciliation.reconcile import reconcile
from reconciliation_planes import PlaneHouse
from reconciliation_worlds import NOW, World, exception

PROD, DEV, HOME = "111111111111", "333333333333", "eu-central-1"
RULE, LINKED, FREE = "s3-private", "OrgConfigRule-trail-a1b2c3d4", "s3-versioned"
END = NOW + timedelta(days=30)
BY_CONFIG = "Remediation failed: the exception was added by AWS Config"


def held(resource: str, rule: str = RULE, **more):
    return {
        "account": PROD, "region": HOME, "rule": rule, "resource_type": "AWS::S3::Bucket",
        "resource_id": resource, "message": "by hand", "expires_at": END, **more,
    }  # fmt: skip


def mended(*rules: str):
    return [
        {"account": PROD, "region": HOME, "rule": rule, "document": "Close", "version": "1",
         "automatic": True, "created_by": None}
        for rule in rules
    ]  # fmt: skip


def on(*resources: str, rule: str = RULE, **more):
    return {"account": [PROD], "rule": [rule], "resource": list(resources), **more}


def world(*exceptions, **more) -> World:
    found = World(rules={RULE: "", FREE: "", LINKED: "config-multiaccountsetup.amazonaws.com"}, **more)
    found.more = {REMEDIATIONS: mended(RULE, LINKED), REMEDIATION_EXCEPTIONS: list(exceptions)}
    for name in (
        "backed",
        "bare",
        "missing",
        "long",
        "endless",
        "day-off",
        "over",
        "by-config",
        "backed-by-config",
    ):
        found.evaluate(PROD, RULE, name)
    found.evaluate(PROD, RULE, "mended", "COMPLIANT").evaluate(PROD, RULE, "mended-bare", "COMPLIANT")
    found.evaluate(PROD, FREE, "no-remediation").evaluate(DEV, RULE, "elsewhere")
    return found.evaluate(
        PROD,
        LINKED,
        "linked",
        creator="config-multiaccountsetup.amazonaws.com",
        resource_type="AWS::S3::Bucket",
    )


HELD = (
    held("backed"), held("bare"), held("long", expires_at=END + timedelta(days=3)),
    held("endless", expires_at=None), held("day-off", expires_at=END + timedelta(hours=23)), held("over"),
    held("by-config", message=BY_CONFIG), held("backed-by-config", message=BY_CONFIG),
    held("mended"), held("mended-bare"),
)  # fmt: skip
REQUESTS = (
    exception("backed", on("backed", "mended", "backed-by-config", "day-off")),
    exception("missing", on("missing")),
    exception("long", on("long", "endless")),
    exception("over", on("over"), valid_until=NOW - timedelta(days=1)),
    exception("linked", on("linked", rule="trail")),
    exception("free", on("no-remediation", rule=FREE)),
    exception("elsewhere", {"account": [DEV], "rule": [RULE]}),
)


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> PlaneHouse:
    return PlaneHouse(register, tmp_path)


@pytest.fixture
def judged(house: PlaneHouse) -> PlaneHouse:
    house.add(*REQUESTS)
    house.result = house.day(0, world(*HELD))
    return house


def test_each_exception_from_remediation_gets_its_verdict(judged: PlaneHouse) -> None:
    assert judged.findings() == {
        "bare": "UNBACKED_REMEDIATION_EXCEPTION",
        "over": "UNBACKED_REMEDIATION_EXCEPTION",
        "mended-bare": "UNBACKED_REMEDIATION_EXCEPTION",
        "by-config": "SERVICE_CREATED",
        "long": "EXPIRY_MISMATCH",
        "endless": "EXPIRY_MISMATCH",
        "of missing": "REMEDIATION_EXCEPTION_MISSING",
    }
    assert judged.result.summary["live_exceptions"]["verdicts"]["remediation"] == {
        "DIFFERENT": 2, "MISSING": 1, "NOT_APPROVED": 4, "PRESENT": 4
    }  # fmt: skip


def test_flags_stand_beside_the_verdicts_of_the_requests_they_are_about(judged: PlaneHouse) -> None:
    assert judged.flags(judged.result) == {
        "missing": ("REMEDIATION_EXCEPTION_MISSING",),
        "long": ("EXPIRY_MISMATCH",),
        "over": ("UNBACKED_REMEDIATION_EXCEPTION",),
        "linked": ("NOT_ENFORCEABLE",),
    }
    assert judged.result.verdicts.verdict.tolist().count("COVERED") == 6


def test_a_finding_says_why_in_one_sentence_and_on_what_it_rests(judged: PlaneHouse) -> None:
    with judged.register.connect() as connection:
        rows = connection.execute(text("SELECT resource_id, why, evidence, owner FROM finding "
                                       "WHERE family = 'live_exception'")).all()  # fmt: skip
    told = {row.resource_id: row for row in rows}
    assert "and EXC-000004 approved it until 2026-11-15 only." in told["over"].why
    assert told["over"].evidence["exception"] == "EXC-000004"
    assert "has no end, EXC-000003 approves it until 2026-12-16." in told["endless"].why
    assert told["bare"].evidence["dataset"] == "config/remediation_exceptions"
    assert told["bare"].owner == "governance-office@example.com"
    assert told["over"].owner == "owner@example.com"


def test_findings_resolve_and_stay_open_while_the_listing_is_not_complete(judged: PlaneHouse) -> None:
    before = judged.findings()
    cut = judged.day(1, world(incomplete={"remediation_exceptions"}))
    assert judged.findings() == before, "unknown is never clean"
    assert cut.summary["live_exceptions"]["not_known"]["remediation"] == 1
    assert "remediation" not in cut.summary["live_exceptions"]["verdicts"]
    assert judged.flags(cut) == {}
    judged.day(2, world(held("backed"), held("missing"), held("long"), held("day-off")))
    assert judged.findings() == {
        "of backed": "REMEDIATION_EXCEPTION_MISSING",
        "of long": "REMEDIATION_EXCEPTION_MISSING",
    }
    assert judged.findings("resolved").keys() >= {"bare", "over", "by-config", "of missing"}


def test_a_run_in_which_nothing_changed_writes_nothing(judged: PlaneHouse) -> None:
    again = reconcile(judged.register, now=NOW, policies=judged.policies)
    assert again.verdicts_written == 0
    assert not any(again.turns["live_exception"].values())


def test_what_tags_or_units_decide_is_unknown_while_these_are_not_known(house: PlaneHouse) -> None:
    tagged = {"tag": {"stage": "dev"}, "rule": [RULE]}
    house.add(exception("tagged", {**tagged, "resource": ["mended"]}), exception("unit", {"ou": ["Dev"]}))
    found = house.day(0, world(held("mended"), held("bare")))
    assert found.summary["live_exceptions"]["verdicts"]["remediation"] == {"NOT_APPROVED": 1, "UNKNOWN": 1}
    assert house.findings() == {"bare": "UNBACKED_REMEDIATION_EXCEPTION"}


def test_a_rule_of_a_service_without_remediation_needs_no_exception_from_it(house: PlaneHouse) -> None:
    house.add(exception("linked", on("linked", rule="trail")))
    snapshot = world()
    snapshot.more[REMEDIATIONS] = mended(RULE)
    assert house.flags(house.day(0, snapshot)) == {}


def test_evidence_names_the_resources_that_a_remediation_may_mend(house: PlaneHouse) -> None:
    house.add(exception("whole", {"account": [PROD], "rule": [RULE]}))
    house.day(0, world(held("backed")))
    with house.register.connect() as connection:
        [(evidence, why)] = connection.execute(
            text("SELECT evidence, why FROM finding WHERE type = 'REMEDIATION_EXCEPTION_MISSING'")
        ).all()
    assert evidence["missing"] == 8
    assert f"{PROD} {HOME} missing" in json.dumps(evidence["resources"])
    assert "and 7 more" in why
