"""Every stand-in of the sandbox: how it is served, and through which Airflow connections it is reached.

To add one: a function that serves it until the block ends, yielding its connections, and a line in STAND_INS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from governance.sandbox import github as github_site
from governance.sandbox import http_server, imap, mail
from governance.sandbox import jira as jira_site
from governance.sandbox import servicenow as servicenow_site
from governance.sandbox.aws import config_snapshots
from governance.sandbox.aws.config_delivery import PREFIX, bucket_of
from governance.sandbox.aws.server import serve as serve_aws
from governance.sandbox.faults import Faults
from governance.sandbox.scenario import Scenario, code_requests

BUCKET = "governance-drops"
REGION = "eu-central-1"
KEY, SECRET = "AKIASANDBOX000000001", "sandbox-only"

Connections = dict[str, dict[str, Any]]
"""Airflow connection id -> connection in Airflow's JSON form."""


@dataclass(frozen=True)
class Site:
    """Where a stand-in lives: its files below `home`, its server on `host` and `port` (0: a free one)."""

    home: Path
    host: str
    port: int


@dataclass(frozen=True)
class StandIn:
    """One stand-in. `port` is where `governance sandbox serve` puts it; None where it is only files."""

    name: str
    port: int | None
    serve: Callable[[Scenario, Site], AbstractContextManager[Connections]]


@contextmanager
def _aws(scenario: Scenario, site: Site) -> Iterator[Connections]:
    with serve_aws(scenario.world, host=site.host, port=site.port) as aws:
        connection = {
            "conn_type": "aws",
            "login": KEY,
            "password": SECRET,
            "extra": {
                "region_name": REGION,
                "endpoint_url": aws.url,
                "service_config": {"sts": {"endpoint_url": aws.url}},
            },
        }
        fill_bucket(aws.url, scenario.csv_drops | scenario.office_files)
        fill_bucket(aws.url, dict(config_snapshots.files(scenario.world)), bucket_of(scenario.world))
        yield {"aws_default": connection, "landing_zone_csv": connection}


def deliveries(scenario: Scenario) -> str:
    """Return where AWS Config delivers to in a scenario."""
    return f"s3://{bucket_of(scenario.world)}/{PREFIX}"


@contextmanager
def _jira(scenario: Scenario, site: Site) -> Iterator[Connections]:
    jira = jira_site.Jira(scenario.jira_issues, Faults("/search"))
    with http_server.serve(jira.application(), site.port, site.host) as served:
        yield {
            "platform_jira": {
                "conn_type": "http",
                "host": served.url,
                "login": jira.login,
                "password": jira.token,
            }
        }


@contextmanager
def _servicenow(scenario: Scenario, site: Site) -> Iterator[Connections]:
    desk = servicenow_site.ServiceNow(scenario.servicenow_tables, Faults("/table/"))
    with http_server.serve(desk.application(), site.port, site.host) as served:
        connection = {"conn_type": "http", "host": served.url, "login": desk.login, "password": desk.password}
        yield {"service_desk": connection}


@contextmanager
def _github(scenario: Scenario, site: Site) -> Iterator[Connections]:
    github = github_site.Github(code_requests.REPOSITORY, scenario.github_issues, Faults("/issues"))
    with http_server.serve(github.application(), site.port, site.host) as served:
        yield {"platform_requests": {"conn_type": "http", "host": served.url, "password": github.token}}


@contextmanager
def _smtp(_scenario: Scenario, site: Site) -> Iterator[Connections]:
    with mail.serve(site.home / "mail", site.port, site.host) as smtp:
        yield {
            "smtp_default": {
                "conn_type": "smtp",
                "host": "127.0.0.1",
                "port": smtp.port,
                "extra": {"disable_ssl": True, "disable_tls": True},
            }
        }


@contextmanager
def _imap(scenario: Scenario, site: Site) -> Iterator[Connections]:
    with imap.serve(imap.Imap(scenario.mailbox), site.port, site.host) as served:
        yield {
            "governance_mailbox": {
                "conn_type": "imap",
                "host": served.host,
                "port": served.port,
                "login": imap.LOGIN,
                "password": imap.PASSWORD,
                "extra": {"use_ssl": False},
            }
        }


@contextmanager
def _exception_register(scenario: Scenario, site: Site) -> Iterator[Connections]:
    folder = site.home / "exception_register"
    write_registers(folder, scenario.yaml_registers)
    yield {"exception_register": {"conn_type": "fs", "extra": {"path": str(folder)}}}


@contextmanager
def _form(scenario: Scenario, site: Site) -> Iterator[Connections]:
    folder = site.home / "form"
    write_registers(folder, scenario.submissions)
    yield {"form": {"conn_type": "fs", "extra": {"path": str(folder)}}}


STAND_INS: tuple[StandIn, ...] = (
    StandIn("aws", 5000, _aws),
    StandIn("jira", 5001, _jira),
    StandIn("smtp", 5002, _smtp),
    StandIn("imap", 5010, _imap),
    StandIn("exception_register", None, _exception_register),
    StandIn("servicenow", 5003, _servicenow),
    StandIn("github", 5004, _github),
    StandIn("form", None, _form),
)
PORTS = {one.name: one.port for one in STAND_INS if one.port is not None}


def write_registers(folder: Path, files: Mapping[str, str]) -> None:
    """Write the register's files; one that is there with the same text is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def fill_bucket(aws_url: str, drops: Mapping[str, bytes], bucket: str = BUCKET) -> None:
    """Create a bucket in the stand-in and put the drops into it."""
    session = boto3.Session(KEY, SECRET, region_name=REGION)
    client = session.client("s3", endpoint_url=aws_url)
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key, content in sorted(drops.items()):
        client.put_object(Bucket=bucket, Key=key, Body=content)
