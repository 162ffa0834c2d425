"""The typed thing of an addition and the targets of a change: read in one form, or refused in clear words."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from governance.intake.things import read_targets, read_things
from governance.register.request import THING_TYPES
from governance.register.thing import THINGS


def read(kind, value):
    column, reasons = read_things(pd.Series([kind], dtype="str"), pd.Series([json.dumps(value)], dtype="str"))
    return None if pd.isna(column[0]) else json.loads(column[0]), reasons.get(0)


def test_every_type_of_thing_has_its_properties():
    assert set(THINGS) == set(THING_TYPES)


@pytest.mark.parametrize(
    ("kind", "written", "told"),
    [
        ("account", {"name": " shop ", "unit": "Workloads/Prod"}, {"name": "shop", "ou": "Workloads/Prod"}),
        ("account", {"account": 100000000021}, {"account": "100000000021"}),
        ("enabled_control", {"control": "GR", "target": "Sandbox"}, {"control": "GR", "ou": "Sandbox"}),
        ("enabled_control", {"control": "GR", "ou": "x", "parameters": '{"a": [1]}', "regions": "eu-1, eu-2"},
         {"control": "GR", "ou": "x", "parameters": {"a": [1]}, "regions": ["eu-1", "eu-2"]}),
        ("pony", {"colour": "green"}, {"colour": "green"}),  # the gate says that there are no ponies
    ],
)  # fmt: skip
def test_what_is_well_formed_is_kept_in_one_form(kind, written, told):
    assert read(kind, written) == (told, None)


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        ("account", {"ou": "Prod"}, "account: found {\"ou\": \"Prod\"}, expected at least one of name, email"),
        ("account", {"name": "x", "account": "123"}, "account account: found \"123\", expected String should match"),
        ("account", {"name": "x", "colour": "green"}, "account colour: there is no such property; there are name,"),
        ("account", {"name": ""}, "account name: found \"\""),
        ("enabled_control", {"control": "GR"}, "enabled_control ou: is missing"),
        ("enabled_control", {"control": "GR", "ou": "x", "parameters": "a lot"}, "expected JSON; this is not"),
        ("policy_attachment", {"policy": "deny"}, "policy_attachment target: is missing"),
        ("config_rule", ["mfa"], "expected the properties of the config_rule by name"),
        (None, {"name": "x"}, "expected thing_type beside it"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_said_in_words(kind, written, words):
    thing, reason = read(kind, written)
    assert thing is None
    assert words in reason


def test_targets_are_a_list_of_names():
    column, reasons = read_targets(
        pd.Series(['["a", "b"]', '"a"', "null", '{"a": 1}', '["a", ""]', None], dtype="str")
    )
    assert column.dropna().tolist() == ['["a", "b"]', '["a"]']
    assert set(reasons) == {3, 4}
    assert reasons[3] == 'targets: found {"a": 1}, expected a list of ARNs, ids or paths'
