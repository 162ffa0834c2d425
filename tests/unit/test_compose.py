"""The compose file is valid, needs no variable, and starts only what exists."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml

from conftest import ROOT
from governance.connections import from_environment

COMPOSE = ROOT / "docker-compose.yaml"
SERVICES = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:-([^}]*))?\}")


def test_it_is_valid_against_the_compose_schema():
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(COMPOSE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_variable_has_a_default():
    without = [match[1] for match in VARIABLE.finditer(COMPOSE.read_text("utf-8")) if match[2] is None]
    assert without == []


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_service_has_a_health_check(service):
    assert SERVICES[service]["healthcheck"]["test"]


@pytest.mark.parametrize(
    "variable", [v for v in SERVICES["worker"]["environment"] if v.startswith("AIRFLOW_CONN")]
)
def test_every_default_connection_can_be_read(variable):
    text = VARIABLE.sub(lambda match: match[3], SERVICES["worker"]["environment"][variable])
    found = from_environment(variable.removeprefix("AIRFLOW_CONN_").lower(), {variable: text})
    assert found.conn_type


def test_the_pool_of_the_sources_is_created_before_anything_runs():
    from governance.settings import INTAKE_POOL

    assert f"airflow pools set {INTAKE_POOL} " in SERVICES["init"]["command"][-1]


def test_the_image_is_built_from_the_lock():
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert "--require-hashes -r requirements.lock" in dockerfile
    assert "pip install --no-deps" in dockerfile


def test_the_sandbox_lets_in_whom_the_defaults_name():
    from governance.sandbox.jira import LOGIN, TOKEN

    text = VARIABLE.sub(
        lambda match: match[3], SERVICES["worker"]["environment"]["AIRFLOW_CONN_PLATFORM_JIRA"]
    )
    found = from_environment("platform_jira", {"AIRFLOW_CONN_PLATFORM_JIRA": text})
    assert (found.login, found.secret()) == (LOGIN, TOKEN)
    command = SERVICES["sandbox"]["command"]
    assert found.base_url == f"http://sandbox:{command[command.index('--jira-port') + 1]}"


@pytest.mark.parametrize(
    ("source", "stand_in"), [("service_desk", "servicenow"), ("platform_requests", "github")]
)
def test_the_other_ticket_systems_let_in_whom_the_defaults_name(source, stand_in):
    from governance.sandbox import github, servicenow

    variable = f"AIRFLOW_CONN_{source.upper()}"
    text = VARIABLE.sub(lambda match: match[3], SERVICES["worker"]["environment"][variable])
    found = from_environment(source, {variable: text})
    known = {"servicenow": (servicenow.LOGIN, servicenow.PASSWORD), "github": ("", github.TOKEN)}
    assert (found.login or "", found.secret()) == known[stand_in]
    command = SERVICES["sandbox"]["command"]
    assert found.base_url == f"http://sandbox:{command[command.index(f'--{stand_in}-port') + 1]}"


def test_settings_left_empty_are_settings_left_out(monkeypatch):
    from governance.settings import Settings

    monkeypatch.setenv("GOVERNANCE_NOW", "")
    assert Settings().now is None
