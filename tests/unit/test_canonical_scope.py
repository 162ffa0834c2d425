"""Scopes as they are kept: read quickly, and never otherwise than by the model that checks them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from governance.register import canonical_scope
from governance.register.scope import SCOPES, Dimensions

TEXT = st.sampled_from(
    ["a", "b", "é𝄞", "a b", " a", "a\u2003", "\x1fa", "a\nb", "", " ", "*", "ou-ab12-cdefgh34"]
)
ODD = st.one_of(TEXT, st.integers(0, 3), st.booleans(), st.none())
VALUES = st.one_of(st.lists(TEXT, max_size=3), TEXT, ODD, st.lists(ODD, max_size=2))
NAMES = sorted(Dimensions.model_fields.keys() - {"tag", "organization"})
MANY = {**dict.fromkeys(NAMES, VALUES), "tag": st.dictionaries(TEXT, ODD, max_size=2), "organization": ODD}
SOME = st.fixed_dictionaries({}, optional=MANY | {"color": ODD})
NEAT = st.fixed_dictionaries(
    {"account": st.lists(st.sampled_from("abc"), min_size=1, unique=True).map(sorted)},
    optional={"rule": st.lists(TEXT, max_size=2), "tag": st.dictionaries(TEXT, TEXT, max_size=2)},
)
WRITTEN = st.lists(
    st.one_of(
        NEAT,
        SOME,
        st.builds(lambda one, out: one | {"exclude": out}, NEAT, st.lists(SOME, max_size=2)),
    ),
    max_size=3,
)


def outcome(read: Any) -> Any:
    """Return what was read, or what is wrong with it."""
    try:
        return read()
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False)


@given(WRITTEN)
def test_it_reads_what_the_model_reads_and_refuses_what_it_refuses(written: list[dict[str, Any]]) -> None:
    text = json.dumps(written)
    checked = outcome(lambda: canonical_scope.of(SCOPES.validate_json(text)))
    assert outcome(lambda: canonical_scope.read(text)) == checked


@given(st.lists(NEAT, min_size=1, max_size=3))
def test_what_it_writes_reads_back_as_itself(written: list[dict[str, Any]]) -> None:
    text = json.dumps(written)
    scopes = outcome(lambda: canonical_scope.read(text))
    if isinstance(scopes, tuple):
        assert canonical_scope.read(json.dumps([one.written() for one in scopes])) == scopes


@pytest.mark.parametrize(
    "written",
    [
        {"account": "1", "rule": "s3-*"},
        {"control": "DENY", "organization": True, "region": "eu-west-3"},
        {"policy": "regions", "account": "1"},
        {"policy": "regions", "principal": "arn:aws:iam::*:role/x"},
        {"constraint": "RESOURCE_UPDATE", "resource": "prod-1"},
    ],
)
def test_it_is_about_the_same_plane_and_lets_the_same_through(written: dict[str, Any]) -> None:
    (model,) = SCOPES.validate_python([written])
    (kept,) = canonical_scope.of((model,))
    assert (kept.plane, kept.lets_through) == (model.plane, model.lets_through)


@pytest.mark.parametrize("text", ['{"account": ["1"]}', "1", '"1"', '[["1"]]', "[null]"])
def test_what_is_no_list_of_scopes_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        canonical_scope.read(text)
