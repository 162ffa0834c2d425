"""`governance requests preview`: what a request would cover if it were approved now."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from governance.cli import app
from governance.errors import GovernanceError
from governance.reconciliation.preview import Group, Preview, preview
from governance.reconciliation.preview_commands import _words
from governance.reconciliation.reconcile import reconcile
from reconciliation_planes import Planes, control
from reconciliation_worlds import NOW, World, exception, policies, register_requests

PROD, PAY, DEV = "111111111111", "222222222222", "333333333333"
RULE, OTHER = "s3-bucket-versioning-enabled", "s3-bucket-logging-enabled"


def asked(key: str, scopes: Any, **more: Any) -> dict[str, Any]:
    """An exception that nobody has decided."""
    undecided = {"status": "submitted", "decided_by": None, "decided_at": None}
    return exception(key, scopes, **(undecided | more))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return policies(tmp_path / "policies")


def world(register: Engine, lake: Path, *requests: dict[str, Any], **more: Any) -> World:
    with register.begin() as connection:
        register_requests(connection, *requests, at=NOW - timedelta(days=1))
    found = World(rules={RULE: "", OTHER: ""}, **more)
    for bucket in ("a", "b", "c"):
        found.evaluate(PROD, RULE, bucket).evaluate(PROD, OTHER, bucket, "COMPLIANT")
    found.evaluate(PAY, RULE, "d").evaluate(DEV, OTHER, "e")
    found.write(register, lake)
    return found


def look(register: Engine, folder: Path, key: str = "ASKED") -> Preview:
    with register.connect() as connection:
        request_id = connection.exec_driver_sql(
            "SELECT request_id FROM request WHERE source_key = %(key)s", {"key": key}
        ).scalar_one()
        return preview(connection, request_id, NOW, folder)


def test_an_undecided_request_shows_what_it_would_cover(register: Engine, folder: Path, tmp_path) -> None:
    world(
        register,
        tmp_path / "lake",
        asked("ASKED", {"account": [PROD]}),
        exception("GIVEN", {"resource": ["a"], "rule": [RULE]}),
        exception("ENDED", {"resource": ["b"], "rule": [RULE]}, valid_until=NOW - timedelta(days=2)),
    )
    found = look(register, folder)
    assert (found.status, found.verdict) == ("submitted", "COVERED")
    assert (found.matched, found.non_compliant, found.taken, found.unknown) == (6, 3, 1, 0)
    assert found.groups == [Group(PROD, RULE, 3, 1, 0)]
    assert [(one.items, one.valid_until) for one in found.overlaps] == [(1, NOW + timedelta(days=30))]
    assert (found.gaps, found.problem) == ([], None)


def test_what_it_foretells_is_what_reconciliation_finds_once_approved(register, folder, tmp_path) -> None:
    scope = [{"ou": ["Prod"]}, {"account": [DEV], "rule": ["s3-*"]}]
    world(register, tmp_path / "lake", asked("ASKED", scope), exception("GIVEN", {"resource": ["a"]}))
    foretold = look(register, folder)
    with register.begin() as connection:
        approved = exception("ASKED", scope, valid_at=NOW, decided_at=NOW)
        register_requests(connection, approved)
    done = reconcile(register, now=NOW, policies=folder).verdicts
    row = done[done.request_id == foretold.request_id].iloc[0]
    assert (row.verdict, row.why) == (foretold.verdict, foretold.why)
    assert (row.matched, row.covered) == (foretold.matched, foretold.non_compliant) == (8, 5)
    assert look(register, folder).groups == foretold.groups


def test_a_preview_changes_nothing_and_an_undecided_request_covers_nothing(
    register, folder, tmp_path
) -> None:
    world(register, tmp_path / "lake", asked("ASKED", {"organization": True}))
    look(register, folder)
    done = reconcile(register, now=NOW, policies=folder)
    assert (len(done.verdicts), done.summary["deviations"]) == (0, 5)


def test_missing_evidence_is_named_place_by_place(register: Engine, folder: Path, tmp_path) -> None:
    stale = {(PAY, "eu-central-1"), (DEV, "eu-west-1")}
    world(register, tmp_path / "lake", asked("ASKED", {"account": [PAY]}), stale=stale)
    found = look(register, folder)
    assert found.gaps == [(f"{PAY} eu-central-1", "STALE: no reason given")]
    assert (found.verdict, found.non_compliant, found.unknown) == ("UNKNOWN", 0, 1)
    assert found.groups == [Group(PAY, RULE, 1, 0, 1)]


@pytest.mark.parametrize(
    ("request_", "verdict", "words"),
    [
        (asked("ASKED", [{"rule": [RULE]}]), "INVALID", "its scope is malformed"),
        (asked("ASKED", {"account": [PROD]}, valid_until=None), "INVALID", "no beginning or no end"),
        (asked("ASKED", {"account": [PROD], "rule": ["twin"]}), "AMBIGUOUS_RULE", "by the name twin"),
    ],
)
def test_a_scope_that_cannot_be_applied_says_why(
    register, folder, tmp_path, request_, verdict, words
) -> None:
    world(register, tmp_path / "lake", request_)
    found = _with_twins(register, folder, tmp_path)
    assert (found.verdict, found.matched, found.groups) == (verdict, 0, [])
    assert words in str(found.problem)


def _with_twins(register: Engine, folder: Path, tmp_path: Path) -> Preview:
    """Look at a newer snapshot in which one name fits two rules."""
    later = World(
        rules={"twin": "", "securityhub-twin-0a1b2c3d": "securityhub.amazonaws.com"},
        as_of=NOW + timedelta(minutes=1),
    )
    later.evaluate(PROD, "twin", "a")
    later.write(register, tmp_path / "lake")
    with register.connect() as connection:
        request_id = connection.exec_driver_sql("SELECT request_id FROM request").scalar_one()
        return preview(connection, request_id, NOW + timedelta(minutes=2), folder)


def test_the_command_prints_words_or_json(register, register_url, folder, tmp_path, monkeypatch) -> None:
    world(register, tmp_path / "lake", asked("ASKED", {"account": [PROD]}))
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", NOW.isoformat())
    found = look(register, folder)
    type_ = CliRunner().invoke
    told = type_(app, ["requests", "preview", found.request_id]).output
    assert "approved now it would be COVERED: It covers 3 non-compliant items" in told
    assert "items in scope: 6; not compliant: 3, of these covered by others already: 0; not known: 0" in told
    read = json.loads(type_(app, ["requests", "preview", found.request_id, "--json"]).output)
    assert read["groups"] == [{"account": PROD, "rule": RULE, "items": 3, "taken": 0, "unknown": 0}]
    error = type_(app, ["requests", "preview", "EXC-999999"]).exception
    assert isinstance(error, GovernanceError)
    assert "was not known at" in str(error)


def test_a_request_about_a_control_shows_what_it_exempts_already(
    register: Engine, folder: Path, tmp_path
) -> None:
    role = "arn:aws:iam::*:role/network"
    with register.begin() as connection:
        register_requests(connection, asked("ASKED", {"control": "DENY", "ou": "Prod", "principal": role}),
                          at=NOW - timedelta(days=1))  # fmt: skip
    Planes(controls=[control("DENY", ExemptedPrincipalArns=[role])]).world().write(
        register, tmp_path / "lake"
    )
    found = look(register, folder)
    assert found.verdict == "PRESENT"
    assert found.held == [f"Control DENY on ou-t-prod lets principal {role} through, as EXC-000001 approves."]
    assert any("held by AWS" in line for line in _words(found))
