"""The scope of an exception: said on purpose, the same in whatever order it was written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from governance.register.scope import SCOPES, Scope, canonical


@pytest.mark.parametrize(
    "written",
    [
        {"organization": True},
        {"ou": "Workloads/Prod"},
        {"account": ["100000000012"]},
        {"resource": "arn:aws:s3:::reports-*"},
        {"tag": {"team": "payments"}},
    ],
)
def test_a_scope_names_a_place(written: dict[str, object]) -> None:
    assert Scope.model_validate(written)


@pytest.mark.parametrize(
    "written", [{}, {"rule": ["s3-*"]}, {"region": "eu-central-1"}, {"organization": False}, {"account": []}]
)
def test_no_scope_is_everything_by_silence(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="no scope is everything by silence"):
        Scope.model_validate(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"account": "1", "acount": "2"}, "Extra inputs"),
        ({"account": [""]}, "not blank"),
        ({"account": ["  "]}, "not blank"),
        ({"account": {"not": "a list"}}, "valid tuple"),
        ({"account": "1", "exclude": [{"color": "red"}]}, "Extra inputs"),
    ],
)
def test_a_malformed_scope_is_refused(written: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Scope.model_validate(written)


def test_one_value_may_stand_without_a_list_and_numbers_are_text() -> None:
    assert Scope.model_validate({"account": "100000000012"}).account == ("100000000012",)
    assert Scope.model_validate({"account": [100000000012]}).account == ("100000000012",)


def test_an_exclusion_needs_no_place_of_its_own() -> None:
    scope = Scope.model_validate({"ou": "Workloads", "exclude": [{"region": ["us-east-1"]}]})
    assert scope.exclude[0].region == ("us-east-1",)


def test_a_scope_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Scope(account=("1",)).account = ("2",)  # type: ignore[misc]


accounts = st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, max_size=4)
scopes = st.lists(
    st.fixed_dictionaries({"account": accounts}, optional={"rule": st.lists(st.sampled_from("xyz"))}),
    min_size=1,
    max_size=4,
)


@given(written=scopes, order=st.randoms(use_true_random=False))
def test_order_and_repetition_never_matter(written: list[dict[str, list[str]]], order: st.DataObject) -> None:
    shuffled = [
        {key: order.sample(values * 2, len(values) * 2) for key, values in scope.items()} for scope in written
    ]
    order.shuffle(shuffled)
    assert canonical(SCOPES.validate_python(written)) == canonical(SCOPES.validate_python(shuffled))


@given(written=scopes)
def test_the_canonical_form_reads_back_as_itself(written: list[dict[str, list[str]]]) -> None:
    form = canonical(SCOPES.validate_python(written))
    assert canonical(SCOPES.validate_python(json.loads(form))) == form


def test_different_scopes_have_different_forms() -> None:
    one, two = Scope(account=("1",)), Scope(account=("1",), rule=("x",))
    assert len({canonical([one]), canonical([two]), canonical([one, two])}) == 3


def test_an_empty_exclusion_is_refused_because_it_would_exclude_everything():
    with pytest.raises(ValidationError, match="exclude everything"):
        Scope(account=("100000000001",), exclude=({},))


@pytest.mark.parametrize(
    ("written", "plane"),
    [
        ({"account": "100000000012", "rule": "s3-*"}, "config"),
        ({"control": "DENY", "ou": "Workloads", "principal": "arn:aws:iam::*:role/x"}, "control_tower"),
        ({"control": "DENY", "organization": True, "region": "eu-west-3"}, "control_tower"),
        ({"policy": "regions", "account": "100000000012"}, "organizations"),
        ({"policy": "regions", "principal": "arn:aws:iam::*:role/x"}, "organizations"),
        ({"constraint": "RESOURCE_UPDATE", "resource": "prod-1"}, "service_catalog"),
    ],
)
def test_what_is_excepted_from_says_the_plane(written: dict[str, object], plane: str) -> None:
    assert Scope.model_validate(written).plane == plane


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"control": "DENY", "policy": "regions", "account": "1"}, "one plane: .* policy cannot stand"),
        ({"policy": "regions", "rule": "s3-*", "account": "1"}, "so rule cannot stand"),
        ({"account": "1", "principal": "arn:x"}, "no control or policy is named, so principal"),
        ({"account": "1", "exclude": [{"policy": "regions"}]}, "so exclude.policy cannot stand"),
        ({"policy": "p", "account": "1", "exclude": [{"rule": "r"}]}, "so exclude.rule cannot stand"),
        ({"control": "DENY", "principal": "arn:x"}, "beside control where"),
        ({"control": "DENY", "ou": "Workloads"}, "beside control where .* and one of principal"),
        ({"control": "DENY", "ou": "W", "principal": "arn:x", "action": "s3:*"}, "one of principal, action"),
        ({"policy": "regions", "tag": {"a": "1", "b": "2"}}, "one of principal, action"),
        ({"policy": "regions", "organization": True}, "beside policy one of account"),
        ({"constraint": "LAUNCH"}, "product or portfolio"),
    ],
)
def test_a_scope_of_two_planes_or_of_everything_a_plane_holds_is_refused(
    written: dict[str, object], expected: str
) -> None:
    with pytest.raises(ValidationError, match=expected):
        Scope.model_validate(written)
