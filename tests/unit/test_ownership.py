"""Exactly one accountable owner for everything: the most specific rule wins, and none can tie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from governance.errors import DocumentError
from governance.register import ownership
from governance.register.ownership import DIMENSIONS, Match, OwnershipPolicy, Subject


def rule(name: str, **match: str) -> dict[str, Any]:
    address = f"{name}@example.com"
    return {
        "name": name, "match": match, "accountable": address, "contact": address, "manager": "boss@example.com",
        "timezone": "Europe/Berlin", "calendar": "germany", "review_date": "2027-01-01",
    }  # fmt: skip


def policy(*rules: dict[str, Any]) -> OwnershipPolicy:
    return OwnershipPolicy.model_validate({"authority": rule("authority"), "owners": rules})


def owner(found: OwnershipPolicy, **subject: str) -> str:
    return found.resolve(Subject(**subject)).name


def test_what_matches_nothing_goes_to_the_authority_and_is_not_owned() -> None:
    found = policy(rule("payments", account="100000000030"))
    unowned = found.resolve(Subject(account="100000000099"))
    assert (unowned.name, found.is_owned(unowned)) == ("authority", False)
    assert found.is_owned(found.resolve(Subject(account="100000000030")))


def test_dimensions_rank_from_path_to_target_type() -> None:
    subject = {
        "path": "account/1/s3/b", "account": "1", "control": "s3-ssl", "ou": "Workloads/Prod",
        "target_type": "resource",
    }  # fmt: skip
    rules = [rule(dimension.replace("_", "-"), **{dimension: subject[dimension]}) for dimension in DIMENSIONS]
    ranking = []
    while rules:
        winner = owner(policy(*rules), **subject)
        ranking.append(winner)
        rules = [left for left in rules if left["name"] != winner]
    assert ranking == ["path", "account", "control", "ou", "target-type"]


def test_exact_comes_before_pattern_and_longer_before_shorter() -> None:
    found = policy(
        rule("all", account="*"), rule("tens", account="10000000003*"), rule("one", account="100000000030")
    )
    assert owner(found, account="100000000030") == "one"
    assert owner(found, account="100000000031") == "tens"
    assert owner(found, account="100000000041") == "all"


def test_a_rule_with_more_dimensions_wins_over_one_with_fewer() -> None:
    found = policy(rule("any", account="1"), rule("controlled", account="1", control="s3-*"))
    assert owner(found, account="1", control="s3-ssl") == "controlled"
    assert owner(found, account="1", control="ec2-ebs") == "any"


def test_an_ou_covers_its_subtree_and_nothing_beside_it() -> None:
    found = policy(rule("prod", ou="Workloads/Prod"), rule("payments", ou="Workloads/Prod/Payments"))
    assert owner(found, ou="Workloads/Prod") == "prod"
    assert owner(found, ou="Workloads/Prod/Other/Deep") == "prod"
    assert owner(found, ou="Workloads/Prod/Payments/Cards") == "payments"
    assert owner(found, ou="Workloads/Production") == "authority"


def test_a_dimension_that_is_unknown_fits_no_rule_that_names_it() -> None:
    assert owner(policy(rule("prod", ou="*")), account="1") == "authority"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"account": "1*"}, {"account": "*1"}),
        ({"account": "100000000030"}, {"account": "100000000030"}),
        ({"path": "a?"}, {"path": "?b"}),
        ({"ou": "Work*"}, {"ou": "*load"}),
        ({"target_type": "process"}, {"target_type": "process"}),
    ],
)
def test_two_rules_that_could_tie_are_an_error(first: dict[str, str], second: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="rules that cannot tie; 'one' and 'two' can"):
        policy(rule("one", **first), rule("two", **second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"account": "1*"}, {"account": "2*"}),
        ({"account": "1*"}, {"account": "10*"}),
        ({"account": "1*"}, {"control": "1*"}),
        ({"account": "1", "control": "a"}, {"account": "1", "control": "b"}),
    ],
)
def test_rules_that_cannot_tie_stand_side_by_side(first: dict[str, str], second: dict[str, str]) -> None:
    assert len(policy(rule("one", **first), rule("two", **second)).owners) == 2


letters = st.text("ab*", min_size=1, max_size=3)
matches = st.fixed_dictionaries({}, optional={"path": letters, "account": letters, "ou": letters})
subjects = st.builds(
    Subject, path=st.text("ab", max_size=3), account=st.text("ab", max_size=3), ou=st.text("ab/", max_size=5)
)


@given(first=matches, second=matches, subject=subjects)
def test_no_subject_ever_finds_two_equal_rules_in_a_policy_that_was_accepted(
    first: dict[str, str], second: dict[str, str], subject: Subject
) -> None:
    one, two = Match(**first), Match(**second)
    if one.fits(subject) and two.fits(subject) and one.specificity() == two.specificity():
        assert one.may_tie(two)


def test_the_order_of_rules_never_matters() -> None:
    rules = [rule("all", account="*"), rule("one", account="1"), rule("prod", ou="Prod")]
    subject = {"account": "1", "ou": "Prod"}
    assert owner(policy(*rules), **subject) == owner(policy(*reversed(rules)), **subject) == "one"


def test_a_person_is_found_by_address_for_zone_and_calendar() -> None:
    found = policy(rule("payments", account="1"))
    assert found.rule_of("payments@example.com").name == "payments"
    assert found.rule_of("stranger@example.com").name == "authority"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"accountable": ""}, r"ownership.yaml:\d+: owners.0.accountable: found ''"),
        ({"accountable": "two@example.com, three@example.com"}, "owners.0.accountable"),
        ({"timezone": "Berlin"}, "an IANA time zone such as Europe/Berlin"),
        ({"match": {"colour": "red"}}, "owners.0.match.colour: found an unknown key"),
        ({"match": {"target_type": "thing"}}, "'process', 'procedure' or 'resource'"),
        ({"manager": None}, "owners.0.manager"),
        ({"name": "authority"}, "'authority' stands twice"),
    ],
)
def test_a_wrong_rule_is_refused_with_file_line_and_key(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    document = {"authority": rule("authority"), "owners": [{**rule("payments", account="1"), **change}]}
    (tmp_path / "ownership.yaml").write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    with pytest.raises(DocumentError, match=expected):
        ownership.read(tmp_path)
