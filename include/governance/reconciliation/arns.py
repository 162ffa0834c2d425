"""Resources as people name them: an id, an ARN, or a pattern of either, against what AWS Config reports.

Config reports most resources by id and some by ARN. An ARN of a scope therefore means the resource with that
ARN as its id, and the resource of that service whose id is the last part of the ARN, in the ARN's account
and region where it names them.
"""

from __future__ import annotations

from dataclasses import dataclass

_SERVICES = {
    "elasticloadbalancingv2": "elasticloadbalancing",
    "apigatewayv2": "apigateway",
    "stepfunctions": "states",
    "opensearchservice": "es",
    "opensearch": "es",
    "elasticsearch": "es",
    "msk": "kafka",
}


@dataclass(frozen=True)
class ResourceTest:
    """An id or pattern; empty account, region or service: any."""

    value: str
    account: str = ""
    region: str = ""
    service: str = ""


def service_of(resource_type: str) -> str:
    """Return the service of a resource type as ARNs spell it.

    >>> service_of("AWS::ElasticLoadBalancingV2::LoadBalancer"), service_of("AWS::S3::Bucket")
    ('elasticloadbalancing', 's3')
    """
    parts = resource_type.split("::")
    name = parts[1].lower() if len(parts) > 1 else ""
    return _SERVICES.get(name, name)


def is_arn(value: str) -> bool:
    """Tell whether a value of `resource` is read as an ARN."""
    return value.startswith("arn:")


def resource_tests(value: str) -> tuple[ResourceTest, ...]:
    """Return the tests of which any may fit.

    >>> resource_tests("arn:aws:s3:::logs")[1]
    ResourceTest(value='logs', account='', region='', service='s3')
    """
    whole = ResourceTest(value)
    parts = value.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6:
        return (whole,)
    _, _, service, region, account, resource = parts
    last = resource.replace(":", "/").rpartition("/")[2]
    return (whole, ResourceTest(last, account, region, service)) if last and service else (whole,)
