"""Ask AWS one small question per operation that observation uses; name the IAM actions that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from governance.doctor.check import Check, Checks

if TYPE_CHECKING:
    import boto3

PROBES: dict[tuple[str, str], dict[str, Any]] = {
    ("sts", "GetCallerIdentity"): {},
    ("organizations", "DescribeOrganization"): {},
    ("organizations", "ListAccounts"): {"MaxResults": 1},
    ("organizations", "ListRoots"): {"MaxResults": 1},
    ("organizations", "ListPolicies"): {"Filter": "SERVICE_CONTROL_POLICY", "MaxResults": 1},
    ("config", "DescribeConfigRules"): {},
    ("config", "DescribeConfigRuleEvaluationStatus"): {"Limit": 1},
    ("config", "DescribeConfigurationAggregators"): {"Limit": 1},
    ("config", "DescribeOrganizationConfigRules"): {"Limit": 1},
    ("config", "DescribeConfigurationRecorderStatus"): {},
    ("config", "DescribeDeliveryChannels"): {},
    ("resourcegroupstaggingapi", "GetResources"): {
        "ResourceTypeFilters": ["organizations:account"],
        "ResourcesPerPage": 1,
    },
    ("controltower", "ListLandingZones"): {"maxResults": 1},
    ("servicecatalog", "ListPortfolios"): {"PageSize": 1},
    ("ssm", "DescribeOpsItems"): {"MaxResults": 1},
}
"""Operations that need no identifier to ask: (service, operation) -> parameters."""

THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
    "RequestLimitExceeded", "SlowDown",
})  # fmt: skip

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedForDependencyException"}
)
NO_ORGANIZATION = "AWSOrganizationsNotInUseException"
CONNECTION = "connection aws_default"


def examine_aws(session: boto3.Session) -> Checks:
    """Yield one check for AWS as a whole, or one per thing that is wrong with it."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from governance.observation.calls import iam_prefix

    config = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=20)
    missing, answered = [], 0
    for (service, operation), parameters in PROBES.items():
        try:
            client = _client(session, service, config)
            client._make_api_call(operation, parameters)
            answered += 1
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in DENIED:
                missing.append(f"{iam_prefix(service)}:{operation}")
            else:
                yield Check(f"AWS {service}", "failed", f"{operation}: {code}", _mend(code))
        except BotoCoreError as error:
            mend = f"check credentials, region and endpoint of {CONNECTION}"
            yield Check("AWS", "failed", f"{service} {operation}: {error}", mend)
            return
    if missing:
        found = f"IAM actions missing: {', '.join(missing)}"
        yield Check("AWS permissions", "failed", found, f"allow them for the role of {CONNECTION}")
    if answered == len(PROBES):
        yield Check("AWS", "ok", f"{answered} operations of {len({s for s, _ in PROBES})} services answer")


def examine_deliveries(session: boto3.Session, location: str) -> Checks:
    """Yield a check of the place that AWS Config delivers to, none where nobody named one."""
    from pathlib import Path

    from botocore.exceptions import BotoCoreError, ClientError

    about = "AWS Config deliveries"
    if not location:
        return
    if not location.startswith("s3://"):
        there = Path(location).is_dir()
        found = f"{location} is {'a folder' if there else 'no folder'}"
        yield Check(about, "ok" if there else "failed", found, "" if there else _DELIVERIES)
        return
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    try:
        client: Any = session.client("s3")
        listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except (BotoCoreError, ClientError) as error:
        yield Check(about, "failed", f"{location}: {str(error).splitlines()[0]}", _DELIVERIES)
        return
    if listed.get("KeyCount"):
        yield Check(about, "ok", f"{location} can be listed")
    else:
        yield Check(about, "warning", f"{location} is empty", _DELIVERIES)


_DELIVERIES = "check GOVERNANCE_CONFIG_DELIVERIES, s3:ListBucket and s3:GetObject on that bucket"


def _client(session: boto3.Session, service: str, config: Any) -> Any:
    """Tags of the organization are told in one region, whatever that of the session is."""
    from governance.observation.organizations import TAGS_REGION

    more = {"region_name": TAGS_REGION} if service == "resourcegroupstaggingapi" else {}
    return session.client(service, config=config, **more)  # type: ignore[call-overload]


def _mend(code: str) -> str:
    if code in THROTTLED:
        return "AWS throttles: ask again later; lower the rates in policies/observation.yaml if it lasts"
    if code == NO_ORGANIZATION:
        return f"{CONNECTION} must reach the management account or a delegated administrator"
    if code in (
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "ExpiredToken",
        "SignatureDoesNotMatch",
    ):
        return f"renew the credentials of {CONNECTION}"
    return f"see AWS's documentation of {code}; {CONNECTION} was used"
