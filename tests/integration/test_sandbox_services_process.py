"""All stand-ins in one process, as the demo starts them: ready when they say so, gone when told."""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import httpx
import psutil
import pytest

from governance.sandbox.scenario import build
from governance.sandbox.stand_ins import BUCKET, STAND_INS
from governance.sandbox.surroundings import Services


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@contextmanager
def started(var: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process, ready; it is gone when the block ends."""
    command = [sys.executable, "-m", "governance.sandbox.services", "--var", str(var)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    try:
        while not (var / "sandbox" / "services.json").exists():
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def services(var: Path) -> Iterator[Services]:
    with started(var):
        yield Services.read(var / "sandbox" / "services.json")


def test_what_they_say_is_readable_for_its_owner_alone(services: Services, var: Path) -> None:
    path = var / "sandbox" / "services.json"
    assert path.stat().st_mode & 0o077 == 0
    assert services.now == build().now
    assert set(json.loads(path.read_text())) == {"connections", "deliveries", "mailbox", "now", "pid"}


def test_every_stand_in_is_reached_through_a_connection(services: Services) -> None:
    assert len(services.stand_ins) >= len(STAND_INS)
    assert {"aws_default", "platform_jira", "smtp_default", "exception_register"} <= set(services.stand_ins)


def test_the_bucket_holds_the_drops(services: Services) -> None:
    client = boto3.client(
        "s3", endpoint_url=services.aws_url, region_name="eu-central-1",
        aws_access_key_id="AKIASANDBOX000000001", aws_secret_access_key="sandbox-only",
    )  # fmt: skip
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET)["Contents"]]
    drops = build().csv_drops | build().office_files
    assert sorted(keys) == sorted(drops)
    assert client.get_object(Bucket=BUCKET, Key=keys[-1])["Body"].read() == drops[keys[-1]]


def test_the_organization_is_served(services: Services) -> None:
    client = boto3.client(
        "organizations", endpoint_url=services.aws_url, region_name="eu-central-1",
        aws_access_key_id="AKIASANDBOX000000001", aws_secret_access_key="sandbox-only",
    )  # fmt: skip
    pages = client.get_paginator("list_accounts").paginate()
    assert len([account for page in pages for account in page["Accounts"]]) == 60


def test_jira_lets_in_whom_the_file_names(services: Services) -> None:
    jira = services.stand_ins["platform_jira"]
    answer = httpx.get(jira["host"] + "/rest/api/3/myself", auth=(jira["login"], jira["password"]))
    assert answer.json()["emailAddress"] == jira["login"]


def test_mail_is_taken_and_the_register_lies_in_its_folder(services: Services) -> None:
    with smtplib.SMTP("127.0.0.1", services.stand_ins["smtp_default"]["port"], timeout=5) as client:
        assert client.noop()[0] == 250
    texts = {
        path.name: path.read_text("utf-8")
        for path in Path(services.stand_ins["exception_register"]["extra"]["path"]).glob("*.yaml")
    }
    assert texts == build().yaml_registers


def test_told_to_stop_they_go_and_come_back_where_they_were(tmp_path: Path) -> None:
    ready = tmp_path / "sandbox" / "services.json"
    with started(tmp_path) as process:
        before = Services.read(ready)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not ready.exists()
    assert not any(child.is_running() for child in children)
    with pytest.raises(httpx.ConnectError):
        httpx.get(before.stand_ins["platform_jira"]["host"])
    with started(tmp_path):
        assert Services.read(ready) == before
