"""Additions that people take from Service Catalog: records, the products they made, portfolios."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from governance.sandbox.planes import Portfolio, ServiceRecord
from governance.sandbox.scenario import flow, malformed, organization, people
from governance.sandbox.scenario.model import CATALOG, NOW, Planted
from governance.sandbox.scenario.ops_items import arn_of
from governance.sandbox.world import Account

Row = dict[str, Any]

RECORDS = 14
FACTORY = "prod-gov0account1"

_PRODUCTS = {
    FACTORY: ("Account Factory", "CONTROL_TOWER_ACCOUNT", "account"),
    "prod-gov0bucket01": ("Audited bucket", "CFN_STACK", "bucket"),
    "prod-gov0database": ("PostgreSQL for a team", "CFN_STACK", "database"),
    "prod-gov0pipeline": ("Delivery pipeline", "CFN_STACK", "pipeline"),
}
_TAGGED = {"low": "1-Low", "medium": "2-Medium", "high": "3-High"}

DEFECTS: dict[str, tuple[str, Callable[[Row], None]]] = {
    "record-unknown-risk": (
        "criticality 5-Extreme does not exist",
        lambda detail: _tag(detail, "criticality", "5-Extreme"),
    ),
    "record-no-account": ("no account is tagged", lambda detail: _tag(detail, "account", None)),
    "record-short-account": (
        "an account has twelve digits, not eleven",
        lambda detail: _tag(detail, "account", "10000000002"),
    ),
}


def build(
    random: Random, accounts: tuple[Account, ...]
) -> tuple[tuple[ServiceRecord, ...], tuple[Row, ...], list[Planted]]:
    """Return records, provisioned products, and which records must end in quarantine."""
    able = [one.id for one in accounts if one.state == "ACTIVE" and 10 <= int(one.id[-2:]) <= 50]
    moments = flow.arrivals(random, RECORDS + len(DEFECTS))
    records = [_record(random, random.choice(able), at) for at in moments]
    planted: list[Planted] = []
    for record, defect in zip(records[2::4], DEFECTS, strict=False):
        why, spoil = DEFECTS[defect]
        detail: Any = record.detail
        spoil(detail)
        planted.append(malformed.expectation(CATALOG, defect, why, detail["RecordId"]))
    terminated = _termination(random, records[0])
    products = tuple(_product(one) for one in records[1:])
    return (*records, terminated), products, planted


def _record(random: Random, account: str, at: datetime) -> ServiceRecord:
    product = random.choice(list(_PRODUCTS))
    _, kind, word = _PRODUCTS[product]
    requester = people.requester(random)
    outcome = random.random()
    status = "SUCCEEDED" if outcome < 0.8 else "FAILED" if outcome < 0.9 else "IN_PROGRESS_IN_ERROR"
    number = f"{random.getrandbits(52):013x}"
    detail: Row = {
        "RecordId": f"rec-{number}",
        "ProvisionedProductName": f"{word}-{random.choice(people.TEAMS)}-{number[:4]}",
        "Status": status,
        "CreatedTime": at,
        "UpdatedTime": at + timedelta(minutes=random.randint(4, 55)),
        "ProvisionedProductType": kind,
        "RecordType": "PROVISION_PRODUCT",
        "ProvisionedProductId": f"pp-{number}",
        "ProductId": product,
        "ProvisioningArtifactId": f"pa-{product[-8:]}1",
        "RecordErrors": [],
        "RecordTags": [],
        "LaunchRoleArn": f"arn:aws:iam::{organization.MANAGEMENT}:role/launch-{word}",
    }
    if status != "SUCCEEDED":
        detail["RecordErrors"] = [
            {"Code": "LimitExceeded", "Description": "A quota of the account is used up"}
        ]
    risk = random.choice(list(_TAGGED))
    for name, value in (("account", account), ("requester", requester), ("criticality", _TAGGED[risk])):
        _tag(detail, name, value)
    return ServiceRecord(detail, arn_of(requester))


def _tag(detail: Row, name: str, value: str | None) -> None:
    kept = [tag for tag in detail["RecordTags"] if tag["Key"] != name]
    detail["RecordTags"] = [*kept, {"Key": name, "Value": value}] if value else kept


def _termination(random: Random, first: ServiceRecord) -> ServiceRecord:
    """The oldest product was given back: a record that asks for nothing new."""
    at = NOW - timedelta(days=20)
    changes = {
        "RecordId": f"rec-{random.getrandbits(52):013x}", "RecordType": "TERMINATE_PROVISIONED_PRODUCT",
        "Status": "SUCCEEDED", "CreatedTime": at, "UpdatedTime": at + timedelta(minutes=6),
    }  # fmt: skip
    return ServiceRecord({**first.detail, **changes}, first.user)


def _product(record: ServiceRecord) -> Row:
    detail = record.detail
    name = detail["ProvisionedProductName"]
    place = f"{organization.HOME}:{organization.MANAGEMENT}"
    return {
        "Name": name,
        "Arn": f"arn:aws:servicecatalog:{place}:stack/{name}/{detail['ProvisionedProductId']}",
        "Type": detail["ProvisionedProductType"],
        "Id": detail["ProvisionedProductId"],
        "Status": "AVAILABLE" if detail["Status"] == "SUCCEEDED" else "ERROR",
        "CreatedTime": detail["CreatedTime"],
        "LastRecordId": detail["RecordId"],
        "LastProvisioningRecordId": detail["RecordId"],
        "ProductId": detail["ProductId"],
        "ProductName": _PRODUCTS[detail["ProductId"]][0],
        "ProvisioningArtifactId": detail["ProvisioningArtifactId"],
        "UserArn": record.user,
    }


def portfolios() -> tuple[Portfolio, ...]:
    """Return two portfolios: accounts for nobody but the platform, building blocks for the workloads."""
    account, workloads = organization.MANAGEMENT, organization.UNIT_ID["Workloads"]

    def detail(name: str, title: str) -> Row:
        return {
            "Id": f"port-gov0{name}",
            "ARN": f"arn:aws:catalog:{organization.HOME}:{account}:portfolio/port-gov0{name}",
            "DisplayName": title,
            "ProviderName": "Platform team",
            "CreatedTime": NOW - timedelta(days=700),
        }

    def constraint(portfolio: str, product: str, kind: str) -> Row:
        return {
            "ConstraintId": f"cons-{portfolio[:4]}{product[-6:]}{kind[:2].lower()}",
            "Type": kind,
            "Owner": account,
            "ProductId": product,
            "PortfolioId": f"port-gov0{portfolio}",
        }

    blocks = [name for name in _PRODUCTS if name != FACTORY]
    launched = tuple(constraint("blocks", product, "LAUNCH") for product in blocks)
    tagged = constraint("blocks", blocks[0], "RESOURCE_UPDATE")
    return (
        Portfolio(detail("accounts", "Accounts"), (), (), (constraint("accounts", FACTORY, "LAUNCH"),)),
        Portfolio(detail("blocks", "Building blocks"), ("100000000021",), (workloads,), (*launched, tagged)),
    )
