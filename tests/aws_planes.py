"""Small Systems Manager, Service Catalog and Control Tower for the tests of the AWS stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from governance.sandbox.planes import (
    Calendar,
    Delegation,
    MemberFailure,
    Pack,
    Planes,
    Portfolio,
    ServiceRecord,
)

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
HUB, PAYMENTS, HOME = "100000000001", "100000000002", "eu-central-1"
BUCKET = "AWS::S3::Bucket"
ZONE = f"arn:aws:controltower:{HOME}:{HUB}:landingzone/1A2B3C4D5E6F7G8H"
UNIT = f"arn:aws:organizations::{HUB}:ou/o-testtest01/ou-test-workload"
PROD_UNIT = f"arn:aws:organizations::{HUB}:ou/o-testtest01/ou-test-prod0001"
OPERATION = "0a1b2c3d-0000-4000-8000-{:012d}"
USER = f"arn:aws:sts::{HUB}:assumed-role/requester/ida"


def control(number: int, target: str = UNIT, drift: str = "IN_SYNC", **more: Any) -> dict[str, Any]:
    """Return an enabled control, number so many."""
    return {
        "arn": f"arn:aws:controltower:{HOME}:{HUB}:enabledcontrol/CONTROL{number:04d}",
        "controlIdentifier": f"arn:aws:controltower:{HOME}::control/AWS-GR_{number:04d}",
        "targetIdentifier": target,
        "statusSummary": {"status": "SUCCEEDED", "lastOperationIdentifier": OPERATION.format(number)},
        "driftStatusSummary": {"driftStatus": drift},
        "targetRegions": [{"name": HOME}],
        **more,
    }


def baseline(number: int, target: str, **more: Any) -> dict[str, Any]:
    """Return an enabled baseline, number so many."""
    return {
        "arn": f"arn:aws:controltower:{HOME}:{HUB}:enabledbaseline/BASELINE{number:04d}",
        "baselineIdentifier": f"arn:aws:controltower:{HOME}::baseline/17BSJV3IGJ2QSGA2",
        "baselineVersion": "4.0",
        "targetIdentifier": target,
        "statusSummary": {"status": "SUCCEEDED"},
        "driftStatusSummary": {"types": {"inheritance": {"status": "IN_SYNC"}}},
        **more,
    }


def ops_item(number: int, **more: Any) -> dict[str, Any]:
    """Return an OpsItem that was last changed `number` hours ago."""
    return {
        "OpsItemId": f"oi-{number:012x}",
        "Title": f"Item {number}",
        "Description": "What has happened",
        "Source": "Governance",
        "Status": "Open",
        "Priority": 3,
        "OpsItemType": "/aws/issue",
        "CreatedBy": USER,
        "CreatedTime": NOW - timedelta(hours=number + 1),
        "LastModifiedBy": USER,
        "LastModifiedTime": NOW - timedelta(hours=number),
        "Version": "1",
        "OperationalData": {
            "team": {"Value": "payments", "Type": "SearchableString"},
            "benefit": {"Value": "not for everyone", "Type": "String"},
        },
        **more,
    }


def record(number: int, status: str = "SUCCEEDED") -> ServiceRecord:
    """Return a record of Service Catalog, number so many."""
    detail = {
        "RecordId": f"rec-{number:08d}",
        "ProvisionedProductName": f"account-{number}",
        "ProvisionedProductId": f"pp-{number:08d}",
        "ProvisionedProductType": "CONTROL_TOWER_ACCOUNT",
        "RecordType": "PROVISION_PRODUCT",
        "ProductId": "prod-factory0001",
        "Status": status,
        "CreatedTime": NOW - timedelta(hours=number + 1),
        "UpdatedTime": NOW - timedelta(hours=number),
        "RecordErrors": [],
        "RecordTags": [{"Key": "ticket", "Value": f"T-{number}"}],
    }
    return ServiceRecord(detail, USER, ({"OutputKey": "AccountId", "OutputValue": PAYMENTS},))


def product(number: int) -> dict[str, Any]:
    """Return a provisioned product, number so many."""
    return {
        "Id": f"pp-{number:08d}",
        "Name": f"account-{number}",
        "Arn": f"arn:aws:servicecatalog:{HOME}:{HUB}:stack/account-{number}/pp-{number:08d}",
        "Type": "CONTROL_TOWER_ACCOUNT",
        "Status": "ERROR" if number % 7 == 6 else "AVAILABLE",
        "CreatedTime": NOW - timedelta(days=number),
        "LastRecordId": f"rec-{number:08d}",
        "ProductId": "prod-factory0001",
        "ProductName": "Account Factory",
        "PhysicalId": PAYMENTS,
        "UserArn": USER,
    }


def planes() -> Planes:
    """Return something of everything, most of it in the management account at home."""
    at = (HUB, HOME)
    document = {
        "Name": "Governance-CloseBucket", "Owner": HUB, "DocumentVersion": "3", "LatestVersion": "3",
        "DefaultVersion": "3", "DocumentType": "Automation", "DocumentFormat": "YAML", "SchemaVersion": "0.3",
        "Hash": "ab" * 32, "HashType": "Sha256", "Status": "Active", "CreatedDate": NOW,
    }  # fmt: skip
    execution = {
        "AutomationExecutionId": OPERATION.format(9), "DocumentName": "Governance-CloseBucket",
        "DocumentVersion": "3", "AutomationExecutionStatus": "Success", "ExecutionStartTime": NOW,
        "ExecutionEndTime": NOW, "ExecutedBy": USER, "Mode": "Auto", "AutomationType": "Local",
    }  # fmt: skip
    summary = {
        "ComplianceType": "Association",
        "CompliantSummary": {"CompliantCount": 4},
        "NonCompliantSummary": {"NonCompliantCount": 1},
    }
    portfolio = {"Id": "port-1", "ARN": f"arn:aws:catalog:{HOME}:{HUB}:portfolio/port-1",
                 "DisplayName": "Accounts", "ProviderName": "Platform"}  # fmt: skip
    constraint = {"ConstraintId": "cons-1", "Type": "LAUNCH", "Owner": HUB, "ProductId": "prod-1",
                  "PortfolioId": "port-1"}  # fmt: skip
    operations = [
        {"operationType": kind, "operationIdentifier": OPERATION.format(number), "status": "SUCCEEDED",
         "startTime": NOW - timedelta(days=days), "endTime": NOW - timedelta(days=days)}
        for number, (kind, days) in enumerate([("CREATE", 400), ("UPDATE", 30), ("RESET", 2)])
    ]  # fmt: skip
    return Planes(
        ops_items={at: tuple(ops_item(number) for number in range(60)), (PAYMENTS, HOME): (ops_item(99),)},
        automations={at: (execution,)},
        documents={at: (document,)},
        compliance_summaries={at: (summary,)},
        calendars={
            at: (Calendar("freeze", ((NOW - timedelta(days=1), NOW + timedelta(days=1)),)), Calendar("free"))
        },
        records={at: tuple(record(number) for number in range(45))},
        provisioned_products={at: tuple(product(number) for number in range(45))},
        portfolios={at: (Portfolio(portfolio, (PAYMENTS,), ("ou-test-workload",), (constraint,)),)},
        landing_zone={"arn": ZONE, "version": "3.3", "latestAvailableVersion": "3.3", "status": "ACTIVE",
                      "driftStatus": {"status": "IN_SYNC"}, "manifest": {"governedRegions": [HOME]}},
        landing_zone_operations=tuple(operations),
        enabled_controls=(
            control(0, parameters=[{"key": "ExemptedPrincipalArns", "value": [USER]}]),
            control(1, drift="NOT_CHECKING"),
            *(control(number, PROD_UNIT) for number in range(2, 70)),
        ),
        control_operations=tuple(
            {"operationType": "ENABLE_CONTROL", "operationIdentifier": OPERATION.format(number),
             "status": "SUCCEEDED", "startTime": NOW - timedelta(days=number),
             "controlIdentifier": control(number)["controlIdentifier"], "targetIdentifier": UNIT}
            for number in range(3)
        ),
        enabled_baselines=(
            baseline(0, UNIT),
            baseline(1, f"arn:aws:organizations::{HUB}:account/o-testtest01/{PAYMENTS}",
                     parentIdentifier=baseline(0, UNIT)["arn"]),
        ),
        remediations={at: ({"ConfigRuleName": "s3-private", "TargetType": "SSM_DOCUMENT",
                            "TargetId": "Governance-CloseBucket", "Automatic": True},)},
        remediation_exceptions={at: (
            {"ConfigRuleName": "s3-private", "ResourceType": BUCKET, "ResourceId": "bucket-live",
             "Message": "EXC-000001", "ExpirationTime": NOW + timedelta(days=1)},
            {"ConfigRuleName": "s3-private", "ResourceType": BUCKET, "ResourceId": "bucket-expired",
             "ExpirationTime": NOW},
        )},
        organization_rules=(
            {"OrganizationConfigRuleName": "trail-on",
             "OrganizationConfigRuleArn": f"arn:aws:config:{HOME}:{HUB}:organization-config-rule/trail-on-m2x7k9wd",
             "OrganizationManagedRuleMetadata": {"RuleIdentifier": "CLOUD_TRAIL_ENABLED"},
             "ExcludedAccounts": [PAYMENTS], "LastUpdateTime": NOW},
        ),
        member_failures=(MemberFailure("trail-on", HUB, "NoAvailableConfigurationRecorder", "no recorder"),),
        packs=(Pack("baseline", ("s3-encrypted", "s3-private"), "config-multiaccountsetup.amazonaws.com",
                    (PAYMENTS,)),),
        delegations=(Delegation(PAYMENTS, ("config.amazonaws.com",), NOW),),
    )  # fmt: skip
