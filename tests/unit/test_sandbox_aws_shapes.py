"""Values against service models; pages and tokens; keys and accounts; faults."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.iam.utils import generate_access_key_id_from_account_id

from governance.errors import GovernanceError
from governance.sandbox.aws.errors import ServiceError, WrongAnswerError
from governance.sandbox.aws.faults import Fault, Faults
from governance.sandbox.aws.models import service_model
from governance.sandbox.aws.paging import page
from governance.sandbox.aws.protocol import answer
from governance.sandbox.aws.request import account_of_key
from governance.sandbox.aws.shapes import violations

SELECT = service_model("config").operation_model("SelectAggregateResourceConfig")
RULES = service_model("config").operation_model("DescribeConfigRules")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"Expression": "SELECT x"}, "ConfigurationAggregatorName: required member is missing"),
        ({"Expression": 1, "ConfigurationAggregatorName": "a"}, "Expression: expected string, found int"),
        (
            {"Expression": "", "ConfigurationAggregatorName": "a"},
            "Expression: length 0 is below the minimum 1",
        ),
        (
            {"Expression": "x" * 4097, "ConfigurationAggregatorName": "a"},
            "length 4097 is above the maximum 4096",
        ),
        ({"Expression": "x", "ConfigurationAggregatorName": "a b"}, "'a b' does not match the pattern"),
        ({"Expression": "x", "ConfigurationAggregatorName": "a", "Limit": 101}, "Limit: value 101 is above"),
        (
            {"Expression": "x", "ConfigurationAggregatorName": "a", "Limit": True},
            "expected integer, found bool",
        ),
        ({"Expression": "x", "ConfigurationAggregatorName": "a", "Page": 1}, "Page: unknown member"),
    ],
)
def test_a_request_is_held_to_its_shape(arguments: dict[str, Any], words: str) -> None:
    found = violations(SELECT.input_shape, arguments, constraints=True)
    assert len(found) == 1
    assert words in found[0]


def test_a_request_that_fits_has_no_violations() -> None:
    arguments = {"Expression": "SELECT x", "ConfigurationAggregatorName": "a", "Limit": 100, "NextToken": "t"}
    assert violations(SELECT.input_shape, arguments, constraints=True) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Source": {}}, r"ConfigRules[0].Source.Owner: required"),
        ({"Source": {"Owner": "ME"}}, "'ME' is not one of"),
        ({"Source": {"Owner": "AWS"}, "Colour": "red"}, "ConfigRules[0].Colour: unknown member"),
        ({"Source": {"Owner": "AWS"}, "Scope": "all"}, "ConfigRules[0].Scope: expected structure"),
    ],
)
def test_an_answer_that_does_not_fit_its_model_is_a_defect(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongAnswerError) as wrong:
        answer(RULES, {"ConfigRules": [rule]})
    assert words in str(wrong.value)
    assert wrong.value.status == 500


def test_absent_members_of_an_answer_are_left_out() -> None:
    assert answer(RULES, {"ConfigRules": [], "NextToken": None}).body == b'{"ConfigRules":[]}'


def test_instants_keep_their_milliseconds_on_the_wire() -> None:
    status = service_model("config").operation_model("DescribeConfigRuleEvaluationStatus")
    at = datetime(2026, 11, 16, 8, 0, 0, 123000, tzinfo=UTC)
    body = answer(status, {"ConfigRulesEvaluationStatus": [{"FirstActivatedTime": at}]}).body
    assert b"1794816000.123" in body


@given(size=st.integers(0, 60), sizes=st.lists(st.integers(1, 25), min_size=1, max_size=5))
def test_pages_hold_every_member_once_whatever_their_sizes(size: int, sizes: list[int]) -> None:
    items, found, token, turn = list(range(size)), [], None, 0
    while True:
        arguments = {
            "Filter": "x",
            "Limit": sizes[turn % len(sizes)],
            **({"NextToken": token} if token else {}),
        }
        part, token = page("config:X", items, arguments, default=10)
        found += part
        turn += 1
        if token is None:
            break
    assert found == items


@pytest.mark.parametrize("token", ["nonsense", "e30=", "WzFd", "ü"])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    with pytest.raises(ServiceError) as refused:
        page("config:X", [1, 2, 3], {"NextToken": token}, default=2)
    assert refused.value.code == "InvalidNextTokenException"


def test_a_token_of_another_question_is_refused() -> None:
    _, token = page("config:X", [1, 2, 3], {"Filter": "a"}, default=2)
    with pytest.raises(ServiceError):
        page("config:X", [1, 2, 3], {"Filter": "b", "NextToken": token}, default=2)
    with pytest.raises(ServiceError) as refused:
        page("organizations:X", [1, 2, 3], {"Filter": "a", "NextToken": token}, default=2)
    assert (refused.value.code, refused.value.detail) == (
        "InvalidInputException",
        {"Reason": "INVALID_NEXT_TOKEN"},
    )


@given(st.integers(100_000_000_000, 999_999_999_999))
def test_an_access_key_says_its_account(account: int) -> None:
    assert account_of_key(generate_access_key_id_from_account_id(str(account), "ASIA")) == str(account)


@pytest.mark.parametrize("key", ["", "test", "AKIASANDBOX000000001", "AKIA", "ASIAaaaaaaaaaaaaaaaa"])
def test_a_key_of_somebody_else_says_no_account(key: str) -> None:
    assert account_of_key(key) is None


def test_a_fault_strikes_as_often_as_asked_and_only_where_it_was_set() -> None:
    faults = Faults()
    faults.throttle("config:Describe*", times=2)
    faults.deny("config:DescribeConfigRules", account="1", region="eu-west-1")
    strikes = [
        [fault.kind for fault in faults.strike("config:DescribeConfigRules", "1", "eu-central-1")]
        for _ in range(3)
    ]
    assert strikes == [["throttle"], ["throttle"], []]
    assert faults.strike("config:SelectResourceConfig", "1", "eu-central-1") == []
    assert [fault.kind for fault in faults.strike("config:DescribeConfigRules", "1", "eu-west-1")] == ["deny"]
    assert faults.calls["config:DescribeConfigRules"] == 4


def test_an_allow_list_denies_everything_else() -> None:
    faults = Faults()
    faults.allow_only("config:*", "sts:GetCallerIdentity")
    assert faults.strike("config:DescribeConfigRules", "1", "r") == []
    assert [fault.kind for fault in faults.strike("organizations:ListAccounts", "1", "r")] == ["deny"]
    faults.clear()
    assert faults.strike("organizations:ListAccounts", "1", "r") == []


@pytest.mark.parametrize(("kind", "action"), [("explode", "*"), ("throttle", "config DescribeConfigRules")])
def test_a_fault_that_makes_no_sense_is_refused(kind: Any, action: str) -> None:
    with pytest.raises(GovernanceError):
        Fault(kind, action)
