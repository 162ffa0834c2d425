"""Policies of escalation: agreements, ladder, quiet hours, recipients."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from escalation_worlds import BOARD, MANAGER, OFFICE, OWNER, policies
from governance.errors import DocumentError, GovernanceError
from governance.escalation import policies as policy_files
from governance.escalation.ladder import QuietHours
from governance.escalation.policies import Policies
from governance.escalation.recipients import Accountable, accountable, zone_of


@pytest.fixture
def read(tmp_path: Path) -> Policies:
    return policy_files.read(policies(tmp_path / "policies"))


@pytest.mark.parametrize("kind", ["addition", "change", "exception"])
def test_decisions_are_agreed_by_risk_in_business_days(read: Policies, kind: str) -> None:
    levels = ("low", "medium", "high", "critical", None)
    assert [read.response_times.agreed(kind, "decision", level) for level in levels] == [80, 40, 16, 8, 40]


def test_the_shipped_ladder_has_three_rungs(read: Policies) -> None:
    assert [(rung.rung, rung.at_percent, rung.audience) for rung in read.ladder.decision] == [
        ("reminder", 75, "owner"),
        ("overdue", 100, "manager"),
        ("escalation", 200, "escalation_authority"),
    ]


def edit(folder: Path, change: Any) -> Path:
    path = folder / "ladder.yaml"
    ladder = yaml.safe_load(path.read_text("utf-8"))
    change(ladder)
    path.write_text(yaml.safe_dump(ladder), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda ladder: ladder["decision"].reverse(), "rungs that rise"),
        (lambda ladder: ladder["decision"][1].update(rung="reminder"), "rungs with different names"),
        (lambda ladder: ladder["decision"][0].update(audience="everybody"), "'escalation_authority'"),
        (lambda ladder: ladder["mail"].update(sender="nobody"), "an address such as"),
        (lambda ladder: ladder["mail"].update(sender="A <a@b.c>\nBcc: x@y.z"), "an address such as"),
        (lambda ladder: ladder["mail"].update(link_base="javascript:1"), "pattern"),
        (lambda ladder: ladder["mail"].update(colour="red"), "colour: found an unknown key"),
        (lambda ladder: ladder.pop("escalation_authority"), "this key is required"),
    ],
)
def test_a_wrong_ladder_is_refused_with_what_would_be_right(
    tmp_path: Path, change: Any, expected: str
) -> None:
    with pytest.raises(DocumentError, match=expected):
        policy_files.read(edit(policies(tmp_path / "policies"), change))


def test_an_owner_with_an_unknown_calendar_is_refused(tmp_path: Path) -> None:
    folder = policies(tmp_path / "policies")
    path = folder / "ownership.yaml"
    path.write_text(path.read_text("utf-8").replace("calendar: germany", "calendar: mars"), "utf-8")
    with pytest.raises(GovernanceError, match="calendar 'mars'"):
        policy_files.read(folder)


NIGHT = QuietHours.model_validate({"begin": "19:00", "end": "07:00"})
LUNCH = QuietHours.model_validate({"begin": "12:00", "end": "13:00"})


@pytest.mark.parametrize(
    ("quiet", "instant", "leaves"),
    [
        (NIGHT, "2026-11-16T17:59Z", "2026-11-16T17:59Z"),
        (NIGHT, "2026-11-16T18:00Z", "2026-11-17T06:00Z"),
        (NIGHT, "2026-11-17T03:00Z", "2026-11-17T06:00Z"),
        (NIGHT, "2026-11-17T06:00Z", "2026-11-17T06:00Z"),
        (NIGHT, "2026-03-28T20:00Z", "2026-03-29T05:00Z"),  # the night in which summer time begins
        (NIGHT, "2026-10-24T20:00Z", "2026-10-25T06:00Z"),  # and in which it ends
        (LUNCH, "2026-11-16T11:30Z", "2026-11-16T12:00Z"),
        (LUNCH, "2026-11-16T12:00Z", "2026-11-16T12:00Z"),
    ],
)
def test_mail_waits_until_the_quiet_hours_in_berlin_are_over(
    quiet: QuietHours, instant: str, leaves: str
) -> None:
    assert quiet.over_at(datetime.fromisoformat(instant), "Europe/Berlin") == datetime.fromisoformat(leaves)


def test_quiet_hours_keep_the_time_zone_they_were_asked_in() -> None:
    assert NIGHT.over_at(datetime(2026, 11, 17, 3, tzinfo=UTC), "Europe/Berlin").tzinfo is UTC


def who(read: Policies, **columns: Any) -> Accountable:
    request = {"owner": None, "owner_rule": None, "target_type": "resource", "target": None, **columns}
    return accountable(read.ownership, **request)


def test_todays_policy_says_who_is_accountable_whatever_the_register_remembers(read: Policies) -> None:
    found = who(
        read, owner="left@example.com", owner_rule="payments", target="account/100000000030/s3/bucket"
    )
    assert found.address("owner", read.ladder) == OWNER
    assert found.address("manager", read.ladder) == MANAGER
    assert found.address("escalation_authority", read.ladder) == BOARD


def test_what_matches_nothing_goes_to_the_authority(read: Policies) -> None:
    assert who(read, target="account/100000000099").owner == OFFICE
    assert who(read, owner=OFFICE, target="account/100000000099").owner == OFFICE


def test_what_matched_nothing_at_intake_goes_to_the_owner_it_has_today(read: Policies) -> None:
    assert who(read, owner=OFFICE, owner_rule=None, target="account/100000000030").owner == OWNER


def test_an_owner_named_by_the_source_keeps_the_request(read: Policies) -> None:
    found = who(read, owner="zoe.martin@example.com", target="account/100000000030")
    assert (found.owner, found.rule.name) == ("zoe.martin@example.com", "authority")


@pytest.mark.parametrize("owner", ["Zoe Martin", "a@b.c, d@e.f", "a@b.c\nBcc: x@y.z", "<a@b.c>"])
def test_an_owner_who_has_no_address_is_resolved_from_policy(read: Policies, owner: str) -> None:
    assert who(read, owner=owner, target="account/100000000030").owner == OWNER


def test_the_rule_of_intake_still_tells_the_unit_of_an_account(tmp_path: Path) -> None:
    folder = policies(tmp_path / "policies")
    path = folder / "ownership.yaml"
    ownership = yaml.safe_load(path.read_text("utf-8"))
    unit = {
        **ownership["owners"][0],
        "name": "unit",
        "match": {"ou": "Workloads/Prod"},
        "accountable": "unit@x.y",
    }
    ownership["owners"].append(unit)
    path.write_text(yaml.safe_dump(ownership), "utf-8")
    read = policy_files.read(folder)
    assert who(read, owner="unit@x.y", owner_rule="unit", target="account/100000000099").owner == "unit@x.y"
    assert who(read, owner="unit@x.y", owner_rule="unit", target="account/100000000030").owner == OWNER


def test_people_live_in_the_zone_of_their_own_rule_or_of_one_they_manage(read: Policies) -> None:
    assert zone_of(read.ownership, "sandbox-lead@example.com") == "Australia/Sydney"
    assert zone_of(read.ownership, MANAGER) == "Europe/Berlin"
    assert zone_of(read.ownership, "stranger@example.com") == "Europe/Berlin"
