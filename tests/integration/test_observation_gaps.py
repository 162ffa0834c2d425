"""What AWS refuses, throttles or does not know is in the manifest, in `doctor` and in the pack, of every service."""

from __future__ import annotations

from dataclasses import replace

import boto3
import pytest
from botocore.config import Config
from sqlalchemy import text

from aws_worlds import ABROAD, HOME, HUB, NOW, PAYMENTS, world
from conftest import ROOT
from governance.doctor.snapshot import examine_snapshot, mend_of
from governance.observation.observe import Approach, observe
from governance.observation.rates import MemberPolicy, ObservationPolicy
from governance.review.evidence_tables import unseen
from governance.review.facts import Facts
from governance.sandbox.aws import config_snapshots, serve
from governance.sandbox.stand_ins import fill_bucket

POLICIES = ROOT / "include" / "policies"
OPERATIONS = {
    "organizations:ListPolicies": "organizations/policies",
    "tag:GetResources": "organizations/tags",
    "config:DescribeConfigRules": "config/rules",
    "config:DescribeConfigurationAggregatorSourcesStatus": "config/aggregator_sources",
    "controltower:ListEnabledBaselines": "controltower/enabled_baselines",
    "servicecatalog:ListRecordHistory": "servicecatalog/records",
    "ssm:DescribeOpsItems": "ssm/ops_items",
}
"""One operation of every service, and the dataset that lacks without it."""


def small_world():
    made = world()
    recorders = made.recorders[
        made.recorders.apply(lambda row: (row.account, row.region) != (HUB, ABROAD), axis=1)
    ]
    planes = replace(made.planes, enabled_controls=(), remediations={}, remediation_exceptions={})
    return replace(made, planes=planes, policies=made.policies[:1], recorders=recorders)


WORLD = small_world()
FILES = dict(config_snapshots.files(WORLD))


@pytest.fixture(scope="module")
def served():
    broken = {
        key: content[:-9] if f"/{PAYMENTS}/Config/{HOME}/" in key else content
        for key, content in FILES.items()
    }
    with serve(WORLD) as handle:
        fill_bucket(handle.url, broken, "broken")
        yield handle


class Hub(boto3.Session):
    url = ""

    def client(self, service, *args, **more):
        return super().client(service, *args, endpoint_url=self.url, **more)


SESSION = Hub("testing", "testing", region_name=HOME)


@pytest.fixture
def take(register, served, tmp_path):
    """Take a snapshot; return the doctor's lines (about -> found, mend) and the pack's rows."""
    SESSION.url = served.url
    served.faults.clear()

    def taken(deliveries: str = ""):
        policy = ObservationPolicy(calls_per_second={"default": 5}, members=MemberPolicy(role="observer"))
        once = Config(retries={"total_max_attempts": 1})
        how = Approach(client_config=once, deliveries=deliveries, policy=policy)
        observe(register, SESSION, now=NOW, lake=str(tmp_path / "lake"), approach=how)
        return list(examine_snapshot(register, NOW, POLICIES)), packed(register)

    yield taken
    served.faults.clear()


def packed(register) -> list[tuple[str, ...]]:
    query = (ROOT / "sql/kpis/pack/unseen.sql").read_text()
    with register.connect() as connection:
        rows = [dict(row) for row in connection.execute(text(query), {"as_of": NOW}).mappings()]
    facts = Facts(NOW, NOW, [], {}, {"unseen": rows, "evidence": [{}]}, [], [], None)
    return list(unseen(facts).rows)


@pytest.mark.parametrize(
    ("kind", "code", "mend"),
    [("deny", "AccessDenied", "governance iam"), ("throttle", "", "policies/observation.yaml")],
)
def test_what_any_service_refuses_or_throttles_is_told_by_doctor_and_pack(take, served, kind, code, mend):
    for operation in OPERATIONS:
        served.faults.deny(operation) if kind == "deny" else served.faults.throttle(operation, times=None)
    checks, rows = take()
    told = {check.about: check for check in checks}
    for operation, dataset in OPERATIONS.items():
        check = told[f"observation: {dataset}"]
        assert check.state == "failed"
        assert check.found.startswith(f"FAILED: {operation.split(':')[1]}: ")
        assert code in check.found
        assert mend in check.mend, check
    assert not any("not opted in" in check.found for check in checks), "nobody knows that"
    assert {f"observation: {row[0]}" for row in rows if row[1] == "FAILED"} >= {
        f"observation: {dataset}" for dataset in OPERATIONS.values()
    }


def test_places_that_are_off_behind_or_not_there_are_told_with_what_to_do(take):
    checks, rows = take()
    assert checks[0].about == "observation"
    assert (checks[0].state, "gap(s)" in checks[0].found) == ("warning", True)
    told = {(check.about, check.found): check.mend for check in checks}
    found = {
        words: next((mend for (_, text), mend in told.items() if words in text), None)
        for words in ("not opted in", "aggregator source OUTDATED", "recorder default is stopped",
                      "no configuration recorder")
    }  # fmt: skip
    assert "out of the aggregator" in found["not opted in"]
    assert "recorder is on" in found["aggregator source OUTDATED"]
    assert "start the recorder" in found["recorder default is stopped"]
    assert "start the recorder" in found["no configuration recorder"]
    assert any("is stopped since" in row[4] for row in rows)
    assert {check.state for check in checks} == {"warning"}, "places are no reason to call everything failed"


def test_roles_and_deliveries_that_are_refused_or_broken_are_told(take, served):
    served.faults.deny("sts:AssumeRole")
    checks, rows = take("s3://broken/config")
    found = "\n".join(f"{check.about}: {check.found} -> {check.mend}" for check in checks)
    assert (
        "config/recorders: FAILED in 1 place(s), first 100000000002 us-east-1: refused: AssumeRole" in found
    )
    assert "config/deliveries: PARTIAL in 1 place(s), first 100000000002 eu-central-1: " in found
    assert "cut off or damaged" in found
    assert any(row[0] == "config/deliveries" and ".json.gz" in row[4] for row in rows)


def test_an_old_or_missing_snapshot_is_said(register, take):
    assert [check.found for check in examine_snapshot(register, NOW, POLICIES)] == [
        "no snapshot was taken yet"
    ]
    take()
    checks = list(examine_snapshot(register, NOW.replace(day=18), POLICIES))
    assert (checks[0].state, "older than its limit" in checks[0].found) == ("failed", True)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("refused: ListAccounts: AccessDeniedException: no", "governance iam"),
        ("refused: GetObject: SlowDown: slow", "lower the rate"),
        ("refused: X: UnrecognizedClientException: invalid", "enable the region"),
        ("no configuration snapshot was delivered since 2026-11-14", "delivery channel"),
        ("AWSLogs/x.json.gz: no configuration snapshot (KeyError)", "look at the file"),
        ("something else", "unknown-evidence.md"),
    ],
)
def test_every_gap_has_a_mend(message, words):
    assert words in mend_of(message)
