"""The planted cases refer to what exists, and a matcher of its own agrees with every one about coverage."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections import Counter
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from governance.sandbox.scenario import NOW, Planted, Scenario, build, growth
from governance.sandbox.scenario.answers import expected, table

BERLIN = ZoneInfo("Europe/Berlin")
Item = tuple[str, str, str, str, str]
"""account, region, rule, resource type, resource id"""

SHORT = re.compile(r"(?:securityhub|OrgConfigRule)-(.+)-[0-9a-z]{6,8}")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return build()


@pytest.fixture(scope="module")
def exceptions(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Those about rules of AWS Config; `guarded` are the others."""
    return {
        r["id"]: r
        for name, text in scenario.yaml_registers.items() if name != "guardrails.yaml"
        for r in yaml.safe_load(text)["exceptions"]
    }  # fmt: skip


@pytest.fixture(scope="module")
def guarded(scenario: Scenario) -> dict[str, dict[str, Any]]:
    text = scenario.yaml_registers["guardrails.yaml"]
    return {r["id"]: r for r in yaml.safe_load(text)["exceptions"]}


@pytest.fixture(scope="module")
def failing(scenario: Scenario) -> list[Item]:
    rows = scenario.world.evaluations
    names = ["account", "region", "rule", "resource_type", "resource_id"]
    return [tuple(row) for row in rows.loc[rows["compliance"] == "NON_COMPLIANT", names].to_numpy()]  # type: ignore[misc]


@pytest.fixture(scope="module")
def units(scenario: Scenario) -> dict[str, set[str]]:
    """Account -> ids and paths of the units it is below."""
    by_id = {unit.id: unit for unit in scenario.world.units}
    found = {}
    for account in scenario.world.accounts:
        chain, node = set(), account.parent_id
        while node in by_id:
            chain |= {node, by_id[node].path}
            node = by_id[node].parent_id
        found[account.id] = chain
    return found


def begins(day: date) -> datetime:
    return datetime.combine(day, time(), BERLIN)


def is_live(record: dict[str, Any]) -> bool:
    """Written here anew, straight from the words of the design."""
    approved = record["status"] == "approved" and "approver" in record
    dated = isinstance(record["requested"], date) and record["valid_from"] < record["valid_until"]
    return approved and dated and begins(record["valid_from"]) <= NOW < begins(record["valid_until"])


def covers(scope: dict[str, Any], item: Item, units: dict[str, set[str]]) -> bool:
    account, region, rule, kind, resource = item
    short = SHORT.fullmatch(rule)
    named: dict[str, list[str]] = {
        "account": [account], "region": [region], "rule": [rule, *(short.groups() if short else ())],
        "resource_type": [kind], "resource": [resource],
    }  # fmt: skip
    for dimension, patterns in scope.items():
        if dimension == "ou" and not units[account] & set(patterns):
            return False
        if dimension in named and not any(fnmatchcase(v, p) for v in named[dimension] for p in patterns):
            return False
    return not any(covers(excluded, item, units) for excluded in scope.get("exclude", ()))


