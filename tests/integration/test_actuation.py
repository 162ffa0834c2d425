"""`governance act`: exceptions from remediation at AWS made to agree with the register, and with nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import IntegrityError
from typer.testing import CliRunner

import conftest
import quick_postgres
from aws_worlds import BUCKET, HOME, HUB, NOW, PAYMENTS, assumed, client
from aws_worlds import world as small_world
from governance.actuation import flow
from governance.actuation.act import Done, Run
from governance.actuation.actions import History, listing
from governance.actuation.permissions import ACTIONS, actuation_policy
from governance.actuation.plan import DELETE, PUT, Call, Plan
from governance.actuation.policy import ActuationPolicy
from governance.actuation.sessions import Clients
from governance.cli import app
from governance.errors import GovernanceError, SourceUnavailableError
from governance.observation.calls import Calls
from governance.observation.observe import observe
from governance.register import database
from governance.register.history import broken
from governance.sandbox.aws import serve
from governance.sandbox.world import World
from governance.settings import Settings
from reconciliation_worlds import exception, policies, register_requests

RULE, LINKED = "s3-private", "securityhub-s3-tls-0a1b2c3d"
END = NOW + timedelta(days=30)
ON = "enabled: true\nremediation_exceptions: {put: true, delete: true}\n"
CALLED = ("config:PutRemediationExceptions", "config:DeleteRemediationExceptions")


def bucket(number: int) -> str:
    return f"bucket-01-{HOME}-{number:05d}"


def organization(buckets: int = 8, *, held: tuple[dict[str, Any], ...] = (), **remediation: Any) -> World:
    """Every second bucket of the hub breaks `s3-private`, and the TLS rule of Security Hub; both have a remediation."""
    found = small_world(buckets=buckets)
    rows = found.evaluations
    linked = rows.rule.eq(LINKED) & (rows.resource_id.str[-1].isin(list("13579")))
    remediations = tuple(
        {"ConfigRuleName": rule, "TargetType": "SSM_DOCUMENT", "TargetId": "Governance-CloseBucket",
         "Automatic": True, **remediation}
        for rule in (RULE, LINKED)
    )  # fmt: skip
    at = (HUB, HOME)
    planes = replace(found.planes, remediations={at: remediations}, remediation_exceptions={at: held})
    broken_ones = rows.assign(compliance=rows.compliance.mask(linked, "NON_COMPLIANT"))
    return replace(found, evaluations=broken_ones, planes=planes)


class Session(boto3.Session):
    url = ""

    def client(self, service, *args, **more):  # type: ignore[no-untyped-def]
        return super().client(service, *args, endpoint_url=self.url, **more)


@lru_cache(maxsize=1)
def session_at(url: str) -> boto3.Session:
    """Return a session of the hub, which reads its models once."""
    made = Session("testing", "testing", region_name=HOME)
    made.url = url
    return made


@dataclass
class Scene:
    """A stand-in, a register, policies; `act` runs as the command line would."""

    aws: Any
    engine: Engine
    settings: Settings

    @property
    def session(self) -> boto3.Session:
        return session_at(self.aws.url)

    def observe(self, now: datetime = NOW) -> None:
        observe(self.engine, self.session, now=now, lake=self.settings.lake_location)
        self.aws.faults.clear()

    def approve(self, key: str, *resources: int, **more: Any) -> None:
        scope = {"account": [HUB], "rule": [RULE], "resource": [bucket(one) for one in resources]}
        at = more.pop("at", NOW - timedelta(days=1))
        with self.engine.begin() as connection:
            register_requests(connection, exception(key, more.pop("scope", scope), **more), at=at)

    def revoke(self, key: str, *resources: int) -> None:
        self.approve(key, *resources, status="revoked", valid_at=NOW - timedelta(hours=1))

    def plan(self, **changes: Any) -> Plan:
        return flow.make_plan(self.engine, self.settings.model_copy(update=changes))

    def act(self, **changes: Any) -> Done:
        return self.planned_and_done(**changes)[1]

    def planned_and_done(self, **changes: Any) -> tuple[Plan, Done]:
        settings = self.settings.model_copy(update=changes)
        return flow.carry_out(self.engine, settings, lambda: self.session, actor="ada@example.com")

    def held(self) -> dict[str, tuple[datetime | None, str]]:
        """Return resource -> end and message of what AWS holds for the rule."""
        config = client(self.aws.url, "config")
        found = config.describe_remediation_exceptions(ConfigRuleName=RULE)["RemediationExceptions"]
        return {one["ResourceId"]: (one.get("ExpirationTime"), one.get("Message", "")) for one in found}

    def phases(self) -> list[tuple[str, str]]:
        with self.engine.connect() as connection:
            return [(one["action_id"], one["phase"]) for one in reversed(listing(connection))]

    def calls(self) -> int:
        return sum(self.aws.faults.calls[one] for one in CALLED)


def settings_of(config: Path, lake: Path, actuation: str = ON) -> Settings:
    config.mkdir()
    shipped = (conftest.ROOT / "include/policies/observation.yaml").read_text("utf-8")
    policies(config / "policies", actuation=actuation, observation=shipped)
    return Settings(now=NOW, lake=str(lake), config_dir=config, aws_pace=0)


@contextmanager
def scene(register: Engine, tmp_path: Path, world: World) -> Iterator[Scene]:
    """A scene of its own, for a world of its own."""
    with serve(world) as aws:
        yield Scene(aws, register, settings_of(tmp_path / "config", tmp_path / "lake"))


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    with serve(organization()) as handle:
        yield handle


@pytest.fixture(scope="module")
def observed(
    aws: Any, postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """Name of a register to copy, and the lake: buckets 1, 3, 5, 7 break the rule, 1 and 3 are approved."""
    folder = tmp_path_factory.mktemp("observed")
    with quick_postgres.database_of(postgres_url, migrated_template) as url:
        engine = database.connect(url)
        made = Scene(aws, engine, settings_of(folder / "config", folder / "lake"))
        made.approve("A", 1, 3)
        made.observe()
        engine.dispose()
        yield str(make_url(url).database), folder / "lake"


@pytest.fixture
def hub_url(observed: tuple[str, Path], postgres_url: str) -> Iterator[str]:
    with quick_postgres.database_of(postgres_url, observed[0]) as url:
        yield url


@pytest.fixture
def hub(aws: Any, observed: tuple[str, Path], hub_url: str, tmp_path: Path) -> Iterator[Scene]:
    """The hub as it was observed; what a test puts there is gone after it."""
    aws.faults.clear()
    engine = database.connect(hub_url)
    yield Scene(aws, engine, settings_of(tmp_path / "config", observed[1]))
    engine.dispose()
    aws.faults.clear()
    config = client(aws.url, "config")
    held = config.describe_remediation_exceptions(ConfigRuleName=RULE)["RemediationExceptions"]
    keys = [{name: one[name] for name in ("ResourceType", "ResourceId")} for one in held]
    if keys:
        config.delete_remediation_exceptions(ConfigRuleName=RULE, ResourceKeys=keys)


def test_the_plan_says_exactly_what_would_be_called_and_asks_aws_nothing(hub: Scene) -> None:
    [call] = hub.plan().calls
    arguments = call.arguments("ACT-000001")
    assert (call.operation, call.account, call.region) == (PUT, HUB, HOME)
    assert arguments == {
        "ConfigRuleName": RULE,
        "ResourceKeys": [{"ResourceType": BUCKET, "ResourceId": bucket(n)} for n in (1, 3)],
        "Message": f"{call.request_id} (ACT-000001, governance register)",
        "ExpirationTime": END.isoformat(),
    }
    assert not hub.aws.faults.calls
    assert hub.phases() == []


def test_what_is_approved_is_put_until_its_end_and_never_twice(hub: Scene) -> None:
    done = hub.act()
    assert (done.put, done.failed, done.actions) == (2, [], ["ACT-000001"])
    assert {name: ends for name, (ends, _) in hub.held().items()} == {bucket(1): END, bucket(3): END}
    assert hub.plan().calls == []  # the snapshot is older, the history is not
    assert hub.act() == Done()
    later = NOW + timedelta(hours=1)
    hub.observe(later)
    assert hub.act(now=later) == Done()
    assert hub.calls() == 0  # counted since the last observation
    assert hub.phases() == [("ACT-000001", "intended"), ("ACT-000001", "answered")]


def test_every_action_is_told_with_its_arguments_and_aws_answer(hub: Scene) -> None:
    hub.act()
    with hub.engine.connect() as connection:
        answered, intended = listing(connection)
        assert listing(connection, request_id=intended["request_id"]) == [answered, intended]
        assert listing(connection, request_id="EXC-999999") == []
    assert intended["detail"]["arguments"]["ExpirationTime"] == END.isoformat()
    assert answered["detail"]["response"] == {"FailedBatches": []}
    assert len(answered["detail"]["done"]) == 2
    assert answered["detail"]["request_id"]
    assert {answered["actor"], answered["account"]} == {"ada@example.com", HUB}


def test_the_history_of_actions_cannot_be_rewritten_unnoticed(hub: Scene) -> None:
    hub.act()
    with hub.engine.connect() as connection:
        assert broken(connection) == []
    with pytest.raises(IntegrityError, match="append-only"), hub.engine.begin() as connection:
        connection.execute(text("DELETE FROM action_event"))
    with hub.engine.begin() as connection:
        connection.execute(text("ALTER TABLE action_event DISABLE TRIGGER append_only"))
        connection.execute(text("UPDATE action_event SET actor = 'eve@example.com' WHERE event = 1"))
    with hub.engine.begin() as connection:
        assert broken(connection) == ["action event 1: it was altered"]
        connection.execute(text("DELETE FROM action_event WHERE event = 1"))
        assert broken(connection) == ["action event 2: the event before it is missing"]


@pytest.mark.parametrize(
    "actuation", ["enabled: false\nremediation_exceptions: {put: true, delete: true}\n", None]
)
def test_without_the_policy_that_says_so_nothing_is_called(hub: Scene, actuation: str | None) -> None:
    file = hub.settings.config_dir / "policies/actuation.yaml"
    file.write_text(actuation) if actuation else file.unlink()
    with pytest.raises(GovernanceError, match="actuation is off"):
        hub.act()
    assert (hub.calls(), hub.held(), hub.phases()) == (0, {}, [])


def test_what_ships_is_off(tmp_path) -> None:
    from governance import resources
    from governance.actuation.policy import read

    assert read(resources.folder("policies")).enabled is False


def test_what_was_put_here_and_is_approved_no_longer_is_deleted(hub: Scene) -> None:
    hub.approve("B", 5)
    assert hub.act().put == 3
    hub.revoke("A", 1, 3)
    [call] = hub.plan().calls
    assert (call.operation, call.keys) == (DELETE, ((BUCKET, bucket(1)), (BUCKET, bucket(3))))
    assert hub.act().deleted == 2
    assert set(hub.held()) == {bucket(5)}
    assert hub.act() == Done()


def test_what_others_put_is_left_alone_and_told(register, tmp_path) -> None:
    common = {"ConfigRuleName": RULE, "ResourceType": BUCKET}
    held = (
        {**common, "ResourceId": bucket(1), "Message": "requested by phone"},  # nobody approved it
        {**common, "ResourceId": bucket(3), "Message": "EXC-000001 (ACT-000001, governance register)",
         "ExpirationTime": NOW + timedelta(days=2)},  # looks like ours, until another end
        {**common, "ResourceId": bucket(5), "Message": "by hand", "ExpirationTime": END},  # as approved
    )  # fmt: skip
    with scene(register, tmp_path, organization(held=held)) as made:
        made.approve("A", 3, 5)
        made.observe()
        plan = made.plan()
        assert plan.calls == []
        assert plan.left == {
            "excepted until another end than approved, and not from here": 1,
            "excepted without approval, and not from here": 1,
        }
        before = made.held()
        assert made.act() == Done()
        assert made.held() == before


def test_a_new_end_is_put_over_the_old_one(hub: Scene) -> None:
    hub.act()
    hub.approve("A", 1, 3, valid_until=END - timedelta(days=10), valid_at=NOW - timedelta(hours=2), at=NOW)
    hub.approve("R", 1, valid_until=END + timedelta(days=5), valid_at=NOW - timedelta(hours=2), at=NOW)
    assert hub.act().put == 2
    assert {name: ends for name, (ends, _) in hub.held().items()} == {
        bucket(1): END + timedelta(days=5),  # the latest end among what covers it
        bucket(3): END - timedelta(days=10),
    }
    assert hub.act() == Done()


def test_a_resource_that_fails_inside_an_answer_is_told_and_tried_again_alone(hub: Scene) -> None:
    hub.aws.faults.partial(CALLED[0])
    done = hub.act()
    assert done.put == 1
    assert done.failed == [
        f"ACT-000001 {HUB} {HOME} {RULE} {BUCKET} {bucket(3)}: Internal failure, try again"
    ]
    with hub.engine.connect() as connection:
        detail = listing(connection)[0]["detail"]
    assert [one["ResourceId"] for one in detail["done"]] == [bucket(1)]
    assert detail["response"]["FailedBatches"][0]["FailureMessage"] == "Internal failure, try again"
    [call] = hub.plan().calls
    assert call.keys == ((BUCKET, bucket(3)),)
    assert (hub.act().put, set(hub.held())) == (1, {bucket(1), bucket(3)})


def test_a_kill_after_the_call_repeats_nothing_and_its_outcome_is_found(hub: Scene, monkeypatch) -> None:
    tell = History.tell

    def killed(self, action, phase, detail):  # type: ignore[no-untyped-def]
        if phase == "answered":
            raise KeyboardInterrupt
        tell(self, action, phase, detail)

    with monkeypatch.context() as patched:
        patched.setattr(History, "tell", killed)
        with pytest.raises(KeyboardInterrupt):
            hub.act()
    assert set(hub.held()) == {bucket(1), bucket(3)}
    assert hub.act() == Done(settled=1)
    assert hub.aws.faults.calls[CALLED[0]] == 1
    assert hub.phases() == [("ACT-000001", "intended"), ("ACT-000001", "found")]
    hub.revoke("A", 1, 3)  # what nobody saw the answer of is ours all the same
    assert hub.act().deleted == 2


def test_a_kill_before_the_call_is_found_undone_and_called_then(hub: Scene, monkeypatch) -> None:
    config = Clients.config

    def dying(self, account, region):  # type: ignore[no-untyped-def]
        made = config(self, account, region)

        def die(**_: Any) -> None:
            raise KeyboardInterrupt

        made.put_remediation_exceptions = die
        return made

    with monkeypatch.context() as patched:
        patched.setattr(Clients, "config", dying)
        with pytest.raises(KeyboardInterrupt):
            hub.act()
    assert hub.held() == {}
    done = hub.act()
    assert (done.put, done.settled) == (2, 1)
    assert hub.phases() == [
        ("ACT-000001", "intended"), ("ACT-000001", "found"), ("ACT-000002", "intended"), ("ACT-000002", "answered"),
    ]  # fmt: skip


def test_a_call_without_an_answer_stops_the_run_and_is_settled_by_the_next(hub: Scene, monkeypatch) -> None:
    config = Clients.config

    def unanswered(self, account, region):  # type: ignore[no-untyped-def]
        made = config(self, account, region)
        put = made.put_remediation_exceptions

        def cut_off(**arguments: Any) -> None:
            put(**arguments)
            raise ReadTimeoutError(endpoint_url="https://config")

        made.put_remediation_exceptions = cut_off
        return made

    with monkeypatch.context() as patched:
        patched.setattr(Clients, "config", unanswered)
        with pytest.raises(SourceUnavailableError, match="ACT-000001: no answer of AWS"):
            hub.act()
    assert hub.act() == Done(settled=1)
    assert [phase for _, phase in hub.phases()] == ["intended", "unclear", "found"]


def test_a_refused_call_is_told_and_does_not_stop_the_next(hub: Scene) -> None:
    hub.approve("B", 5)
    hub.aws.faults.error(CALLED[0], "InsufficientPermissionsException", times=1)
    done = hub.act()
    assert done.put == 1
    assert "InsufficientPermissionsException" in done.failed[0]
    assert [phase for _, phase in hub.phases()] == ["intended", "refused", "intended", "answered"]
    assert hub.act().put == 2


def test_rules_of_a_service_are_never_touched(hub: Scene) -> None:
    hub.approve("B", scope={"account": [HUB], "resource": [bucket(n) for n in (1, 3)]})
    plan = hub.plan()
    assert {call.rule for call in plan.calls} == {RULE}
    words = "rule or remediation is one of securityhub.amazonaws.com: AWS takes no exceptions for it"
    assert plan.left == {words: 2}


def test_a_remediation_that_a_service_made_is_left_alone(register, tmp_path) -> None:
    with scene(register, tmp_path, organization(CreatedByService="config-conforms.amazonaws.com")) as made:
        made.approve("A", 1)
        made.observe()
        plan = made.plan()
        assert (plan.calls, sum(plan.left.values())) == ([], 1)


def test_compliant_resources_and_rules_without_remediation_get_nothing(hub: Scene) -> None:
    hub.revoke("A", 1, 3)
    hub.approve("B", 2, 4)  # compliant
    hub.approve("C", scope={"account": [PAYMENTS]})  # its places have no remediation
    plan = hub.plan()
    assert (plan.calls, plan.left) == ([], {})


@pytest.mark.parametrize("operation", ["DescribeRemediationExceptions", "DescribeRemediationConfigurations"])
def test_what_was_not_observed_whole_is_not_acted_upon(hub: Scene, operation: str) -> None:
    hub.aws.faults.deny(f"config:{operation}")
    later = NOW + timedelta(hours=1)
    hub.observe(later)
    plan = hub.plan(now=later)
    assert plan.calls == []
    assert any("AccessDenied" in reason for _, reason in plan.gaps)


def test_old_evidence_is_not_acted_upon(hub: Scene) -> None:
    plan = hub.plan(now=NOW + timedelta(days=2))
    assert plan.calls == []
    assert any("older than its limit" in reason for _, reason in plan.gaps)


@pytest.mark.parametrize(
    "limits", ["max_puts: 1", "accounts: ['999*']", "regions: [us-*]", "rules: [other-*]", "put: false"]
)
def test_the_policy_bounds_what_may_be_done(hub: Scene, limits: str) -> None:
    allowed = "put: false" if "put:" in limits else f"put: true\n  {limits}"
    policy = f"enabled: true\nremediation_exceptions:\n  delete: true\n  {allowed}\n"
    (hub.settings.config_dir / "policies/actuation.yaml").write_text(policy)
    if "max" in limits:
        with pytest.raises(GovernanceError, match=r"for 2 resources.*max_puts: 1"):
            hub.act()
    else:
        plan, done = hub.planned_and_done()
        assert (sum(plan.left.values()), done) == (2, Done())
    assert (hub.held(), hub.phases()) == ({}, [])


def test_a_call_names_a_hundred_resources_at_most(register, tmp_path) -> None:
    with scene(register, tmp_path, organization(buckets=206)) as made:
        made.approve("A", scope={"account": [HUB], "rule": [RULE]})
        made.observe()
        assert [len(call.keys) for call in made.plan().calls] == [100, 3]
        assert made.act().put == 103
        assert made.aws.faults.calls[CALLED[0]] == 2


def test_the_generated_policy_is_enough_and_none_of_it_is_idle(hub: Scene) -> None:
    policy = actuation_policy(ActuationPolicy())
    [statement] = policy["Statement"]
    hub.aws.faults.allow_only(*statement["Action"])
    assert (hub.act().put, hub.act()) == (2, Done())
    hub.revoke("A", 1, 3)
    assert hub.act().deleted == 2
    hub.approve("B", 5)
    for missing in (CALLED[0], "config:DescribeRemediationExceptions"):
        hub.aws.faults.clear()
        hub.aws.faults.allow_only(*(set(ACTIONS) - {missing}))
        done = hub.act()
        assert done.put == 0
        assert "AccessDenied" in done.failed[0]
    hub.aws.faults.clear()
    hub.act()
    hub.revoke("B", 5)
    hub.aws.faults.allow_only(*(set(ACTIONS) - {CALLED[1]}))
    assert "AccessDenied" in hub.act().failed[0]


def test_observing_is_no_permission_to_act() -> None:
    from governance.observation.permissions import allowed, hub_policy

    assert {action for action in ACTIONS if not action.startswith("config:Describe")} & allowed(
        hub_policy()
    ) == set()


def test_regions_and_members_bound_the_printed_policy() -> None:
    narrow = ActuationPolicy.model_validate(
        {"member_role": "governance-act", "remediation_exceptions": {"regions": ["eu-*"]}}
    )
    act, enter = actuation_policy(narrow)["Statement"]
    assert act["Condition"] == {"StringLike": {"aws:RequestedRegion": ["eu-*"]}}
    assert enter["Resource"] == "arn:aws:iam::*:role/governance-act"


def in_payments() -> Call:
    key = (BUCKET, f"bucket-02-{HOME}-00001")
    return Call(PUT, PAYMENTS, HOME, RULE, None, "EXC-000009", END, (key,))


def acting(made: Scene, policy: ActuationPolicy) -> Run:
    clients = Clients(made.session, policy, Calls())
    return Run(History(made.engine, NOW, "ada@example.com"), clients, frozenset(), Done(), "none")


def test_members_are_entered_by_their_role_once(hub: Scene) -> None:
    run = acting(hub, ActuationPolicy(member_role="governance-act", external_id="secret-word"))
    run.act(in_payments())
    run.act(in_payments())
    assert (run.done.put, run.done.already, run.done.failed) == (1, 1, [])
    assert hub.aws.faults.calls["sts:AssumeRole"] == 1
    there = client(hub.aws.url, "config", **assumed(hub.aws.url, PAYMENTS))
    assert len(there.describe_remediation_exceptions(ConfigRuleName=RULE)["RemediationExceptions"]) == 1
    assert hub.held() == {}  # not in the hub


def test_credentials_of_a_member_are_asked_for_anew_before_they_end(hub: Scene) -> None:
    ahead = [timedelta()]
    policy = ActuationPolicy(member_role="governance-act")
    clients = Clients(hub.session, policy, Calls(), clock=lambda: datetime.now(UTC) + ahead[0])
    for later, asked in ((timedelta(), 1), (timedelta(minutes=54), 1), (timedelta(minutes=58), 2)):
        ahead[0] = later
        clients.config(PAYMENTS, HOME)
        assert hub.aws.faults.calls["sts:AssumeRole"] == asked


def test_a_member_that_lets_nobody_in_is_told_and_nothing_else_stops(hub: Scene) -> None:
    run = acting(hub, ActuationPolicy())
    run.act(in_payments())
    assert "names no member_role" in run.done.failed[0]
    hub.aws.faults.deny("sts:AssumeRole")
    refused = acting(hub, ActuationPolicy(member_role="governance-act"))
    refused.act(in_payments())
    assert "AccessDenied" in refused.done.failed[0]
    assert hub.phases() == []


def test_two_runs_do_not_act_at_once(hub: Scene) -> None:
    from governance.actuation.act import one_at_a_time

    with one_at_a_time(hub.engine), pytest.raises(GovernanceError, match="another run is acting"):
        hub.act()
    assert hub.act().put == 2


def test_the_pace_is_that_of_the_policy() -> None:
    policy = ActuationPolicy(calls_per_second={"default": 1, CALLED[0]: 0.5})
    slow = flow.pace(policy, 1.0)
    waited: list[float] = []
    slow.clock, slow.sleep = (lambda: 0.0), waited.append
    for action in (CALLED[0], CALLED[0], CALLED[1], CALLED[1]):
        slow.wait(action)
    assert waited == [2.0, 1.0]


@pytest.fixture
def shell(hub: Scene, hub_url: str, monkeypatch) -> Scene:
    connection = {
        "conn_type": "aws",
        "login": "testing",
        "password": "testing",
        "extra": {"region_name": HOME},
    }
    for name, value in {
        "GOVERNANCE_REGISTER_URL": hub_url, "GOVERNANCE_LAKE": hub.settings.lake, "GOVERNANCE_AWS_PACE": "0",
        "GOVERNANCE_NOW": NOW.isoformat(), "GOVERNANCE_CONFIG_DIR": str(hub.settings.config_dir),
        "AWS_ENDPOINT_URL": hub.aws.url, "AIRFLOW_CONN_AWS_ACTUATION": json.dumps(connection),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GOVERNANCE_USER", raising=False)
    return hub


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_the_command_plans_acts_and_tells(shell: Scene) -> None:
    planned = run("act")
    assert f"config:PutRemediationExceptions {HUB} {HOME} {RULE}" in planned.output
    assert "until 2026-12-16T08:00:00Z, 2 resource(s)" in planned.output
    assert "1 call(s) would be made" in planned.output
    assert shell.held() == {}
    assert isinstance(run("act", "--apply").exception, GovernanceError)  # nobody says who acts
    assert "2 put, 0 deleted" in run("act", "--apply", "--by", "ada@example.com").output
    assert "0 put, 0 deleted" in run("act", "--apply", "--by", "ada@example.com").output
    told = run("actions").output
    assert "ACT-000001 answered" in told
    assert "2 done, 0 failed" in told
    assert json.loads(run("actions", "--action", "ACT-000001", "--json").output)[0]["phase"] == "answered"
    assert "hash chain" not in run("register", "verify").output
    assert run("register", "verify").exit_code == 0


def test_the_story_of_an_exception_tells_what_was_done_for_it(shell: Scene) -> None:
    shell.act()
    request_id = json.loads(run("actions", "--json").output)[0]["request_id"]
    told = " ".join(run("explain", request_id).output.split())
    assert (
        f"ACT-000001 answered: PutRemediationExceptions {HUB} {HOME} {RULE}, 2 done, 0 failed, by ada" in told
    )


def test_the_command_fails_where_a_resource_failed(shell: Scene) -> None:
    shell.aws.faults.partial(CALLED[0])
    done = run("act", "--apply", "--by", "ada@example.com", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["done"]["put"] == 1


def test_without_the_connection_of_its_own_nothing_is_called(shell: Scene, monkeypatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_AWS_ACTUATION")
    refused = run("act", "--apply", "--by", "ada@example.com")
    assert "aws_actuation" in str(refused.exception)
    assert shell.held() == {}


def test_iam_prints_the_policy_of_acting_apart(shell: Scene) -> None:
    act = json.loads(run("iam", "--act").output)
    assert act == actuation_policy(ActuationPolicy())
    hub = run("iam").output
    assert "config:DescribeConfigRules" in hub
    assert "config:PutRemediationExceptions" not in hub


def test_frames_of_nothing_make_a_plan_of_nothing(register, tmp_path) -> None:
    """No remediation anywhere, no exception anywhere: nothing to call, nothing unknown."""
    empty = replace(organization().planes, remediations={}, remediation_exceptions={})
    with scene(register, tmp_path, replace(organization(), planes=empty)) as made:
        made.approve("A", 1)
        made.observe()
        plan = made.plan()
        assert (plan.calls, plan.left) == ([], {})
