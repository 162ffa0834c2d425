"""The hook of an Airflow connection: every client of it, STS and member accounts among them, talks to its endpoints."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from aws_worlds import HOME, HUB, PAYMENTS, world
from conftest import ROOT
from governance.sandbox.aws import serve

ASK = """
import json
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from governance_airflow import aws_session
from governance_hook import OrganizationHook
from governance.observation.calls import Calls
from governance.observation.member_sessions import MemberSessions
from governance.observation.rates import MemberPolicy

session = aws_session()
members = MemberSessions(session, MemberPolicy(role="observer"), Calls())
print(json.dumps({
    "is_provider_hook": issubclass(OrganizationHook, AwsBaseHook),
    "accounts": len(session.client("organizations").list_accounts()["Accounts"]),
    "who": session.client("sts").get_caller_identity()["Account"],
    "member": members.client("sts", %(member)r, %(home)r).get_caller_identity()["Account"],
    "recorders": len(members.client("config", %(member)r, %(home)r).describe_configuration_recorder_status()[
        "ConfigurationRecordersStatus"]),
}))
"""


@pytest.fixture
def told(tmp_path):
    with serve(world()) as aws:
        connection = {
            "conn_type": "aws", "login": "AKIASANDBOX000000001", "password": "sandbox-only",
            "extra": {"region_name": HOME, "endpoint_url": aws.url,
                      "service_config": {"sts": {"endpoint_url": aws.url}}},
        }  # fmt: skip
        environment = {
            **os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
            "PYTHONPATH": str(ROOT / "plugins"),
        }  # fmt: skip
        script = ASK % {"member": PAYMENTS, "home": HOME}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_connection_reaches_the_hub_and_members_by_its_own_endpoints(told):
    assert told == {"is_provider_hook": True, "accounts": 3, "who": HUB, "member": PAYMENTS, "recorders": 1}
