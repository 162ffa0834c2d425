"""Resources as they are called in a real estate: ids and names by type, with believable numbers of each."""

from __future__ import annotations

from random import Random

from governance.sandbox.scenario import rules
from governance.sandbox.world import Account

GLOBAL_RECORDED_IN = ("eu-central-1", "us-east-1")

_REGION_WEIGHT = {
    "eu-central-1": 1.55,
    "eu-west-1": 1.05,
    "us-east-1": 0.8,
    "ap-southeast-2": 0.6,
    "global": 1.0,
}
_TYPICAL = {
    rules.BUCKET: 7.5, rules.INSTANCE: 8.0, rules.VOLUME: 10.0, rules.GROUP: 8.0, rules.VPC: 2.0,
    rules.SUBNET: 6.0, rules.DATABASE: 4.0, rules.FUNCTION: 8.0, rules.KEY: 4.0, rules.LOG_GROUP: 8.0,
    rules.BALANCER: 3.0, rules.CLUSTER: 1.0, rules.TABLE: 4.0, rules.SECRET: 4.0, rules.TOPIC: 3.0,
    rules.REPOSITORY: 3.0, rules.USER: 6.0, rules.POLICY: 5.0,
}  # fmt: skip
_PURPOSES = (
    "access-logs", "app-logs", "artifacts", "backups", "batch-in", "batch-out", "build-cache", "cdn-origin",
    "config-history", "customer-exports", "documents", "events", "exports", "images", "invoices", "landing",
    "media", "metrics", "models", "partner-drop", "raw", "releases", "reports", "scratch", "staging",
    "uploads",
)  # fmt: skip
_HEXADECIMAL = "0123456789abcdef"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def draw(random: Random, resource_type: str, account: Account, region: str) -> list[str]:
    """Return the ids of the resources of one type in one account and region, without repeats."""
    if resource_type == rules.ACCOUNT:
        return [account.id]
    if resource_type == rules.TRAIL:
        return [f"arn:aws:cloudtrail:{region}:{account.id}:trail/organization"]
    typical = _TYPICAL[resource_type] * _REGION_WEIGHT[region]
    number = max(1, round(random.gauss(typical, typical * 0.3)))
    purposes = random.sample(_PURPOSES, min(number, len(_PURPOSES)))
    return [_id(random, resource_type, account, region, purpose) for purpose in purposes]


def _id(random: Random, resource_type: str, account: Account, region: str, purpose: str) -> str:
    name = f"{account.name}-{purpose}"
    prefix = _HEX_PREFIX.get(resource_type)
    if prefix:
        return prefix + "".join(random.choices(_HEXADECIMAL, k=17))
    if resource_type == rules.BUCKET:
        return f"{name}-{region}"
    if resource_type in _LETTER_PREFIX:
        return _LETTER_PREFIX[resource_type] + "".join(random.choices(_LETTERS, k=17))
    if resource_type == rules.KEY:
        digits = "".join(random.choices(_HEXADECIMAL, k=32))
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if resource_type in _ARN:
        return _ARN[resource_type].format(region=region, account=account.id, name=name)
    return f"/aws/{name}" if resource_type == rules.LOG_GROUP else name


_HEX_PREFIX = {
    rules.INSTANCE: "i-",
    rules.VOLUME: "vol-",
    rules.GROUP: "sg-",
    rules.VPC: "vpc-",
    rules.SUBNET: "subnet-",
}
_LETTER_PREFIX = {rules.DATABASE: "db-", rules.USER: "AIDA", rules.POLICY: "ANPA"}
_ARN = {
    rules.BALANCER: "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}",
    rules.SECRET: "arn:aws:secretsmanager:{region}:{account}:secret:{name}",
    rules.TOPIC: "arn:aws:sns:{region}:{account}:{name}",
}
