"""AWS Organizations over a World: policies, what they are attached to, and tags."""

from __future__ import annotations

import json
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.organizations import absent, arn, listed, management_only
from governance.sandbox.world import Policy, World

Row = dict[str, Any]


class OrganizationPolicies:
    """Handlers of the read operations on policies and tags, for the management account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._units = {unit.id: unit for unit in world.units}
        self._accounts = {account.id: account for account in world.accounts}
        self._policies = {policy.id: policy for policy in world.policies}

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return management_only(
            self._world,
            {
                "ListPolicies": self._list_policies,
                "DescribePolicy": self._describe_policy,
                "ListTargetsForPolicy": self._list_targets,
                "ListPoliciesForTarget": self._list_policies_for_target,
                "ListTagsForResource": self._list_tags,
            },
        )

    def _policy(self, policy: Policy) -> Row:
        kind = policy.type.lower()
        aws = f"arn:aws:organizations::aws:policy/{kind}/{policy.id}"
        return {
            "Id": policy.id,
            "Arn": aws if policy.aws_managed else arn(self._world, "policy", kind, policy.id),
            "Name": policy.name,
            "Description": policy.description,
            "Type": policy.type,
            "AwsManaged": policy.aws_managed,
        }

    def _list_policies(self, call: Call) -> Row:
        kind = call.arguments["Filter"]
        found = [self._policy(policy) for policy in self._world.policies if policy.type == kind]
        return listed(call, "Policies", found)

    def _described(self, call: Call) -> Policy:
        policy = self._policies.get(call.arguments["PolicyId"])
        if policy is None:
            raise absent("Policy", "a policy")
        return policy

    def _describe_policy(self, call: Call) -> Row:
        policy = self._described(call)
        return {"Policy": {"PolicySummary": self._policy(policy), "Content": json.dumps(policy.content)}}

    def _target(self, target: str) -> Row:
        if target in self._accounts:
            name, kind, noun = self._accounts[target].name, "ACCOUNT", "account"
        elif target in self._units:
            name, kind, noun = self._units[target].name, "ORGANIZATIONAL_UNIT", "ou"
        else:
            name, kind, noun = "Root", "ROOT", "root"
        return {"TargetId": target, "Arn": arn(self._world, noun, target), "Name": name, "Type": kind}

    def _list_targets(self, call: Call) -> Row:
        return listed(call, "Targets", [self._target(target) for target in self._described(call).targets])

    def _existing(self, target: str) -> str:
        known = {self._world.root_id, *self._units, *self._accounts, *self._policies}
        if target not in known:
            raise absent("Target", "a root, OU, account or policy")
        return target

    def _list_policies_for_target(self, call: Call) -> Row:
        target, kind = self._existing(call.arguments["TargetId"]), call.arguments["Filter"]
        found = [
            self._policy(policy)
            for policy in self._world.policies
            if policy.type == kind and target in policy.targets
        ]
        return listed(call, "Policies", found)

    def _list_tags(self, call: Call) -> Row:
        name = self._existing(call.arguments["ResourceId"])
        found = self._accounts.get(name) or self._units.get(name) or self._policies.get(name)
        tags = found.tags if found else {}
        return listed(call, "Tags", [{"Key": key, "Value": value} for key, value in sorted(tags.items())])
