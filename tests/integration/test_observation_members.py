"""Visits to accounts: a role that is assumed once, what is asked there, and what a refusal leaves behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pandas as pd
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import text

import aws_planes
from aws_worlds import ABROAD, BUCKET, HOME, HUB, NOW, PAYMENTS, world
from governance.observation import members, permissions, plan
from governance.observation.calls import Calls
from governance.observation.listings import Size
from governance.observation.member_sessions import MemberSessions
from governance.observation.observe import Approach, gaps, observe, observe_hub, start_snapshot
from governance.observation.rates import MemberPolicy, ObservationPolicy
from governance.sandbox.aws import serve
from governance.sandbox.aws.faults import Fault

ONCE = Config(retries={"total_max_attempts": 1})
ROLE = MemberPolicy(role="governance-observer")
EVERYWHERE = MemberPolicy(role="governance-observer", recorders="all", remediations=("*",))
ASSUME = "sts:AssumeRole"


def small_world():
    made = world(extra_accounts=1)
    told = aws_planes.planes()
    remedy = told.remediations[HUB, HOME]
    excepted = {
        "ConfigRuleName": "s3-private",
        "ResourceType": BUCKET,
        "ResourceId": "theirs",
        "Message": "EXC-1",
    }
    planes = replace(
        told, enabled_controls=(), ops_items={}, records={}, provisioned_products={},
        remediations={**told.remediations, (PAYMENTS, HOME): remedy},
        remediation_exceptions={**told.remediation_exceptions, (PAYMENTS, HOME): (excepted,)},
    )  # fmt: skip
    return replace(made, planes=planes, policies=made.policies[:1])


WORLD = small_world()
OTHER = "200000000000"


@pytest.fixture(scope="module")
def served():
    with serve(WORLD) as handle:
        yield handle


@pytest.fixture
def aws(served):
    served.faults.clear()
    yield served
    served.faults.clear()


class Hub(boto3.Session):
    url = ""

    def client(self, service, *args, **more):
        return super().client(service, *args, endpoint_url=self.url, **more)


HUB_SESSION = Hub("testing", "testing", region_name=HOME)


@pytest.fixture
def session(aws):
    HUB_SESSION.url = aws.url
    return HUB_SESSION


class Visited:
    def __init__(self, register, session, lake) -> None:
        self.register, self.session, self.lake = register, session, lake

    def run(self, policy: MemberPolicy):
        told = ObservationPolicy(calls_per_second={"default": 5}, members=policy)
        how = Approach(client_config=ONCE, policy=told)
        return observe(self.register, self.session, now=NOW, lake=str(self.lake), shards=2, approach=how)

    def manifest(self, dataset: str) -> dict[tuple[str, str], tuple[str, str]]:
        query = "SELECT account, region, status, message FROM snapshot_dataset WHERE dataset = :d AND account <> '*'"
        with self.register.connect() as connection:
            return {
                (row.account, row.region): (row.status, row.message or "")
                for row in connection.execute(text(query), {"d": dataset})
            }

    def table(self, dataset: str) -> pd.DataFrame:
        files = sorted(self.lake.glob(f"snapshots/*/config/{dataset}/members-*.parquet"))
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


@pytest.fixture
def visited(register, session, tmp_path):
    return Visited(register, session, tmp_path / "lake")


def test_places_that_the_aggregator_does_not_hear_from_are_asked_why(visited, aws):
    visited.run(ROLE)
    told = visited.manifest("recorders")
    assert told == {
        (HUB, ABROAD): ("COMPLETE", told[HUB, ABROAD][1]),
        (PAYMENTS, ABROAD): ("COMPLETE", "recorder default is stopped since 2026-11-16T06:00Z"),
    }
    assert told[HUB, ABROAD][1].startswith("recorder default fails: ")
    assert aws.faults.calls[ASSUME] == 1, "the hub needs no role in its own account"
    words = [
        gap["message"] for gap in gaps(visited.register, "20261116T080000Z") if gap["dataset"] == "recorders"
    ]
    assert words == sorted(message for _, message in told.values())


def test_a_role_is_assumed_once_per_account_however_many_regions_and_questions(visited, aws):
    visited.run(EVERYWHERE)
    assert aws.faults.calls[ASSUME] == 2  # two members, each in two regions, four questions in each
    assert set(visited.manifest("recorders")) == {
        (account, region) for account in (HUB, PAYMENTS, OTHER) for region in (HOME, ABROAD)
    } - {(HUB, HOME)}


def test_remediation_exceptions_of_members_stand_beside_those_of_the_hub(visited):
    visited.run(EVERYWHERE)
    [found] = visited.table("remediation_exceptions").to_dict("records")
    assert (found["account"], found["region"], found["resource_id"]) == (PAYMENTS, HOME, "theirs")
    assert visited.manifest("remediation_exceptions")[OTHER, HOME] == ("COMPLETE", "")
    [theirs] = visited.table("remediations").to_dict("records")
    assert (theirs["account"], theirs["rule"]) == (PAYMENTS, "s3-private")


def test_an_account_that_refuses_is_failed_alone_asked_once_and_visited_when_it_lets_us_in(visited, aws):
    aws.faults.deny("config:DescribeConfigurationRecorderStatus", account=PAYMENTS)
    visited.run(EVERYWHERE)
    told = visited.manifest("recorders")
    assert {place for place, (status, _) in told.items() if status == "FAILED"} == {
        (PAYMENTS, HOME), (PAYMENTS, ABROAD)
    }  # fmt: skip
    assert told[PAYMENTS, HOME][1].startswith("refused: DescribeConfigurationRecorderStatus: AccessDenied")
    aws.faults.clear()
    visited.run(EVERYWHERE)
    assert {status for status, _ in visited.manifest("recorders").values()} == {"COMPLETE"}
    assert aws.faults.calls["sts:GetCallerIdentity"] == 1, "the hub's own tour was complete"


def test_a_role_that_may_not_be_assumed_is_said_per_account_and_place(visited, aws):
    aws.faults.deny(ASSUME)
    visited.run(EVERYWHERE)
    told = visited.manifest("delivery_channels")
    assert {place for place, (status, _) in told.items() if status == "FAILED"} == {
        (account, region) for account in (PAYMENTS, OTHER) for region in (HOME, ABROAD)
    }
    assert all("AssumeRole: AccessDenied" in words for status, words in told.values() if status == "FAILED")
    assert aws.faults.calls[ASSUME] == 2, "a refusal is not asked for again"


def test_without_a_role_nobody_is_visited_and_what_is_complete_is_not_asked_again(visited, aws):
    visited.run(MemberPolicy())
    assert not visited.manifest("recorders")
    assert not aws.faults.calls[ASSUME]
    visited.run(ROLE)
    aws.faults.clear()
    visited.run(ROLE)
    assert sum(aws.faults.calls.values()) == 0


def test_a_region_that_is_not_opted_in_is_said_of_that_region(visited, aws):
    aws.faults.add(Fault("error", "config:Describe*", None, PAYMENTS, ABROAD, "UnrecognizedClientException",
                         "The security token included in the request is invalid.", 403))  # fmt: skip
    visited.run(EVERYWHERE)
    told = visited.manifest("recorders")
    assert told[PAYMENTS, HOME][0] == "COMPLETE"
    assert told[PAYMENTS, ABROAD][0] == "FAILED"
    assert "UnrecognizedClientException" in told[PAYMENTS, ABROAD][1]


class TestSessions:
    def sessions(self, session, clock=lambda: datetime.now(UTC), **policy) -> MemberSessions:
        return MemberSessions(session, MemberPolicy(role="observer", **policy), Calls(), ONCE, clock)

    def test_a_session_acts_in_its_account(self, session):
        made = self.sessions(session)
        assert made.client("sts", PAYMENTS, HOME).get_caller_identity()["Account"] == PAYMENTS
        assert made.client("sts", HUB, HOME).get_caller_identity()["Account"] == HUB

    def test_its_end_is_honoured(self, session, aws):
        now = datetime.now(UTC)
        made = self.sessions(session, lambda: now)
        made.client("config", PAYMENTS, HOME)
        now += timedelta(minutes=54)
        made.client("config", PAYMENTS, ABROAD)
        assert aws.faults.calls[ASSUME] == 1
        now += timedelta(minutes=2)
        made.client("config", PAYMENTS, HOME)
        assert aws.faults.calls[ASSUME] == 2

    def test_lifetime_name_and_external_id_are_those_of_the_policy(self, session):
        asked = []
        made = self.sessions(session, external_id="our-secret", session_minutes=15)
        client = session.client("sts")
        client.meta.events.register(
            "before-parameter-build.sts.AssumeRole", lambda params, **_: asked.append(params)
        )
        made._sts = lambda: client
        made.client("config", PAYMENTS, HOME)
        assert asked == [{
            "RoleArn": f"arn:aws:iam::{PAYMENTS}:role/observer", "RoleSessionName": "governance-observation",
            "DurationSeconds": 900, "ExternalId": "our-secret",
        }]  # fmt: skip

    def test_an_account_outside_the_organization_is_refused(self, session):
        with pytest.raises(ClientError, match="AssumeRole"):
            self.sessions(session).client("config", "999999999999", HOME)


def test_the_generated_policies_of_hub_and_members_allow_a_whole_run(visited, aws):
    hub = permissions.allowed(permissions.hub_policy(member_role="governance-observer"))
    for action in sorted(hub):
        aws.faults.add(Fault("allow", action, account=HUB))
    for account in (PAYMENTS, OTHER):
        for action in sorted(permissions.allowed(permissions.member_policy())):
            aws.faults.add(Fault("allow", action, account=account))
    done = visited.run(EVERYWHERE)
    refused = [
        gap for gap in gaps(visited.register, done.snapshot_id) if "AccessDenied" in str(gap["message"])
    ]
    assert refused == []
    assert len(visited.table("recorders")) == 5


def listed(visited, aws, hours: int, actions: set[str]) -> dict[str, str]:
    """Status of every dataset that the hub lists where it may do just that; nothing is taken over."""
    aws.faults.clear()
    for action in sorted(actions):
        aws.faults.add(Fault("allow", action, account=HUB))
    policy = ObservationPolicy(calls_per_second={"default": 5}, daily=())
    snapshot = start_snapshot(visited.register, now=NOW + timedelta(hours=hours), lake=str(visited.lake))
    how = Approach(client_config=ONCE, policy=policy)
    observe_hub(visited.register, visited.session, snapshot, lake=str(visited.lake), approach=how)
    query = "SELECT service || '/' || dataset AS name, status FROM snapshot_dataset WHERE snapshot_id = :id"
    with visited.register.connect() as connection:
        return {row.name: row.status for row in connection.execute(text(query), {"id": snapshot})}


def test_the_generated_policy_of_the_management_account_allows_what_is_asked_of_the_organization(
    visited, aws
):
    allowed = permissions.allowed(permissions.management_policy())
    found = listed(visited, aws, 0, allowed)
    of_organization = {name for name in found if name.startswith("organizations/")}
    assert of_organization == {one.name for one in plan.LISTINGS if one.dataset.service == "organizations"}
    assert {name for name, status in found.items() if status == "COMPLETE"} == of_organization
    assert visited.session.client("organizations", config=ONCE).describe_organization()["Organization"]
    asked = {one for one in aws.faults.calls if one.startswith(("organizations:", "tag:"))}
    assert asked <= allowed


def test_each_action_of_the_management_account_that_is_asked_for_is_needed(visited, aws):
    allowed = permissions.allowed(permissions.management_policy())
    aws.faults.calls.clear()
    listed(visited, aws, 0, allowed)
    asked = sorted(one for one in aws.faults.calls if one.startswith(("organizations:", "tag:")))
    assert len(asked) >= 7
    for hours, action in enumerate(asked, start=1):
        found = listed(visited, aws, hours, allowed - {action})
        assert "FAILED" in {
            status for name, status in found.items() if name.startswith("organizations/")
        } or ("PARTIAL" in {status for name, status in found.items() if name.startswith("organizations/")}), (
            action
        )


def test_visits_are_planned_and_take_no_more_calls_than_that(visited, aws):
    """The calls of all regions and accounts together, beside those of the hub's own listings."""
    policy = ObservationPolicy(calls_per_second={"default": 5}, members=EVERYWHERE)
    visited.run(MemberPolicy())
    before = Counter(aws.faults.calls)
    visited.run(EVERYWHERE)
    made = Counter(aws.faults.calls) - before
    size = plan.with_policy(Size(accounts=3, regions=2, rules=4, remediations=1), policy, delivered=False)
    planned = Counter(members.calls(size))
    assert set(made) <= set(planned)
    assert all(made[action] <= planned[action] for action in made if action != "sts:GetCallerIdentity"), made


def test_a_large_organization_is_not_visited_account_by_account_unless_somebody_says_so():
    size = Size(accounts=10_000, regions=4, rules=500)
    usual = ObservationPolicy(calls_per_second={"default": 5}, members=ROLE)
    assert sum(members.calls(plan.with_policy(size, usual, delivered=True)).values()) < 2_000
    nobody = ObservationPolicy(calls_per_second={"default": 5})
    assert not any(members.calls(plan.with_policy(size, nobody, delivered=True)).values())
