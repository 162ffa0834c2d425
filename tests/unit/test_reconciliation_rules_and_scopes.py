"""Names of rules and resources as people write them."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

import numpy as np
import pytest

from governance.reconciliation import arns, rules, scopes, verdicts
from governance.reconciliation.arns import resource_tests
from governance.reconciliation.exceptions import ranks
from governance.reconciliation.rules import Identity, RuleBook, identify
from governance.register.scope import Scope

HUB, ORG, PACK = (
    "securityhub.amazonaws.com",
    "config-multiaccountsetup.amazonaws.com",
    "config-conforms.amazonaws.com",
)
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


@pytest.mark.parametrize("module", [rules, arns, scopes, verdicts])
def test_the_examples_in_the_documentation_hold(module) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("rule", "creator", "name"),
    [
        ("securityhub-s3-public-1a2b3c4d", HUB, "s3-public"),
        ("securityhub-s3-public-1a2b3c", HUB, "s3-public"),
        ("securityhub-s3-public-1a2b3", HUB, "securityhub-s3-public-1a2b3"),
        ("OrgConfigRule-trail-on-m2x7k9wd", ORG, "trail-on"),
        ("OrgConfigRule-trail-on-m2x7k9w", ORG, "OrgConfigRule-trail-on-m2x7k9w"),
        ("trail-on-conformance-pack-p4r7t2x9b", PACK, "trail-on"),
        ("trail-on-conformance-pack-p4r7t2x9", PACK, "trail-on-conformance-pack-p4r7t2x9"),
    ],
)
def test_a_generated_suffix_is_stripped_only_at_its_length(rule, creator, name) -> None:
    assert identify(rule, creator) == Identity(creator, name)


def test_the_name_tells_the_creator_only_where_nothing_else_does() -> None:
    assert identify("securityhub-s3-public-1a2b3c4d", None) == Identity(HUB, "s3-public")
    assert identify("securityhub-s3-public-1a2b3c4d", "") == Identity("", "securityhub-s3-public-1a2b3c4d")


def test_a_name_with_several_rules_is_ambiguous_but_a_pattern_means_all_of_them() -> None:
    book = RuleBook([("public", ""), ("securityhub-public-1a2b3c4d", HUB)])
    assert book.is_ambiguous("public")
    assert not book.is_ambiguous("publi*")
    assert len(book.find("publi*")) == 2
    assert book.find("customer/public") == {Identity("", "public")}


def test_an_arn_means_the_resource_of_that_service_in_its_account_and_region() -> None:
    whole, last = resource_tests("arn:aws:lambda:eu-west-1:111111111111:function:importer")
    assert whole.value.startswith("arn:")
    assert (last.value, last.account, last.region, last.service) == (
        "importer",
        "111111111111",
        "eu-west-1",
        "lambda",
    )
    assert [test.value for test in resource_tests("arn:aws:s3:::tmp-*")] == ["arn:aws:s3:::tmp-*", "tmp-*"]
    assert [test.value for test in resource_tests("vol-1")] == ["vol-1"]


def test_one_total_order_place_then_rule_then_latest_approval_then_number() -> None:
    approved, numbers = np.array([-5, -1, -1]), np.array([1, 2, 3])
    levels = [(0, 4, 2), (0, 3, 0), (0, 2, 1), (0, 2, 0), (1, 2, 0), (2, 2, 0), (2, 1, 2), (2, 0, 2)]
    order = ranks(approved, numbers, *np.array(levels).T).tolist()
    by_rank = [levels[i] for i in sorted(range(len(levels)), key=order.__getitem__)]
    assert by_rank == [
        (2, 0, 2), (2, 1, 2), (1, 2, 0), (2, 2, 0), (0, 2, 0), (0, 2, 1), (0, 3, 0), (0, 4, 2)]  # fmt: skip
    assert len(set(order)) == len(order)


@pytest.mark.parametrize(
    ("scope", "level"),
    [
        (Scope(resource="a", account="1", ou="P", rule="r"), (0, 0)),
        (Scope(tag={"k": "v"}, account="1", rule="r*"), (1, 1)),
        (Scope(account="1", ou="P"), (2, 2)),
        (Scope(ou="P", rule=["r", "s?"]), (3, 1)),
        (Scope(organization=True, rule="r"), (4, 0)),
    ],
)
def test_the_most_telling_dimension_makes_the_level(scope, level) -> None:
    place = scopes.place_level(scope.resource, scope.tag, scope.account, scope.ou)
    assert (place, scopes.rule_level(scope.rule)) == level
