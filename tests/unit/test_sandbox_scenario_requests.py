"""Fourteen months of requests: enough of every kind, told in an order that could have happened."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import yaml

from governance.register import ownership
from governance.register.request import THING_TYPES, TRANSITIONS, UNDECIDED
from governance.register.scope import SCOPES
from governance.resources import folder
from governance.sandbox.scenario import NOW, Scenario, build
from governance.sandbox.scenario.jira_issues import _STATUS as JIRA_WORDS
from governance.sandbox.scenario.landing_zone import _STATE as CSV_WORDS
from governance.sandbox.scenario.landing_zone import COLUMNS

BERLIN = ZoneInfo("Europe/Berlin")
JIRA_STATUS = {word: status for status, word in JIRA_WORDS.items()}
CSV_STATUS = {word: status for status, word in CSV_WORDS.items()}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return build()


@pytest.fixture(scope="module")
def rows(scenario: Scenario) -> list[dict[str, str]]:
    return [
        row
        for content in scenario.csv_drops.values()
        for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    ]


@pytest.fixture(scope="module")
def records(scenario: Scenario) -> list[dict[str, Any]]:
    return [r for text in scenario.yaml_registers.values() for r in yaml.safe_load(text)["exceptions"]]


def spoilt(scenario: Scenario) -> set[str | None]:
    """Keys of the records that are wrong on purpose."""
    return {planted.key for planted in scenario.planted if planted.expects == "quarantine"}


def bypassed(scenario: Scenario) -> set[str | None]:
    return {planted.key for planted in scenario.planted if planted.finding_type == "PROCESS_BYPASS"}


def in_berlin(text: str) -> datetime:
    return datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=BERLIN)


def story(issue: dict[str, Any]) -> list[tuple[datetime, str]]:
    """When an issue became what, oldest first."""
    changes = [
        (datetime.fromisoformat(entry["created"]), item["toString"], item["fromString"])
        for entry in reversed(issue["changelog"]["histories"])
        for item in entry["items"]
        if item["field"] == "status"
    ]
    first = changes[0][2] if changes else issue["fields"]["status"]["name"]
    steps = [(datetime.fromisoformat(issue["fields"]["created"]), first)]
    return steps + [(at, word) for at, word, _ in changes]


def test_there_are_about_six_hundred_and_fifty_requests_of_three_kinds(
    scenario: Scenario, rows: list[dict[str, str]], records: list[dict[str, Any]]
) -> None:
    kinds = Counter(issue["fields"]["issuetype"]["name"] for issue in scenario.jira_issues)
    kinds["LZ"] = len({row["Request No"] for row in rows})
    kinds["EXR"] = len(records)
    assert 600 < kinds.total() < 700
    assert min(kinds.values()) > 75


def test_the_sources_tell_of_fourteen_months_and_not_of_the_future(
    scenario: Scenario, rows: list[dict[str, str]], records: list[dict[str, Any]]
) -> None:
    created = [datetime.fromisoformat(issue["fields"]["created"]) for issue in scenario.jira_issues]
    updated = [datetime.fromisoformat(issue["fields"]["updated"]) for issue in scenario.jira_issues]
    assert min(created) < datetime(2025, 10, 1, tzinfo=UTC)
    assert max(updated) < NOW
    changes = [in_berlin(row["Last Change"]) for row in rows if row["Last Change"]]
    assert max(changes) < NOW
    assert max(record["updated"] for record in records) < NOW


def test_every_key_is_used_once_and_every_record_is_different(
    scenario: Scenario, rows: list[dict[str, str]], records: list[dict[str, Any]]
) -> None:
    keys = [issue["key"] for issue in scenario.jira_issues] + [record["id"] for record in records]
    assert len(set(keys)) == len(keys)
    assert len({tuple(row.values()) for row in rows}) == len(rows)


def test_sound_tickets_obey_the_transition_table_unless_planted(scenario: Scenario) -> None:
    planted = spoilt(scenario) | bypassed(scenario)
    for issue in scenario.jira_issues:
        if issue["key"] in planted:
            continue
        steps = story(issue)
        statuses = [JIRA_STATUS[word] for _, word in steps]
        assert statuses[-1] == JIRA_STATUS[issue["fields"]["status"]["name"]]
        assert statuses[0] == "submitted"
        assert all(after in TRANSITIONS[before] for before, after in pairwise(statuses))
        assert all(before[0] < after[0] for before, after in pairwise(steps))


def test_drops_obey_the_transition_table_unless_planted(
    scenario: Scenario, rows: list[dict[str, str]]
) -> None:
    planted = spoilt(scenario) | bypassed(scenario)
    seen: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row["Request No"] not in planted and row["State"] in CSV_STATUS:
            seen[row["Request No"]].append(CSV_STATUS[row["State"]])
    for statuses in seen.values():
        assert statuses[0] == "submitted"
        assert all(after in TRANSITIONS[before] for before, after in pairwise(statuses))


def test_a_drop_holds_every_column_and_only_what_was_known_on_its_sunday(scenario: Scenario) -> None:
    assert len(scenario.csv_drops) == 14
    assert "landing-zone/2026-W46.csv" in scenario.csv_drops
    for key, content in scenario.csv_drops.items():
        text = content.decode("utf-8-sig")
        assert content.startswith(b"\xef\xbb\xbf")
        assert text.splitlines()[0].split(";") == list(COLUMNS)
        year, week = key.removeprefix("landing-zone/").removesuffix(".csv").split("-W")
        taken = datetime.combine(date.fromisocalendar(int(year), int(week), 7), datetime.min.time(), BERLIN)
        found = csv.DictReader(io.StringIO(text), delimiter=";")
        changes = [in_berlin(row["Last Change"]) for row in found if row["Last Change"]]
        assert all(at <= taken + timedelta(hours=20) for at in changes)


def test_sound_records_of_the_exception_register_could_be_loaded(
    scenario: Scenario, records: list[dict[str, Any]]
) -> None:
    wrong = spoilt(scenario)
    numbers = {record["id"] for record in records}
    for record in records:
        if record["id"] in wrong:
            continue
        assert SCOPES.validate_python(record["scopes"])
        assert record["valid_from"] < record["valid_until"] <= record["valid_from"] + timedelta(days=365)
        assert ("approver" in record) == (record["status"] in ("approved", "refused", "revoked"))
        assert record.get("renews", record["id"]) in numbers
        assert record["id"] in bypassed(scenario) or record.get("decided", date.max) >= record["requested"]


def test_about_forty_requests_wait_for_a_decision(
    scenario: Scenario, rows: list[dict[str, str]], records: list[dict[str, Any]]
) -> None:
    latest = {row["Request No"]: CSV_STATUS.get(row["State"]) for row in rows}
    waiting = sum(
        JIRA_STATUS.get(issue["fields"]["status"]["name"]) in UNDECIDED for issue in scenario.jira_issues
    )
    waiting += sum(status in UNDECIDED for status in latest.values())
    waiting += sum(record["status"] in ("requested", "in review") for record in records)
    assert 30 <= waiting <= 60


def test_weekends_are_quiet_and_weeks_differ(scenario: Scenario) -> None:
    created = pd.Series([datetime.fromisoformat(i["fields"]["created"]) for i in scenario.jira_issues])
    weekend = pd.to_datetime(created, utc=True).dt.tz_convert("Europe/Berlin").dt.dayofweek > 4
    assert weekend.mean() < 0.06
    weekly = pd.to_datetime(created, utc=True).dt.strftime("%G-%V").value_counts()
    assert weekly.max() > 2 * weekly.median()


def test_decisions_get_faster_over_the_year_but_for_one_bad_month(scenario: Scenario) -> None:
    waits = []
    for issue in scenario.jira_issues:
        steps = [(at, JIRA_STATUS.get(word)) for at, word in story(issue)]
        decided = next((at for at, status in steps if status in ("approved", "rejected")), None)
        if decided:
            waits.append(
                (steps[0][0].astimezone(UTC).replace(tzinfo=None), (decided - steps[0][0]).total_seconds())
            )
    frame = pd.DataFrame(waits, columns=["at", "wait"])
    months = frame.groupby(frame["at"].dt.to_period("Q"))["wait"].median()
    assert months.iloc[-1] < months.iloc[0]
    bad = frame[frame["at"].dt.to_period("M") == "2026-05"]["wait"].median()
    assert bad > 1.3 * frame["wait"].median()


def test_what_is_asked_for_is_named_in_the_words_of_the_register(
    scenario: Scenario, rows: list[dict[str, str]]
) -> None:
    things = {row["Item Type"] for row in rows if row["Item Type"]}
    things |= {
        issue["fields"]["customfield_10020"]["value"]
        for issue in scenario.jira_issues
        if issue["fields"]["customfield_10020"]
    }
    assert things == set(THING_TYPES)


def test_titles_are_those_of_people_and_hardly_repeat(
    scenario: Scenario, rows: list[dict[str, str]], records: list[dict[str, Any]]
) -> None:
    titles = [issue["fields"]["summary"] for issue in scenario.jira_issues if issue["fields"]["summary"]]
    titles += list({row["Request No"]: row["Subject"] for row in rows}.values())
    titles += [record["title"] for record in records]
    assert len(set(titles)) > 0.8 * len(titles)
    assert not [title for title in titles if "{" in title or title.lower().startswith("request ")]


def test_whoever_decides_is_whom_the_ownership_policy_names(scenario: Scenario) -> None:
    policy = ownership.read(folder("policies"))
    authority = policy.authority.accountable
    for planted in scenario.planted:
        if planted.expects == "owner" and planted.source == "platform_jira":
            issue = next(issue for issue in scenario.jira_issues if issue["key"] == planted.key)
            target = issue["fields"]["customfield_10012"]
            account = target.split("/")[1] if target.startswith("account/") else None
            kind = issue["fields"]["customfield_10013"]["value"]
            rule = policy.resolve(ownership.Subject(target_type=kind, path=target, account=account))
            assert rule.accountable == planted.recipient
            assert policy.is_owned(rule) == planted.owned == (rule.accountable != authority)


def test_most_accounts_have_an_owner_and_one_has_none(scenario: Scenario) -> None:
    policy = ownership.read(folder("policies"))
    owned = {
        account.id: policy.is_owned(policy.resolve(ownership.Subject(account=account.id)))
        for account in scenario.world.accounts
    }
    assert [account for account, is_owned in owned.items() if not is_owned] == ["100000000060"]
