"""`governance explain`: why, of one exception and of one resource, as known at an instant."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from governance.cli import app
from governance.errors import GovernanceError
from governance.reconciliation.explain import Item, explain_item, explain_request
from governance.reconciliation.reconcile import reconcile
from reconciliation_worlds import NOW, World, exception, policies, register_requests

PROD, PAY, RULE = "111111111111", "222222222222", "s3-bucket-versioning-enabled"
LONG_AGO = NOW - timedelta(days=20)


@pytest.fixture
def world(register: Engine, tmp_path: Path):
    """One resource with two covers, one with none, one that has expired cover; reconciled once."""
    folder = policies(tmp_path / "policies")
    with register.begin() as connection:
        register_requests(
            connection,
            exception("WIDE", {"account": [PROD], "rule": [RULE]}),
            exception("EXACT", {"account": [PROD], "rule": [RULE], "resource": ["a"]}),
            exception("ENDED", {"account": [PAY], "rule": [RULE]}, valid_until=NOW - timedelta(days=1)),
            exception("ELSEWHERE", {"account": [PAY], "rule": ["another-rule"]}),
            at=NOW - timedelta(days=10),
        )
    world = World(rules={RULE: "", "another-rule": ""}, stale={(PAY, "eu-west-1")})
    world.evaluate(PROD, RULE, "a").evaluate(PAY, RULE, "b").evaluate(PROD, RULE, "c", "COMPLIANT")
    world.write(register, tmp_path / "lake")
    reconcile(register, now=NOW, policies=folder)
    return folder


def of_item(register: Engine, folder: Path, *item: str, at=NOW):
    with register.connect() as connection:
        return explain_item(connection, Item(*item), at, folder)


def ids(register: Engine) -> dict[str, str]:
    with register.connect() as connection:
        rows = connection.exec_driver_sql("SELECT source_key, request_id FROM request")
        return dict(rows.fetchall())


def test_of_two_covers_the_winner_is_named_and_both_are_told(register: Engine, world: Path) -> None:
    story, names = of_item(register, world, PROD, "a", RULE), ids(register)
    assert story.head.endswith("1 covered, 0 approved by nobody, 0 not known")
    told = {name: words for name, words in story.facts if name in ("wins", "covers")}
    assert told["wins"].startswith(names["EXACT"])
    assert told["covers"].startswith(names["WIDE"])


def test_an_expired_cover_and_a_near_miss_are_told_apart(register: Engine, world: Path) -> None:
    story, names = of_item(register, world, PAY, "b", RULE), ids(register)
    assert story.head.endswith("0 covered, 1 approved by nobody, 0 not known")
    assert any(n == "expired, would cover" and w.startswith(names["ENDED"]) for n, w in story.facts)
    assert not any(n == "does not cover" for n, _ in story.facts)
    everything = of_item(register, world, PAY, "b")
    assert any(n == "does not cover" and w.startswith(names["ELSEWHERE"]) for n, w in everything.facts)
    assert ("not known", "eu-west-1: STALE: no reason given") in story.facts
    assert [turn[1].split()[-1] for turn in story.turns] == ["opened"]


def test_clean_and_absent_are_not_the_same(register: Engine, world: Path) -> None:
    assert of_item(register, world, PROD, "c", RULE).head.startswith("compliant with everything")
    absent = of_item(register, world, PROD, "nowhere", RULE)
    assert "no proof where evidence is missing" in absent.head


def test_a_resource_before_the_first_snapshot_is_not_guessed_at(register: Engine, world: Path) -> None:
    with pytest.raises(GovernanceError, match="no finished snapshot up to"):
        of_item(register, world, PROD, "a", at=LONG_AGO)


def test_an_exception_tells_its_verdict_and_how_it_came_to_it(register: Engine, world: Path) -> None:
    names = ids(register)
    with register.connect() as connection:
        story = explain_request(connection, names["ENDED"], NOW)
        before = explain_request(connection, names["ENDED"], NOW - timedelta(days=5))
        with pytest.raises(GovernanceError, match="was not known at"):
            explain_request(connection, names["ENDED"], LONG_AGO)
    assert "ended on 2026-11-15: EXPIRED_BUT_NONCOMPLIANT [PARTIAL_EVIDENCE]: It ended" in story.head
    assert [turn[1] for turn in story.turns] == ["status", "finding", "finding", "verdict"]
    assert "valid until 2026-11-15: reconciliation has not judged it" in before.head


def test_the_command_takes_a_request_or_a_resource(register, register_url, world, monkeypatch) -> None:
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", NOW.isoformat())
    type_ = CliRunner().invoke
    told = type_(app, ["explain", ids(register)["WIDE"]]).output
    assert "COVERED: It covers 1 non-compliant item" in told
    found = json.loads(type_(app, ["explain", ids(register)["WIDE"], "--json"]).output)
    assert found["turns"][0]["what"] == "status"
    for wrong, words in (
        ([], "what is to be explained"),
        (["--account", PROD], "both --account and --resource"),
        (["EXC-000001", "--at", "16.11.2026"], "expected ISO 8601"),
    ):
        assert words in str(type_(app, ["explain", *wrong]).exception)
