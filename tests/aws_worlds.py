"""Small organizations for the tests of the AWS stand-in, and clients that talk to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import boto3
import pandas as pd
from botocore.config import Config

import aws_planes
from governance.sandbox.world import (
    EVALUATION_COLUMNS,
    RECORDER_COLUMNS,
    RULE_STATUS_COLUMNS,
    Account,
    Policy,
    Rule,
    Unit,
    World,
)

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
ROOT, WORKLOADS, PROD = "r-test", "ou-test-workload", "ou-test-prod0001"
HUB, PAYMENTS, CLOSED = "100000000001", "100000000002", "100000000003"
HOME, ABROAD = "eu-central-1", "us-east-1"
AGGREGATOR = "organization-aggregator"
BUCKET = "AWS::S3::Bucket"

RULES = (
    Rule("s3-encrypted", "AWS", "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", (BUCKET,)),
    Rule("s3-private", "AWS", "S3_BUCKET_PUBLIC_READ_PROHIBITED", (BUCKET,), description="No public buckets"),
    Rule(
        "securityhub-s3-tls-0a1b2c3d",
        "AWS",
        "S3_BUCKET_SSL_REQUESTS_ONLY",
        (BUCKET,),
        "securityhub.amazonaws.com",
    ),
    Rule("tagged", "CUSTOM_LAMBDA", "arn:aws:lambda:eu-central-1:100000000001:function:tagged", (BUCKET,)),
)


def world(*, now: datetime = NOW, buckets: int = 3, extra_accounts: int = 0) -> World:
    """Return three accounts (one CLOSED), two regions, four rules; every second bucket breaks `s3-private`."""
    accounts = [
        _account(HUB, "management", "ACTIVE", ROOT),
        _account(PAYMENTS, "payments", "ACTIVE", PROD, stage="prod"),
        _account(CLOSED, "legacy", "CLOSED", ROOT),
        *(
            _account(f"2{number:011d}", f"account-{number}", "ACTIVE", WORKLOADS)
            for number in range(extra_accounts)
        ),
    ]
    places = [(one.id, region) for one in accounts if one.state == "ACTIVE" for region in (HOME, ABROAD)]
    return World(
        organization_id="o-testtest01",
        root_id=ROOT,
        management_account=HUB,
        home_region=HOME,
        aggregator=AGGREGATOR,
        regions=(HOME, ABROAD),
        units=(
            Unit(WORKLOADS, "Workloads", ROOT, "Workloads"),
            Unit(PROD, "Prod", WORKLOADS, "Workloads/Prod"),
        ),
        accounts=tuple(accounts),
        policies=_policies(),
        rules=RULES,
        evaluations=_evaluations(places, buckets),
        rule_status=_rule_status(places),
        recorders=_recorders(places),
        now=now,
        planes=aws_planes.planes(),
    )


def _account(number: str, name: str, state: Any, parent: str, **tags: str) -> Account:
    return Account(number, name, f"{name}@example.com", state, parent, NOW - timedelta(days=500), tags)


def _policies() -> tuple[Policy, ...]:
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    kind: Any = "SERVICE_CONTROL_POLICY"
    managed = Policy("p-FullAWSAccess", "FullAWSAccess", kind, allow, (ROOT,), "Allows all", aws_managed=True)
    others = [
        Policy(f"p-test{number:06d}", f"guard-{number}", kind, {"Version": "2012-10-17", "Statement": []},
               (WORKLOADS, PAYMENTS))
        for number in range(24)
    ]  # fmt: skip
    return managed, *others


def _evaluations(places: list[tuple[str, str]], buckets: int) -> pd.DataFrame:
    rows = [
        (account, region, rule.name, BUCKET, f"bucket-{account[-2:]}-{region}-{number:05d}",
         "NON_COMPLIANT" if rule.name == "s3-private" and number % 2 else "COMPLIANT",
         "public" if rule.name == "s3-private" and number % 2 else "", NOW - timedelta(minutes=number))
        for account, region in places
        for rule in RULES
        for number in range(buckets)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(EVALUATION_COLUMNS))
    return frame.assign(recorded_at=frame["recorded_at"].astype("datetime64[us, UTC]"))


def _rule_status(places: list[tuple[str, str]]) -> pd.DataFrame:
    rows = [
        (account, region, rule.name, None if rule.name == "tagged" else NOW - timedelta(hours=1),
         NOW if rule.name == "tagged" else None, NOW - timedelta(days=90),
         "AccessDenied: the function may not be called" if rule.name == "tagged" else "")
        for account, region in places
        for rule in RULES
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(RULE_STATUS_COLUMNS))
    times = [name for name in frame.columns if name.endswith("_at")]
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True).dt.as_unit("us") for name in times})


def _recorders(places: list[tuple[str, str]]) -> pd.DataFrame:
    odd = {(PAYMENTS, ABROAD): (False, "SUCCESS"), (HUB, ABROAD): (True, "FAILURE")}
    rows = [(*place, *odd.get(place, (True, "SUCCESS")), NOW - timedelta(hours=2)) for place in places]
    frame = pd.DataFrame(rows, columns=list(RECORDER_COLUMNS))
    return frame.assign(last_status_change_at=frame["last_status_change_at"].astype("datetime64[us, UTC]"))


@lru_cache(maxsize=8)
def _hub_session(region: str) -> boto3.Session:
    return boto3.Session("AKIASANDBOX000000001", "sandbox-only", region_name=region)


def session(region: str = HOME, **credentials: str) -> boto3.Session:
    """Return a session of the management account (shared: it reads its models once), or of the credentials."""
    return boto3.Session(region_name=region, **credentials) if credentials else _hub_session(region)


def assumed(url: str, account: str) -> dict[str, str]:
    """Return credentials of a role in `account`."""
    role = f"arn:aws:iam::{account}:role/observer"
    given = client(url, "sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def client(url: str, service: str, region: str = HOME, *, attempts: int = 1, **credentials: str) -> Any:
    """Return a client of the stand-in that tries `attempts` times, adaptively.

    One that tries once is not adaptive: it would wait a second or two before its next call after a throttle.
    """
    mode: Any = "adaptive" if attempts > 1 else "standard"
    config = Config(retries={"mode": mode, "total_max_attempts": attempts}, read_timeout=20)
    made: Any = session(region, **credentials).client(service, endpoint_url=url, config=config)  # type: ignore[call-overload]
    return made


def pages(call: Any, member: str, **arguments: Any) -> list[list[Any]]:
    """Return the members of every page of an operation."""
    found, answer = [], call(**arguments)
    while True:
        found.append(answer[member])
        if not answer.get("NextToken"):
            return found
        answer = call(**arguments, NextToken=answer["NextToken"])
