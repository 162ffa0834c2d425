"""The commands a person types: observe's neighbour reconcile, and findings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner

from governance.reconciliation import commands
from governance.reconciliation.planes.commands import live_exceptions
from reconciliation_worlds import NOW, World, exception, policies, register_requests

PROD, RULE = "111111111111", "s3-bucket-versioning-enabled"


@pytest.fixture
def terminal(register: Engine, register_url: str, tmp_path: Path, monkeypatch):
    """Type a command, read what it prints."""
    config = tmp_path / "config"
    config.mkdir()
    policies(config / "policies")
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_CONFIG_DIR", str(config))
    monkeypatch.setenv("GOVERNANCE_NOW", NOW.isoformat())
    with register.begin() as connection:
        register_requests(connection, exception("E", {"account": [PROD], "resource": ["a"]}))
    World(rules={RULE: ""}).evaluate(PROD, RULE, "a").evaluate(PROD, RULE, "b").write(
        register, tmp_path / "lake"
    )
    app = typer.Typer()
    app.command("reconcile")(commands.reconcile)
    app.add_typer(commands.findings_app, name="findings")
    app.command("live-exceptions")(live_exceptions)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    return run


def test_reconcile_prints_counts_and_verdicts(terminal) -> None:
    told = terminal("reconcile")
    assert "2 evaluations, 2 non-compliant: 1 covered, 1 deviations" in told
    assert "COVERED" in told
    again = json.loads(terminal("reconcile", "--json"))
    assert (again["covered"], again["deviations"], again["verdicts_written"]) == (1, 1, 0)


def test_live_exceptions_are_listed_with_what_is_not_known(terminal) -> None:
    told = terminal("live-exceptions")
    assert "control_tower   not known     controltower/enabled_controls was not observed" in told
    found = json.loads(terminal("live-exceptions", "--plane", "organizations", "--json"))
    assert (found["live_exceptions"], len(found["not_known"])) == ([], 1)


def test_findings_are_listed_and_one_says_why(terminal) -> None:
    terminal("reconcile")
    [row] = json.loads(terminal("findings", "list", "--json"))
    assert row["finding_id"] in terminal("findings", "list")
    told = terminal("findings", "show", row["finding_id"])
    assert "no approved exception covers it" in told
    assert "opened" in told
    assert json.loads(terminal("findings", "show", row["finding_id"], "--json"))["resource_id"] == "b"


def test_a_finding_that_is_not_there_is_said_so(terminal) -> None:
    with pytest.raises(Exception, match="'FND-999999' is not known"):
        terminal("findings", "show", "FND-999999")
