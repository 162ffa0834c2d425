"""The evaluations of a World, indexed once: what every page of AWS Config is cut from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from governance.sandbox.world import Rule, World

Row = dict[str, Any]
Place = tuple[str, str]
"""account, region"""

COMPLIANCE_TYPE = "AWS::Config::ResourceCompliance"
ACCOUNT_TYPE = "AWS::::Account"

_ORDER = ["account", "region", "resource_type", "resource_id", "rule"]


class Evaluations:
    """Reads the frames once, sorted; a slice of it is found by bisection, never by a scan."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rules = {rule.name: rule for rule in world.rules}
        self._items: dict[str, list[Row]] = {}
        self._resources: dict[str, list[Row]] = {}

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Every evaluation, sorted by account, region, resource and rule."""
        return self._world.evaluations.sort_values(_ORDER, ignore_index=True)

    @cached_property
    def _bounds(self) -> dict[str, slice]:
        """Account -> its rows."""
        accounts = self.frame["account"].to_numpy(dtype=object)
        starts = (
            np.flatnonzero(np.r_[True, accounts[1:] != accounts[:-1]]) if len(accounts) else np.array([], int)
        )
        ends = np.r_[starts[1:], len(accounts)] if len(starts) else starts
        return {accounts[start]: slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)}

    @property
    def accounts(self) -> list[str]:
        """Accounts that have evaluations, in order."""
        return list(self._bounds)

    def of_rule(self, account: str, region: str, rule: str) -> list[Row]:
        """Return the evaluations of one rule in one place, by resource."""
        key = (account, region, rule)
        return self._by_rule.get(key, [])

    @cached_property
    def _by_rule(self) -> dict[tuple[str, str, str], list[Row]]:
        found: dict[tuple[str, str, str], list[Row]] = {}
        columns = ["account", "region", "rule", "resource_type", "resource_id", "compliance", "annotation"]
        values = self.frame[columns].to_numpy(dtype=object)
        for row, recorded in zip(values, self._recorded, strict=True):
            entry = dict(zip(columns, row, strict=True)) | {"recorded_at": recorded}
            found.setdefault((row[0], row[1], row[2]), []).append(entry)
        return found

    @cached_property
    def _recorded(self) -> npt.NDArray[Any]:
        return np.array(self.frame["recorded_at"].dt.to_pydatetime(), dtype=object)

    @cached_property
    def counts(self) -> list[tuple[Place, str, int, int]]:
        """(account, region), rule, compliant resources, non-compliant resources; in that order."""
        non_compliant = self.frame["compliance"].eq("NON_COMPLIANT")
        grouped = non_compliant.groupby([self.frame[name] for name in ("account", "region", "rule")])
        counted = grouped.agg(["sum", "size"])
        return [
            ((account, region), rule, int(size - bad), int(bad))
            for (account, region, rule), bad, size in counted.itertuples(name=None)
        ]

    def items(self, account: str) -> list[Row]:
        """Return the compliance items of one account: one per resource, with every rule that judged it.

        Properties as in AWS's own schema of the type:
        https://github.com/awslabs/aws-config-resource-schema (AWS::Config::ResourceCompliance). A resource
        complies if it complies with all the rules that evaluate it:
        https://docs.aws.amazon.com/config/latest/APIReference/API_Compliance.html
        """
        if account not in self._items:
            self._items[account] = list(self._made(account))
        return self._items[account]

    @cached_property
    def _columns(self) -> list[npt.NDArray[Any]]:
        """Region, resource type and id, rule and compliance of every evaluation: cheap to slice."""
        names = ("region", "resource_type", "resource_id", "rule", "compliance")
        return [self.frame[name].to_numpy(dtype=object) for name in names]

    def _made(self, account: str) -> Iterator[Row]:
        here = self._bounds.get(account, slice(0, 0))
        rows = zip(*(values[here] for values in (*self._columns, self._recorded)), strict=True)
        item: Row = {}
        identity: tuple[str, ...] = ()
        for region, kind, resource, rule, compliance, recorded in rows:
            if identity != (region, kind, resource):
                if item:
                    yield _finished(item)
                identity = (region, kind, resource)
                item = _item(account, region, kind, resource, recorded)
            item["configuration"]["configRuleList"].append(
                {
                    "configRuleName": rule,
                    "configRuleArn": self.rule_arn(rule, account, region),
                    "configRuleId": rule_id(rule, account, region),
                    "complianceType": compliance,
                }
            )
            item["configurationItemCaptureTime"] = max(item["configurationItemCaptureTime"], recorded)
        if item:
            yield _finished(item)

    def resources(self, account: str) -> list[Row]:
        """Return the configuration items of an account's evaluated resources: what they are and their tags.

        Accounts are evaluated, but no resources that Config records; a user or role of IAM is in `global`.
        https://docs.aws.amazon.com/config/latest/developerguide/resource-config-reference.html
        """
        if account not in self._resources:
            self._resources[account] = list(self._recorded_resources(account))
        return self._resources[account]

    def _recorded_resources(self, account: str) -> Iterator[Row]:
        seen: set[tuple[str, ...]] = set()
        for item in self.items(account):
            kind, name = (item["configuration"][n] for n in ("targetResourceType", "targetResourceId"))
            region = "global" if kind.startswith("AWS::IAM::") else item["awsRegion"]
            if kind == ACCOUNT_TYPE or (region, kind, name) in seen:
                continue
            seen.add((region, kind, name))
            tags = self._world.tags.get((account, region, kind, name), {})
            yield {
                "accountId": account,
                "awsRegion": region,
                "resourceType": kind,
                "resourceId": name,
                "resourceName": name,
                "configurationItemCaptureTime": item["configurationItemCaptureTime"],
                "configurationItemStatus": "OK",
                "version": "1.3",
                "tags": [
                    {"tag": f"{key}={value}", "key": key, "value": value}
                    for key, value in sorted(tags.items())
                ],
                "configuration": {},
            }

    def rule_arn(self, name: str, account: str, region: str) -> str:
        """Return the ARN of a rule; that of a service-linked rule names the service that made it.

        https://docs.aws.amazon.com/config/latest/developerguide/service-linked-awsconfig-rules.html
        """
        rule: Rule | None = self.rules.get(name)
        linked = f"aws-service-rule/{rule.created_by}/" if rule and rule.created_by else ""
        return f"arn:aws:config:{region}:{account}:config-rule/{linked}{rule_id(name, account, region)}"


def _item(account: str, region: str, kind: str, resource: str, recorded: datetime) -> Row:
    return {
        "accountId": account,
        "awsRegion": region,
        "resourceType": COMPLIANCE_TYPE,
        "resourceId": f"{kind}/{resource}",
        "configurationItemCaptureTime": recorded,
        "configurationItemStatus": "OK",
        "version": "1.3",
        "configuration": {
            "targetResourceType": kind,
            "targetResourceId": resource,
            "complianceType": "",
            "configRuleList": [],
        },
    }


def _finished(item: Row) -> Row:
    configuration = item["configuration"]
    types = {rule["complianceType"] for rule in configuration["configRuleList"]}
    configuration["complianceType"] = "NON_COMPLIANT" if "NON_COMPLIANT" in types else "COMPLIANT"
    captured: datetime = item["configurationItemCaptureTime"]
    item["configurationItemCaptureTime"] = captured.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return item


def rule_id(name: str, account: str, region: str) -> str:
    """Return an id as AWS Config draws them, the same for the same rule in the same place."""
    number = int.from_bytes(sha256(f"{account}/{region}/{name}".encode()).digest()[:8], "big")
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    drawn = ""
    while len(drawn) < 6:
        number, digit = divmod(number, len(letters))
        drawn += letters[digit]
    return f"config-rule-{drawn}"
