"""The organization of the scenario: as many of everything as promised, and the same every time."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import yaml

from governance.sandbox.scenario import NOW, Scenario, build
from governance.sandbox.world import EVALUATION_COLUMNS, RECORDER_COLUMNS, RULE_STATUS_COLUMNS


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return build()


def everything(scenario: Scenario) -> list[bytes]:
    """All that a scenario consists of, as bytes."""
    world = scenario.world
    frames = [world.evaluations, world.rule_status, world.recorders]
    plain = (world.units, world.accounts, world.policies, world.rules, scenario.planted)
    return [
        *(frame.to_csv(index=False).encode() for frame in frames),
        repr(plain).encode(),
        json.dumps(scenario.jira_issues).encode(),
        *(key.encode() + content for key, content in scenario.csv_drops.items()),
        *(key.encode() + content for key, content in scenario.office_files.items()),
        *(name.encode() + text.encode() for name, text in scenario.yaml_registers.items()),
        *(message.content for message in scenario.mailbox),
    ]


def test_two_builds_of_one_seed_are_equal_byte_for_byte(scenario: Scenario) -> None:
    again = build.__wrapped__(20261116)
    assert again is not scenario
    assert everything(again) == everything(scenario)


def test_another_seed_tells_another_story_that_still_holds(scenario: Scenario) -> None:
    other = build.__wrapped__(7)
    assert everything(other) != everything(scenario)
    assert len(other.planted) > 150


def test_sixty_accounts_live_in_eight_units_over_three_levels(scenario: Scenario) -> None:
    world = scenario.world
    assert [account.id for account in world.accounts] == [f"1{n:011d}" for n in range(1, 61)]
    assert len({account.name for account in world.accounts}) == 60
    assert sorted(unit.path for unit in world.units) == [
        "Infrastructure", "Sandbox", "Security", "Suspended", "Workloads", "Workloads/NonProd",
        "Workloads/Prod", "Workloads/Prod/Payments",
    ]  # fmt: skip
    assert all(unit.id.startswith("ou-gov0-") and len(unit.id) == 16 for unit in world.units)
    payments = next(account for account in world.accounts if account.name == "payments-ledger-prod")
    assert world.path_of(payments).count("/ou-") == 3
    states = pd.Series([account.state for account in world.accounts]).value_counts()
    assert states.to_dict() == {"ACTIVE": 56, "SUSPENDED": 2, "CLOSED": 1, "PENDING_CLOSURE": 1}


def test_every_parent_and_every_policy_target_exists(scenario: Scenario) -> None:
    world = scenario.world
    places = {world.root_id, *(unit.id for unit in world.units)}
    assert {unit.parent_id for unit in world.units} | {a.parent_id for a in world.accounts} <= places
    targets = {target for policy in world.policies for target in policy.targets}
    assert targets <= places | {account.id for account in world.accounts}
    carved_out = [policy for policy in world.policies if "aws:PrincipalTag" in json.dumps(policy.content)]
    assert [policy.name for policy in carved_out] == ["deny-unapproved-regions"]


def test_forty_rules_evaluate_about_fifty_thousand_things(scenario: Scenario) -> None:
    world, evaluations = scenario.world, scenario.world.evaluations
    assert len({rule.name for rule in world.rules}) == 40
    assert sum(rule.created_by is not None for rule in world.rules) == 8
    assert tuple(evaluations.columns) == EVALUATION_COLUMNS
    assert 47_000 < len(evaluations) < 53_000
    assert set(evaluations["rule"]) == {rule.name for rule in world.rules}
    assert set(evaluations["region"]) == set(world.regions)
    assert not evaluations.duplicated(["account", "region", "rule", "resource_id"]).any()
    share = (evaluations["compliance"] == "NON_COMPLIANT").mean()
    assert 0.07 < share < 0.09


def test_times_are_utc_and_never_after_now(scenario: Scenario) -> None:
    world = scenario.world
    times = [
        world.evaluations["recorded_at"], world.rule_status["last_evaluated_at"],
        world.rule_status["last_failed_at"], world.recorders["last_status_change_at"],
    ]  # fmt: skip
    assert {str(column.dtype) for column in times} == {"datetime64[us, UTC]"}
    assert max(column.max() for column in times) < NOW


def test_only_active_accounts_are_heard_of(scenario: Scenario) -> None:
    world = scenario.world
    active = {account.id for account in world.accounts if account.state == "ACTIVE"}
    assert tuple(world.rule_status.columns) == RULE_STATUS_COLUMNS
    assert tuple(world.recorders.columns) == RECORDER_COLUMNS
    for frame in (world.evaluations, world.rule_status, world.recorders):
        assert set(frame["account"]) == active
    assert len(world.recorders) == 56 * 4
    assert len(world.rule_status) == 56 * 4 * 40


def test_an_iam_user_is_judged_alike_in_every_region_that_records_it(scenario: Scenario) -> None:
    rows = scenario.world.evaluations
    users = rows[rows["resource_type"].str.startswith("AWS::IAM::")]
    judged = users.groupby(["account", "rule", "resource_id"])
    assert (judged["region"].nunique() == 2).all()
    assert (judged["compliance"].nunique() == 1).all()


def test_the_registers_are_plain_yaml_without_anchors(scenario: Scenario) -> None:
    for text in scenario.yaml_registers.values():
        assert "&id" not in text
        assert yaml.safe_load(text)["exceptions"]