def sound(scenario: Scenario, exceptions: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The register without the records that will not get past the gate."""
    wrong = {planted.key for planted in scenario.planted if planted.expects == "quarantine"}
    return {key: record for key, record in exceptions.items() if key not in wrong}


def test_the_planted_deviations_are_exactly_what_no_live_exception_covers(
    scenario: Scenario, exceptions: dict[str, Any], failing: list[Item], units: dict[str, set[str]]
) -> None:
    scopes = [scope for r in sound(scenario, exceptions).values() if is_live(r) for scope in r["scopes"]]
    uncovered = [item for item in failing if not any(covers(scope, item, units) for scope in scopes)]
    found = Counter(
        (account, None if kind.startswith("AWS::IAM::") else region, rule, resource)
        for account, region, rule, kind, resource in uncovered
    )
    planted = Counter(
        (p.account, p.region, p.rule, p.resource_id)
        for p in scenario.planted
        if p.finding_type == "UNAPPROVED_DEVIATION" and p.count is None
    )
    assert set(found) == set(planted)
    assert max(planted.values()) == 1
    assert 60 <= len(planted) <= 100
    total = next(p for p in scenario.planted if p.case == "no-other-deviation")
    assert total.count == len(planted)


def test_most_of_what_is_non_compliant_is_approved(scenario: Scenario, failing: list[Item]) -> None:
    total = next(p for p in scenario.planted if p.case == "no-other-deviation")
    assert total.count is not None
    assert total.count < 0.03 * len(failing)


@pytest.mark.parametrize(
    "verdict", ["COVERED", "EXPIRED_BUT_NONCOMPLIANT", "EXPIRED_CLEAN", "NOT_YET_ACTIVE"]
)
def test_verdicts_follow_from_dates_and_from_what_is_in_scope(
    verdict: str,
    scenario: Scenario,
    exceptions: dict[str, Any],
    failing: list[Item],
    units: dict[str, set[str]],
) -> None:
    cases = [p for p in scenario.planted if p.verdict == verdict and p.key in exceptions]
    assert len(cases) >= 3
    for planted in cases:
        record = exceptions[str(planted.key)]
        hits = sum(any(covers(scope, item, units) for scope in record["scopes"]) for item in failing)
        live, over = is_live(record), begins(record["valid_until"]) <= NOW
        told = {
            "COVERED": live and hits > 0,
            "EXPIRED_BUT_NONCOMPLIANT": over and hits > 0,
            "EXPIRED_CLEAN": over and hits == 0,
            "NOT_YET_ACTIVE": not live and not over,
        }
        assert told[verdict], (planted.case, live, over, hits)


def test_orphaned_and_suspended_accounts_are_what_organizations_says(
    scenario: Scenario, exceptions: dict[str, Any]
) -> None:
    states = {account.id: account.state for account in scenario.world.accounts}
    allowed = {"ORPHANED_ACCOUNT": {"CLOSED", "PENDING_CLOSURE", None}, "SUSPENDED_HOLD": {"SUSPENDED"}}
    for verdict, right in allowed.items():
        cases = [p for p in scenario.planted if p.verdict == verdict]
        assert len(cases) >= 2
        for planted in cases:
            accounts = exceptions[str(planted.key)]["scopes"][0]["account"]
            assert {states.get(account) for account in accounts} <= right


def test_orphaned_rules_and_resources_are_nowhere(scenario: Scenario, exceptions: dict[str, Any]) -> None:
    rules = {rule.name for rule in scenario.world.rules}
    resources = set(scenario.world.evaluations["resource_id"])
    for planted in scenario.planted:
        known = planted.verdict and planted.key in exceptions
        scope = exceptions[str(planted.key)]["scopes"][0] if known else {}
        if planted.verdict == "ORPHANED_RULE":
            assert not rules & set(scope["rule"])
        if planted.verdict == "ORPHANED_RESOURCE":
            assert not resources & set(scope["resource"])
            assert rules & set(scope["rule"])


def test_where_the_answer_is_unknown_evidence_is_missing(
    scenario: Scenario, exceptions: dict[str, Any]
) -> None:
    world = scenario.world
    recorders = world.recorders.set_index(["account", "region"])
    status = world.rule_status.set_index(["account", "region", "rule"])
    cases = [p for p in scenario.planted if p.verdict == "UNKNOWN" and p.key in exceptions]
    assert len(cases) == 5
    for planted in cases:
        scope = exceptions[str(planted.key)]["scopes"][0]
        place = (scope["account"][0], scope["region"][0])
        recorder, rule = recorders.loc[place], status.loc[(*place, scope["rule"][0])]
        off = not recorder["recording"] or recorder["last_status"] == "FAILURE"
        never = rule.isna()["last_evaluated_at"]
        assert off or never or rule["last_failed_at"] > rule["last_evaluated_at"]


def test_the_scope_that_grew_is_the_only_thing_that_did(scenario: Scenario) -> None:
    before, now = growth.before(scenario.world), scenario.world
    key = ["account", "region", "rule", "resource_type", "resource_id"]
    old, new = (set(world.evaluations[key].itertuples(index=False)) for world in (before, now))
    assert old < new
    assert {(row.account, row.region, row.resource_type) for row in new - old} == {
        ("100000000031", "eu-central-1", "AWS::S3::Bucket")
    }
    assert before.evaluations.recorded_at.max() <= growth.THEN < now.evaluations.recorded_at.max()
    matched = [len({row for row in rows if row[0] == "100000000031" and row.region == "eu-central-1"
                    and row.rule.startswith("s3-bucket-")}) for rows in (old, new)]  # fmt: skip
    assert matched[1] > matched[0] + max(25, matched[0] // 2), "beyond what the shipped policy tolerates"


def test_accounts_that_moved_are_no_longer_where_they_were_approved(
    scenario: Scenario, exceptions: dict[str, Any], units: dict[str, set[str]]
) -> None:
    cases = [p for p in scenario.planted if p.verdict == "SCOPE_DRIFT" and p.case != "scope-grew"]
    assert len(cases) >= 2
    for planted in cases:
        scope = exceptions[str(planted.key)]["scopes"][0]
        assert not units[scope["account"][0]] & set(scope["ou"])


def texts_of(files: dict[str, bytes]) -> str:
    """All text in the files of the offices, unpacked."""
    found = []
    for name, content in files.items():
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as parts:
                found += [parts.read(part).decode() for part in parts.namelist()]
        else:
            found.append((gzip.decompress(content) if name.endswith(".gz") else content).decode())
    return "\n".join(found)


def test_what_is_said_of_other_planes_follows_from_what_is_served_there(
    scenario: Scenario, guarded: dict[str, Any]
) -> None:
    """Written here anew, for the plain cases: what a control or policy names, letter by letter."""
    served = repr([scenario.world.planes.enabled_controls, scenario.world.policies])
    for planted in scenario.planted:
        if planted.key not in guarded or not planted.verdict:
            continue
        scope, live = guarded[planted.key]["scopes"][0], is_live(guarded[planted.key])
        named = [*scope.get("principal", ()), *scope.get("action", ()), *scope.get("tag", {}).values()]
        named += scope.get("account", ()) if "policy" in scope else ()
        there = [name for name in named if f"'{name}'" in served]
        if planted.verdict in ("PRESENT", "EXPIRED_BUT_PRESENT"):
            assert named == there, planted
            assert live is (planted.verdict == "PRESENT")
        if planted.verdict in ("MISSING", "EXPIRED_CLEAN", "DIFFERENT"):
            assert len(there) < len(named), planted
        if planted.verdict == "ORPHANED_GUARDRAIL":
            assert not any(name in served for name in (*scope.get("control", ()), *scope.get("policy", ())))


def test_every_case_names_a_record_that_exists(
    scenario: Scenario, exceptions: dict[str, Any], guarded: dict[str, Any]
) -> None:
    texts = "\n".join(content.decode("utf-8-sig") for content in scenario.csv_drops.values())
    issues = {issue["key"] for issue in scenario.jira_issues}
    offices = texts_of(scenario.office_files)
    planes = scenario.world.planes
    items = {row["OpsItemId"] for rows in planes.ops_items.values() for row in rows}
    records = {one.detail["RecordId"] for found in planes.records.values() for one in found}
    changes = {row["number"] for row in scenario.servicenow_tables["change_request"]}
    forms = {str(issue["number"]) for issue in scenario.github_issues}
    mails = "\n".join(message.content.decode("latin-1") for message in scenario.mailbox)
    for planted in scenario.planted:
        if planted.key is None and planted.fragment:
            assert planted.fragment in texts
        elif planted.key is not None:
            there = {"platform_jira": planted.key in issues, "landing_zone_csv": f"{planted.key};" in texts,
                     "exception_register": planted.key in {**exceptions, **guarded}, "ops_items": planted.key in items,
                     "service_catalog": planted.key in records, "service_desk": planted.key in changes,
                     "platform_requests": planted.key in forms, "governance_mailbox": planted.key in mails,
                     "form": f"{planted.key}.json" in scenario.submissions,
                     "procedure_changes": planted.key in offices, "process_changes": planted.key in offices}  # fmt: skip
            assert there[str(planted.source)], planted


def test_each_kind_of_defect_is_planted_at_least_twice(scenario: Scenario) -> None:
    kinds: Counter[str | None] = Counter()
    for planted in scenario.planted:
        if not planted.case.startswith(
            "promise-"
        ):  # one for each verdict: see test_sandbox_scenario_promises
            kinds[planted.verdict or planted.finding_type or planted.rung or planted.expects] += 1
    kinds.subtract(p.expects for p in scenario.planted if p.expects == "quarantine" and p.count is not None)
    assert min(kinds.values()) >= 2
    for source, number in (("platform_jira", 5), ("landing_zone_csv", 6), ("exception_register", 6),
                           ("ops_items", 4), ("service_catalog", 3), ("governance_mailbox", 4),
                           ("procedure_changes", 3), ("process_changes", 3)):  # fmt: skip
        wrong = [p for p in scenario.planted if p.expects == "quarantine" and p.source == source]
        assert len([p for p in wrong if p.count is None]) == number
        assert [p.count for p in wrong if p.count is not None] == [number]


def test_cases_can_be_told_apart(scenario: Scenario) -> None:
    def identity(planted: Planted) -> tuple[object, ...]:
        return (planted.case, planted.source, planted.key, planted.account, planted.rule, planted.resource_id)

    assert len({identity(planted) for planted in scenario.planted}) == len(scenario.planted)


def test_the_answers_can_be_printed(scenario: Scenario) -> None:
    assert table(scenario).row_count == len(scenario.planted)
    assert all(expected(planted) != "None" for planted in scenario.planted)
    assert all(planted.why for planted in scenario.planted)
