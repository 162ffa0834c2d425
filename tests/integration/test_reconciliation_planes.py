"""Live exceptions of Control Tower, Organizations and Service Catalog: each verdict, and its nearest neighbour."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from reconciliation_planes import (
    CLOSED,
    DEV,
    PAY,
    PROD,
    SUSPENDED,
    PlaneHouse,
    Planes,
    constraint,
    control,
    deny,
    policy,
)
from reconciliation_worlds import NOW, exception

ROLE, ANY_ROLE = f"arn:aws:iam::{PAY}:role/network", "arn:aws:iam::*:role/network"
ENDED = {"valid_until": NOW - timedelta(days=1)}
LATER = {"valid_from": NOW + timedelta(days=1), "valid_until": NOW + timedelta(days=60)}


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> PlaneHouse:
    return PlaneHouse(register, tmp_path)


def on_control(name: str, **more):
    return {"control": name, "ou": "Prod", **more}


CONTROLS = Planes(controls=[
    control("DENY", ExemptedPrincipalArns=[ANY_ROLE], ExemptedActions=["bedrock:*"],
            AllowedRegions=["eu-central-1", "us-east-1"]),
    control("PAID", "ou-t-pay", ExemptedPrincipalArns=[ROLE]),
    control("LOOSE", ExemptedResourceArns=["arn:aws:s3:::logs"]),
    control("MOVED", drift="DRIFTED", ExemptedPrincipalArns=["arn:drifted"]),
    control("UNSEEN", drift="UNKNOWN", ExemptedPrincipalArns=["arn:unseen"]),
    control("UNCHECKED", drift="NOT_CHECKING"),
])  # fmt: skip


@pytest.fixture
def towers(house: PlaneHouse):
    """Every kind of request about a control, judged once."""
    house.add(
        exception("present", on_control("DENY", principal=ANY_ROLE)),
        exception("by-arn", {"control": "arn:aws:controltower:*::control/PAID", "ou": "Prod/Payments",
                             "principal": ROLE}),
        exception("subtree", on_control("PAID", principal=ROLE)),
        exception("case", on_control("DENY", action="Bedrock:*")),
        exception("region", on_control("DENY", region="us-east-1")),
        exception("narrower", on_control("DENY", principal=ROLE)),
        exception("unit-below", {"control": "DENY", "ou": "Prod/Payments", "region": "us-east-1"}),
        exception("one-of-two", on_control("DENY", principal=[ANY_ROLE, "arn:aws:iam::1:role/other"])),
        exception("missing", on_control("DENY", resource="arn:aws:s3:::other")),
        exception("elsewhere", {"control": "DENY", "ou": "Dev", "principal": ANY_ROLE}),
        exception("other-kind", on_control("DENY", resource=ANY_ROLE)),
        exception("gone", on_control("RETIRED", principal=ANY_ROLE)),
        exception("later", on_control("LOOSE", resource="arn:aws:s3:::logs"), **LATER),
        exception("ended", on_control("LOOSE", resource="arn:aws:s3:::logs"), **ENDED),
        exception("ended-clean", on_control("LOOSE", resource="arn:aws:s3:::other"), **ENDED),
        exception("drifted", on_control("MOVED", principal="arn:drifted")),
        exception("unseen", on_control("UNSEEN", principal="arn:unseen")),
        exception("nobody", on_control("DENY", principal=ANY_ROLE), decided_by=None),
    )  # fmt: skip
    house.done = house.day(0, CONTROLS.world())
    return house


def test_each_request_about_a_control_gets_its_verdict(towers: PlaneHouse) -> None:
    assert towers.verdicts(towers.done) == {
        "present": "PRESENT", "by-arn": "PRESENT", "subtree": "PRESENT", "case": "PRESENT", "region": "PRESENT",
        "narrower": "DIFFERENT", "unit-below": "DIFFERENT", "one-of-two": "DIFFERENT", "missing": "MISSING",
        "elsewhere": "MISSING", "other-kind": "MISSING", "gone": "ORPHANED_GUARDRAIL",
        "later": "NOT_YET_ACTIVE", "ended": "EXPIRED_BUT_PRESENT", "ended-clean": "EXPIRED_CLEAN",
        "drifted": "DIFFERENT", "unseen": "UNKNOWN", "nobody": "INVALID",
    }  # fmt: skip


def test_what_nobody_approved_and_what_is_not_in_sync_opens_a_finding(towers: PlaneHouse) -> None:
    controls = {row["control"].rpartition("/")[2]: row["arn"] for row in CONTROLS.controls}
    assert towers.findings() == {
        "arn:aws:s3:::logs": "UNAPPROVED_LIVE_EXCEPTION",
        "arn:drifted": "LIVE_EXCEPTION_DIFFERS",
        controls["MOVED"]: "CONTROL_NOT_IN_SYNC",
        controls["UNSEEN"]: "CONTROL_NOT_IN_SYNC",
    }
    assert towers.done.summary["live_exceptions"]["verdicts"]["control_tower"] == {
        "DIFFERENT": 2, "NOT_APPROVED": 1, "PRESENT": 4, "UNKNOWN": 3,
    }  # fmt: skip


def test_the_reason_names_what_differs(towers: PlaneHouse) -> None:
    with towers.register.connect() as connection:
        why = dict(connection.execute(text(
            "SELECT source_key, why FROM request_verdict JOIN request USING (request_number)")).tuples().all())  # fmt: skip
        of = connection.execute(
            text("SELECT why FROM finding WHERE resource_id = 'arn:aws:s3:::logs'")
        ).scalar()
    assert f"principal {ROLE} was approved" in why["narrower"]
    assert "it was approved in Prod/Payments" in why["unit-below"]
    assert "Approved and not in AWS: principal arn:aws:iam::1:role/other" in why["one-of-two"]
    assert why["gone"] == "What it is an exception from does not exist: control RETIRED."
    assert of == (
        "Control LOOSE on ou-t-prod lets resource arn:aws:s3:::logs through, although EXC-000014 ended on "
        "2026-11-15."
    )


def test_what_is_not_seen_while_the_listing_is_not_complete_is_unknown(towers: PlaneHouse) -> None:
    cut, before = Planes(controls=CONTROLS.controls[:1]), towers.findings()
    done = towers.day(1, cut.world(incomplete={"enabled_controls"}))
    told = towers.verdicts(done)
    assert {name: told[name] for name in ("present", "missing", "gone", "ended", "ended-clean", "drifted")} == {
        "present": "PRESENT", "missing": "UNKNOWN", "gone": "UNKNOWN", "ended": "UNKNOWN",
        "ended-clean": "UNKNOWN", "drifted": "UNKNOWN",
    }  # fmt: skip
    assert towers.findings() == before
    assert done.summary["live_exceptions"]["not_known"] == {"control_tower": 1, "remediation": 1}
    towers.day(2, cut.world())
    assert towers.findings() == {}


def test_regions_are_unknown_while_nobody_knows_which_are_governed(house: PlaneHouse) -> None:
    done = house.day(0, CONTROLS.world(incomplete={"landing_zone"}))
    assert house.findings().keys() & {"us-east-1", "eu-central-1"} == set()
    assert done.summary["live_exceptions"]["verdicts"]["control_tower"]["UNKNOWN"] == 4


NEGATED = {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1", "us-east-1"]},
           "StringNotEqualsIfExists": {"aws:PrincipalAccount": [PAY, DEV], "aws:PrincipalTag/exempt": "yes"},
           "ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": ["o-test/r-test/ou-t-dev/*"]},
           "ArnNotLike": {"aws:PrincipalArn": [ANY_ROLE]}}  # fmt: skip
POLICED = Planes(
    policies=[
        policy("regions", deny(Condition=NEGATED)),
        policy("reach", deny(Condition={"StringEquals": {"aws:PrincipalAccount": [PROD]}})),
        policy("allow", {"Effect": "Allow", "Action": "*", "Resource": "*",
                         "Condition": {"StringNotEquals": {"aws:PrincipalAccount": CLOSED}}}),
        policy("backup", deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:no"}}), kind="BACKUP_POLICY"),
        policy("idle", deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:idle"}})),
        policy("tls", deny(NotResource=["arn:aws:s3:::open/*"], Action=None), kind="RESOURCE_CONTROL_POLICY"),
        policy("not-action", deny(NotAction=["sts:*"], Action=None)),
    ],
    targets={"idle": []},
)  # fmt: skip


@pytest.fixture
def policed(house: PlaneHouse):
    house.add(
        exception("account", {"policy": "regions", "account": PAY}),
        exception("two-accounts", {"policy": "p-regions", "account": [PAY, PROD]}),
        exception("tag", {"policy": "regions", "tag": {"exempt": "yes"}}),
        exception("other-tag", {"policy": "regions", "tag": {"exempt": "no"}}),
        exception("principal-in-account", {"policy": "regions", "principal": ANY_ROLE, "account": PAY}),
        exception("unit", {"policy": "regions", "ou": "Dev"}),
        exception("action", {"policy": "not-*", "action": "sts:*"}),
        exception("closed", {"policy": "regions", "account": CLOSED}),
        exception("held", {"policy": "regions", "account": SUSPENDED}),
        exception("mixed", [{"policy": "regions", "account": PROD}, {"account": PROD, "rule": "r"}]),
    )  # fmt: skip
    world = POLICED.world(rules={"r": ""}).evaluate(PROD, "r", "b")
    house.done = house.day(0, world)
    return house


def test_each_request_about_a_policy_gets_its_verdict(policed: PlaneHouse) -> None:
    assert policed.verdicts(policed.done) == {
        "account": "PRESENT", "two-accounts": "DIFFERENT", "tag": "PRESENT", "other-tag": "MISSING",
        "principal-in-account": "DIFFERENT", "unit": "PRESENT", "action": "PRESENT",
        "closed": "ORPHANED_ACCOUNT", "held": "SUSPENDED_HOLD", "mixed": "COVERED",
    }  # fmt: skip
    assert policed.flags(policed.done) == {"mixed": ("PLANE_MISSING",)}


def test_carve_outs_are_negated_conditions_of_denials_in_attached_control_policies(
    policed: PlaneHouse,
) -> None:
    assert policed.findings() == {
        "us-east-1": "UNAPPROVED_LIVE_EXCEPTION",
        ANY_ROLE: "LIVE_EXCEPTION_DIFFERS",
        "arn:aws:s3:::open/*": "UNAPPROVED_LIVE_EXCEPTION",
    }  # neither governed regions, nor a positive condition, an Allow, another type, an idle policy


def test_a_scope_of_a_policy_excepts_nothing_from_rules_of_config(house: PlaneHouse) -> None:
    house.add(exception("account", {"policy": "regions", "account": PAY}))
    done = house.day(0, POLICED.world(rules={"r": ""}).evaluate(PAY, "r", "b"))
    assert (done.summary["covered"], done.summary["deviations"]) == (0, 1)


def test_an_account_that_a_required_policy_does_not_reach_is_a_live_exception(house: PlaneHouse) -> None:
    house.add(exception("dev", {"policy": "deny-leave-organization", "account": DEV}))
    everywhere = {"deny-leave-organization": ["r-test"]}
    assert house.verdicts(house.day(0, Planes(targets=everywhere).world())) == {"dev": "MISSING"}
    done = house.day(1, Planes(targets={"deny-leave-organization": ["ou-t-pay"]}).world())
    assert house.verdicts(done) == {"dev": "PRESENT"}
    assert house.findings() == {PROD: "UNAPPROVED_LIVE_EXCEPTION"}  # not PAY, not those that are not active
    house.day(2, Planes(targets={"deny-leave-organization": [PROD, "ou-t-pay"]}).world())
    assert house.findings() == {}


def test_an_account_that_is_exempt_because_a_policy_does_not_reach_it_is_told_where_a_request_asks_for_it(
    house: PlaneHouse,
) -> None:
    """No policy that is required: only what somebody asked an exemption from is looked for."""
    ended = {"valid_until": NOW - timedelta(days=1)}
    house.add(
        exception("dev", {"policy": "regions", "account": DEV}),
        exception("unit", {"policy": "regions", "ou": "Prod/Payments"}),
        exception("reached", {"policy": "regions", "account": PROD}),
        exception("ended", {"policy": "p-buckets", "account": DEV}, **ended),
        exception("ended-and-reached", {"policy": "buckets", "account": PROD}, **ended),
        exception("no such policy", {"policy": "gone", "account": DEV}),
    )
    plain = [policy(name, deny()) for name in ("regions", "buckets", "other")]
    where = {"regions": [PROD], "buckets": [PROD, PAY], "other": ["ou-t-dev"]}
    done = house.day(0, Planes(policies=plain, targets=where).world())
    assert house.verdicts(done) == {
        "dev": "PRESENT", "unit": "PRESENT", "reached": "MISSING", "ended": "EXPIRED_BUT_PRESENT",
        "ended-and-reached": "EXPIRED_CLEAN", "no such policy": "ORPHANED_GUARDRAIL",
    }  # fmt: skip
    assert house.findings()[DEV] == "UNAPPROVED_LIVE_EXCEPTION"
    assert [one for one in house.findings() if not one.startswith("of ")] == [DEV], "others need no policy"
    done = house.day(1, Planes(policies=plain, targets={**where, "regions": ["r-test"]}).world())
    assert house.verdicts(done)["dev"] == "MISSING"


def test_what_is_carved_out_and_not_reached_is_one_live_exception(house: PlaneHouse) -> None:
    house.add(exception("dev", {"policy": "regions", "account": DEV}))
    carved = policy("regions", deny(Condition={"StringNotEquals": {"aws:PrincipalAccount": [DEV]}}))
    done = house.day(0, Planes(policies=[carved], targets={"regions": ["ou-t-prod"]}).world())
    assert house.verdicts(done) == {"dev": "PRESENT"}
    assert done.summary["live_exceptions"]["verdicts"]["organizations"] == {"PRESENT": 1}


def test_a_policy_whose_content_is_not_there_is_not_known(house: PlaneHouse) -> None:
    house.add(exception("account", {"policy": "regions", "account": PAY}))
    unread = Planes(policies=[{**POLICED.policies[0], "content": None}])
    assert house.verdicts(house.day(0, unread.world())) == {"account": "UNKNOWN"}


def test_constraints_that_loosen_need_an_approval_unless_they_are_so_by_design(house: PlaneHouse) -> None:
    held = Planes(constraints=[
        constraint("cons-1", "LAUNCH"), constraint("cons-2", "RESOURCE_UPDATE"), constraint("cons-3", "STACKSET"),
        constraint("cons-4", "TEMPLATE"), constraint("cons-5", "RESOURCE_UPDATE", "prod-2"),
    ])  # fmt: skip
    house.add(
        exception("by-id", {"constraint": "cons-3", "resource": "port-1"}),
        exception("by-type", {"constraint": "RESOURCE_UPDATE", "resource": "prod-2"}),
        exception("other", {"constraint": "STACKSET", "resource": "prod-2"}),
        exception("gone", {"constraint": "cons-9", "resource": "prod-1"}),
    )
    done = house.day(0, held.world())
    assert house.verdicts(done) == {
        "by-id": "PRESENT", "by-type": "PRESENT", "other": "MISSING", "gone": "ORPHANED_GUARDRAIL"
    }  # fmt: skip
    assert house.findings() == {"prod-1": "UNAPPROVED_LIVE_EXCEPTION"}
    assert done.summary["live_exceptions"]["verdicts"]["service_catalog"] == {
        "BY_DESIGN": 1, "NOT_APPROVED": 1, "PRESENT": 2
    }  # fmt: skip
