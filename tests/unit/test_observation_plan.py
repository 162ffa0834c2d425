"""The plan of calls, the pace they keep, and the permissions that follow from them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import boto3
import pytest
from typer.testing import CliRunner

from aws_worlds import world
from conftest import ROOT
from governance.cli import app
from governance.errors import DocumentError, GovernanceError
from governance.observation import aggregated, permissions, plan, rates
from governance.observation.calls import Calls, iam_prefix
from governance.observation.listings import Size
from governance.observation.observe import observe
from governance.sandbox.aws import serve
from governance.sandbox.world import World

POLICIES = ROOT / "include" / "policies"


def paced(**rate: float) -> rates.ObservationPolicy:
    named = {name.replace("__", ":"): value for name, value in rate.items()}
    return rates.ObservationPolicy(calls_per_second={"default": 10, **named})


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("tasks", "factor", "seconds"), [(1, 1, 2.0), (4, 1, 8.0), (1, 2, 1.0), (1, 0, 0.0)])
def test_calls_of_an_operation_keep_their_distance(tasks, factor, seconds):
    clock = Clock()
    pace = rates.Pace(paced(config__Slow=2), tasks, factor, clock, clock.sleep)
    for _ in range(5):
        pace.wait("config:Slow")
    assert clock.now - 100 == pytest.approx(seconds)


def test_a_client_keeps_the_rate_that_the_policy_names_as_iam_does():
    """botocore's own events call AWS Config `config-service`, and the tagging API otherwise still."""
    waited: list[str] = []

    class Noted(rates.Pace):
        def wait(self, action: str) -> None:
            waited.append(action)

    with serve(world()) as aws:
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        traffic = Calls(Noted(paced()))
        for service, operation in (("config", "describe_config_rules"),
                                   ("servicecatalog", "list_portfolios"),
                                   ("resourcegroupstaggingapi", "get_resources")):  # fmt: skip
            client = traffic.client(_Fixed(session.client(service, endpoint_url=aws.url)), service)
            getattr(client, operation)()
    named = rates.read(POLICIES).calls_per_second
    assert waited == ["config:DescribeConfigRules", "servicecatalog:ListPortfolios", "tag:GetResources"]
    prefixes = {"organizations", "config", "tag", "s3", "sts"}
    assert {name.partition(":")[0] for name in named if name != "default"} <= prefixes


def test_a_call_that_is_late_anyway_does_not_wait_and_operations_do_not_wait_for_each_other():
    clock = Clock()
    pace = rates.Pace(paced(config__Slow=0.1), clock=clock, sleep=clock.sleep)
    pace.wait("config:Slow")
    clock.now += 60
    pace.wait("config:Slow")
    pace.wait("config:Other")
    assert clock.now == 160


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("calls_per_second: {config:X: 1}", "a rate named `default`"),
        ("calls_per_second: {default: 0}", "greater than 0"),
        ("calls_per_second: {default: 1, ListAccounts: 2}", "'ListAccounts' is none"),
    ],
)
def test_a_wrong_rate_is_named_with_its_file(tmp_path, text, words):
    (tmp_path / "observation.yaml").write_text(text)
    with pytest.raises(DocumentError) as error:
        rates.read(tmp_path)
    assert words in str(error.value)
    assert "observation.yaml" in str(error.value)


LARGE = Size(accounts=10_000, regions=4, units=400, policies=200, rules=500, results=10_000_000)


def test_the_listings_of_ten_thousand_accounts_take_fewer_than_five_thousand_calls_a_day_at_the_shipped_schedule():
    policy = rates.read(POLICIES)
    found = plan.summary(plan.planned(LARGE, policy))
    assert found["calls_of_listings_per_day"] < 5_000
    assert found["calls_of_listings"] < 3_000, "of a run that asks for everything"
    assert found["least_seconds"] > 0
    every_run = plan.summary(plan.planned(LARGE, policy.model_copy(update={"daily": ()})))
    assert every_run["calls_of_listings_per_day"] == policy.runs_per_day * found["calls_of_listings"] > 8_000


def test_a_day_adds_up_from_its_runs():
    policy = rates.read(POLICIES).model_copy(update={"every_hours": 8, "daily": ("organizations/accounts",)})
    rows = plan.planned(LARGE, policy)
    assert policy.cron == "0 */8 * * *"
    assert {row.calls_per_day for row in rows if row.dataset == "accounts"} == {500, 0}
    assert all(row.calls_per_day == 3 * row.calls for row in rows if row.dataset != "accounts")
    assert policy.model_copy(update={"every_hours": 24}).cron == "0 0 * * *"


def test_a_daily_listing_that_does_not_exist_is_refused_and_the_shipped_ones_are_those_of_the_code():
    policy = rates.read(POLICIES)
    assert policy.daily == rates.DAILY
    assert plan.daily_listings(policy) == set(rates.DAILY)
    with pytest.raises(
        GovernanceError, match=r"'organizations/acounts' is no listing.*organizations/accounts"
    ):
        plan.daily_listings(policy.model_copy(update={"daily": ("organizations/acounts",)}))


