"""The organization of the scenario: 8 units over 3 levels, 60 accounts, and its policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from governance.sandbox.world import Account, Policy, State, Unit

ORGANIZATION = "o-gov0demo01"
ROOT = "r-gov0"
MANAGEMENT = "100000000001"
HOME = "eu-central-1"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2")

_UNITS = (
    ("Security", "ou-gov0-sec1xk4q", ROOT),
    ("Infrastructure", "ou-gov0-inf7mz2p", ROOT),
    ("Sandbox", "ou-gov0-sbx3dw9r", ROOT),
    ("Suspended", "ou-gov0-sus8hn5t", ROOT),
    ("Workloads", "ou-gov0-wrk2vb6y", ROOT),
    ("Workloads/Prod", "ou-gov0-prd4cj7u", "ou-gov0-wrk2vb6y"),
    ("Workloads/NonProd", "ou-gov0-nop9gl3e", "ou-gov0-wrk2vb6y"),
    ("Workloads/Prod/Payments", "ou-gov0-pay5fs8a", "ou-gov0-prd4cj7u"),
)
UNITS = tuple(Unit(unit, path.rsplit("/", 1)[-1], parent, path) for path, unit, parent in _UNITS)
UNIT_ID = {unit.path: unit.id for unit in UNITS}

# Account numbers are dealt in tens, so that ownership can be written as patterns.
_ACCOUNTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "": (1, ("gov0-management",)),
    "Security": (2, ("log-archive", "audit", "security-tooling", "forensics", "identity", "key-management",
                     "detection", "secrets-vault")),
    "Infrastructure": (10, ("network-hub", "shared-services", "dns", "ci-runners", "artifact-store", "backup",
                            "monitoring", "directory", "transfer-gateway", "image-factory")),
    "Workloads/Prod": (20, ("shop-prod", "search-prod", "catalogue-prod", "customer-prod", "warehouse-prod",
                            "data-lake-prod", "reporting-prod", "mobile-prod", "partner-prod", "media-prod")),
    "Workloads/Prod/Payments": (30, ("payments-card-prod", "payments-ledger-prod", "payments-fraud-prod",
                                     "payments-payout-prod", "payments-gateway-prod", "payments-mandate-prod",
                                     "payments-refund-prod", "payments-reports-prod", "payments-vault-prod",
                                     "payments-dr-prod")),
    "Workloads/NonProd": (40, ("shop-dev", "shop-test", "search-dev", "catalogue-dev", "customer-test",
                               "data-lake-dev", "reporting-dev", "mobile-dev", "payments-dev",
                               "payments-test")),
    "Sandbox": (50, ("sandbox-platform", "sandbox-data", "sandbox-payments", "sandbox-mobile", "sandbox-ml",
                     "sandbox-security")),
    "Suspended": (56, ("legacy-erp", "campaign-2024", "acquired-crm", "old-data-hub")),
}  # fmt: skip
_UNOWNED = ("100000000060", "acquired-brightline")

NOT_ACTIVE: dict[str, State] = {
    "100000000056": "CLOSED",
    "100000000057": "PENDING_CLOSURE",
    "100000000058": "SUSPENDED",
    "100000000059": "SUSPENDED",
}
MOVED = {"100000000046": "Workloads/Prod", "100000000047": "Workloads/Prod", "100000000055": "Security"}
"""Accounts that were in the unit named here until this autumn, and are elsewhere now."""
UNHEALTHY = ("100000000052", "100000000053", "100000000054")
"""Accounts of which some evidence is missing; nothing but the planted cases refers to them."""


def account_id(number: int) -> str:
    """Return the twelve digits of account `number` of 60."""
    return f"1{number:011d}"


def accounts() -> tuple[Account, ...]:
    """Return the 60 accounts in the order of their ids."""
    found = []
    for path, (first, names) in _ACCOUNTS.items():
        parent = UNIT_ID.get(path, ROOT)
        found += [_account(account_id(first + n), name, parent, path) for n, name in enumerate(names)]
    found.append(_account(*_UNOWNED, ROOT, ""))
    return tuple(sorted(found, key=lambda account: account.id))


def _account(number: str, name: str, parent: str, path: str) -> Account:
    joined = datetime(2021, 3, 1, 9, tzinfo=UTC) + timedelta(days=int(number[-2:]) * 23)
    tags = {"stage": name.rsplit("-", 1)[-1]} if path.startswith("Workloads") else {}
    return Account(
        number, name, f"aws+{name}@example.com", NOT_ACTIVE.get(number, "ACTIVE"), parent, joined, tags
    )


def _statement(sid: str, action: list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": sid, "Effect": "Deny", "Action": action, "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


_ALLOW = _document({"Effect": "Allow", "Action": "*", "Resource": "*"})
_HOLD = ["100000000058", "100000000059"]


def policies() -> tuple[Policy, ...]:
    """Return the control policies; `deny-unapproved-regions` carves out two accounts and a principal tag."""
    scp: Literal["SERVICE_CONTROL_POLICY"] = "SERVICE_CONTROL_POLICY"
    rcp: Literal["RESOURCE_CONTROL_POLICY"] = "RESOURCE_CONTROL_POLICY"
    carve_out = {
        "StringNotEquals": {"aws:RequestedRegion": list(REGIONS)},
        "StringNotEqualsIfExists": {
            "aws:PrincipalAccount": ["100000000010", "100000000028"],
            "aws:PrincipalTag/governance-exception": "regions-allowed",
        },
    }
    without_tls = {"Bool": {"aws:SecureTransport": "false"}}
    tls = {**_statement("EnforceTls", ["s3:*", "sqs:*"], without_tls), "Principal": "*"}
    workloads, sandbox = UNIT_ID["Workloads"], UNIT_ID["Sandbox"]
    return (
        Policy("p-FullAWSAccess", "FullAWSAccess", scp, _ALLOW, (ROOT,), "Allows everything", True),
        Policy("p-gov0leave1", "deny-leave-organization", scp,
               _document(_statement("DenyLeave", ["organizations:LeaveOrganization"])), (ROOT,),
               "No account leaves on its own"),
        Policy("p-gov0region", "deny-unapproved-regions", scp,
               _document(_statement("DenyRegions", ["ec2:*", "rds:*", "lambda:*"], carve_out)),
               (workloads, sandbox), "Four regions, with carve-outs that exceptions stand behind"),
        Policy("p-gov0config", "protect-config-recorder", scp,
               _document(_statement("DenyConfig", ["config:StopConfigurationRecorder",
                                                   "config:DeleteConfigurationRecorder"])),
               (workloads, UNIT_ID["Infrastructure"]), "The recorder stays on"),
        Policy("p-gov0suspnd", "freeze-suspended", scp, _document(_statement("DenyAll", ["*"])),
               (UNIT_ID["Suspended"], *_HOLD), "Nothing runs in suspended accounts"),
        Policy("p-RCPFullAWSAccess", "RCPFullAWSAccess", rcp, {**_ALLOW}, (ROOT,), "Allows everything", True),
        Policy("p-gov0tls001", "enforce-tls", rcp, _document(tls), (workloads,), "No plain HTTP"),
    )  # fmt: skip
