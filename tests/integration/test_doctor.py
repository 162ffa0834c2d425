"""The doctor says what is wrong and how to mend it, and names the IAM action that is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from sqlalchemy import text

import aws_worlds
from batches import batch
from governance.connections import Connection
from governance.doctor.aws import PROBES, examine_aws
from governance.doctor.examination import examine
from governance.doctor.mail import examine_mail
from governance.errors import GovernanceError
from governance.register.load import load
from governance.sandbox import mail
from governance.sandbox.aws import serve
from governance.settings import Settings


@pytest.fixture(scope="module")
def aws():
    with serve(aws_worlds.world()) as handle:
        yield handle


@pytest.fixture
def session(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    aws.faults.clear()
    return boto3.Session("AKIASANDBOX000000001", "sandbox-only", region_name="eu-central-1")


def nothing_is_defined(conn_id: str) -> Connection:
    raise GovernanceError(f"connection {conn_id!r} is not defined: set AIRFLOW_CONN_{conn_id.upper()}")


def test_aws_that_answers_is_well(session):
    (check,) = examine_aws(session)
    assert (check.state, check.found) == ("ok", f"{len(PROBES)} operations of 7 services answer")


def test_a_missing_permission_is_named_as_the_iam_action(session, aws):
    aws.faults.deny("organizations:ListPolicies")
    aws.faults.deny("config:DescribeConfigRules")
    (check,) = examine_aws(session)
    assert check.state == "failed"
    assert check.found == "IAM actions missing: organizations:ListPolicies, config:DescribeConfigRules"
    assert "aws_default" in check.mend


def test_aws_that_cannot_be_reached_is_said_once(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (check,) = examine_aws(boto3.Session("x", "y", region_name="eu-central-1"))
    assert check.state == "failed"
    assert "127.0.0.1:9" in check.found


def test_a_mail_server_that_greets_is_well(tmp_path):
    with mail.serve(tmp_path) as server:
        connection = Connection(
            conn_id="smtp_default",
            host="127.0.0.1",
            port=server.port,
            extra={"disable_ssl": True, "disable_tls": True},
        )
        (check,) = examine_mail(connection)
    assert check.state == "ok"


def test_a_mail_server_that_is_gone_says_where_it_should_be():
    (check,) = examine_mail(
        Connection(conn_id="smtp_default", host="127.0.0.1", port=9, extra={"disable_ssl": True})
    )
    assert check.state == "failed"
    assert check.found.startswith("127.0.0.1:9")


def test_everything_that_is_wrong_is_said_at_once(register_url, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # nobody will answer
    checks = list(examine(Settings(register_url=register_url), nothing_is_defined))
    states = {check.about: check.state for check in checks}
    assert states["policies"] == states["register"] == states["register schema"] == states["history"] == "ok"
    assert states["sources: platform_jira"] == states["mail"] == states["AWS"] == "failed"
    assert all(check.mend for check in checks if check.state != "ok")


def test_a_crooked_policy_is_reported_with_file_and_line(register_url, root, tmp_path):
    policies = tmp_path / "policies"
    policies.mkdir()
    for path in (root / "include" / "policies").glob("*.yaml"):
        (policies / path.name).write_text(path.read_text("utf-8"), "utf-8")
    ownership = policies / "ownership.yaml"
    ownership.write_text(ownership.read_text("utf-8").replace("accountable:", "acountable:", 1), "utf-8")
    checks = list(examine(Settings(register_url=register_url, config_dir=tmp_path), nothing_is_defined))
    wrong = [check.found for check in checks if check.about == "policies"]
    assert any("ownership.yaml:" in found and "acountable" in found for found in wrong)


def test_a_register_without_schema_says_which_command_mends_it(empty_database):
    checks = {
        check.about: check for check in examine(Settings(register_url=empty_database), nothing_is_defined)
    }
    assert checks["register schema"].state == "failed"
    assert "governance register migrate" in checks["register schema"].mend


def test_a_broken_history_is_found(register, register_url, now):
    with register.begin() as connection:
        run = connection.scalar(
            text("INSERT INTO intake_run (source, mode, as_of) VALUES ('s', 'live', now()) RETURNING run_id")
        )
        load(connection, batch({}), source="s", run_id=run, known_at=now)
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("UPDATE request_event SET status = 'approved'"))
        connection.execute(text("SET session_replication_role = DEFAULT"))
    history = [
        check
        for check in examine(Settings(register_url=register_url), nothing_is_defined)
        if check.about == "history"
    ]
    assert [(check.state, check.found) for check in history] == [("failed", "block 1: 1 event(s) altered")]


def test_the_command_prints_json_and_exits_1_when_something_is_wrong(register_url, tmp_path):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GOVERNANCE_REGISTER_URL": register_url,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_MAX_ATTEMPTS": "1",
    }  # fmt: skip
    command = [Path(sys.executable).with_name("governance"), "doctor", "--json"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    checks = json.loads(done.stdout)
    assert {"about", "state", "found", "mend"} == set(checks[0])