def test_a_listing_makes_the_calls_that_were_planned_and_needs_no_other_permission():
    """The plan, the permissions and the traffic are one truth: checked over HTTP, page by page."""
    served = world(extra_accounts=45)
    size = size_of(served)
    with serve(served) as aws:
        session = boto3.Session("testing", "testing", region_name=served.home_region)
        for listing in plan.LISTINGS:
            aws.faults.calls.clear()
            traffic = Calls()
            unpatched = session.client(listing.service, endpoint_url=aws.url, region_name=listing.region)
            traffic.client(_Fixed(unpatched), listing.service)  # type: ignore[arg-type]
            list(listing.rows(unpatched))
            expected = Counter(
                {
                    f"{iam_prefix(listing.service)}:{name}": calls
                    for name, calls in listing.calls(size).items()
                    if calls
                }
            )
            assert Counter(aws.faults.calls) == expected, listing.dataset.name
            assert traffic.calls == sum(expected.values())


def size_of(served: World) -> Size:
    """How large the hub of a world is."""
    hub, planes = (served.management_account, served.home_region), served.planes
    return Size(
        accounts=len(served.accounts),
        regions=len(served.regions),
        units=len(served.units),
        policies=len(served.policies),
        rules=len(served.rules),
        administrators=len(planes.delegations),
        organization_rules=len(planes.organization_rules),
        remediations=len(planes.remediations[hub]),
        packs=len(planes.packs),
        organization_packs=len(planes.packs),
        controls=len(planes.enabled_controls),
        baselines=len(planes.enabled_baselines),
        operations=len(planes.control_operations),
        products=len(planes.provisioned_products[hub]),
        records=len(planes.records[hub]),
        portfolios=len(planes.portfolios[hub]),
        ops_items=len(planes.ops_items[hub]),
        automations=len(planes.automations[hub]),
        documents=len(planes.documents[hub]) + len(planes.calendars[hub]),
        calendars=len(planes.calendars[hub]),
        compliance_types=len(planes.compliance_summaries[hub]),
        organization_tags=sum(len(account.tags) for account in served.accounts),
    )


class _Fixed:
    """A session that hands out one client, so that its traffic can be counted."""

    def __init__(self, client: object) -> None:
        self._client = client

    def client(self, *_: object, **__: object) -> object:
        return self._client


def test_the_plan_of_the_next_snapshot_goes_by_the_last_one(register, tmp_path):
    served = world()
    session = boto3.Session("testing", "testing", region_name=served.home_region)
    with serve(served) as aws:
        client = session.client
        session.client = lambda service, **more: client(service, endpoint_url=aws.url, **more)  # type: ignore[method-assign]
        assert plan.size_of_last_snapshot(register) is None
        observe(register, session, now=served.now, lake=str(tmp_path))
    found = plan.size_of_last_snapshot(register)
    assert found is not None
    # the root counts as a unit; how many resources the rules judge, a test need not know
    assert replace(found, units=found.units - 1, results=0) == size_of(served)


def test_the_policy_names_just_what_is_called():
    allowed = permissions.allowed(permissions.hub_policy("s3://lake/governance"))
    called = {action for listing in plan.LISTINGS for action in listing.actions}
    called |= {f"config:{name}" for named in aggregated.calls(Size(accounts=1)).values() for name in named}
    assert allowed == {*called, *permissions.ALWAYS, *permissions.DOCTOR, *permissions.READ_LAKE}
    assert not {
        action for action in allowed if "*" in action or action.split(":")[1].startswith(("Put", "Delete"))
    } - {"s3:PutObject"}
    assert permissions.READ_LAKE[0] not in permissions.allowed(permissions.hub_policy("/var/lake"))


def test_the_doctor_asks_nothing_that_the_policy_does_not_allow():
    from governance.doctor.aws import PROBES

    allowed = permissions.allowed(permissions.hub_policy())
    assert {f"{iam_prefix(service)}:{operation}" for service, operation in PROBES} <= allowed


def test_the_plan_is_printed_before_anything_is_asked(register_url, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", datetime(2026, 11, 16, tzinfo=UTC).isoformat())
    runner = CliRunner()
    refused = runner.invoke(app, ["observe", "--plan"])
    assert "nothing was observed yet" in str(refused.exception)
    told = runner.invoke(app, ["observe", "--plan", "--accounts", "10000", "--rules", "500", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert found["calls_by_service"]["organizations"] > 500
    assert (found["runs_per_day"], found["calls_of_listings_per_day"] < 5_000) == (4, True)
    words = runner.invoke(
        app, ["observe", "--plan", "--accounts", "10000", "--rules", "500", "--evaluations", "1"]
    )
    assert "a day, every 6 hours: " in words.output
    policy = json.loads(runner.invoke(app, ["iam", "--lake", "s3://lake"]).output)
    assert policy["Statement"][-1]["Resource"] == ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]
