"""AWS Config over a World: rules and packs that the organization puts into accounts but those excluded."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Row as Told
from governance.sandbox.world import World

Row = dict[str, Any]

PAGE = 25
"""A choice of this stand-in: the documentation says that there is a default for `Limit`, but not which."""
PACKS_PAGE = 100
OF_THE_ORGANIZATION = "config-multiaccountsetup.amazonaws.com"
"""Who creates, in the accounts, what an organization deploys."""


class OrganizationRules:
    """Handlers for the management account in its home region, whence the rules were deployed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules = {rule["OrganizationConfigRuleName"]: rule for rule in world.planes.organization_rules}
        self._failures = {(one.rule, one.account): one for one in world.planes.member_failures}

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeOrganizationConfigRules": self._describe,
            "DescribeOrganizationConfigRuleStatuses": self._statuses,
            "GetOrganizationConfigRuleDetailedStatus": self._detailed,
            "DescribeOrganizationConformancePacks": self._packs,
        }

    def _here(self, call: Call) -> dict[str, Told]:
        """Return the rules, by name.

        https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConfigRules.html
        (OrganizationAccessDeniedException: not the management account, and no delegated administrator)
        """
        delegated = {one.account for one in self._world.planes.delegations}
        if call.account not in {self._world.management_account, *delegated}:
            message = "This action can only be made by the organization's management or administrator account"
            raise ServiceError("OrganizationAccessDeniedException", message)
        home = call.place == (self._world.management_account, self._world.home_region)
        return self._rules if home else {}

    def _named(self, call: Call) -> list[Told]:
        here = self._here(call)
        names = call.arguments.get("OrganizationConfigRuleNames") or list(here)
        for name in names:
            if name not in here:
                raise _no_rule(name)
        return [here[name] for name in names]

    def _describe(self, call: Call) -> Row:
        found, token = page(call.action, self._named(call), call.arguments, default=PAGE)
        return {"OrganizationConfigRules": [dict(row) for row in found], "NextToken": token}

    def _packs(self, call: Call) -> Row:
        """https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConformancePacks.html"""
        at_home = bool(self._here(call)) or call.place == (
            self._world.management_account,
            self._world.home_region,
        )
        prefix = f"arn:aws:config:{call.region}:{call.account}:organization-conformance-pack"
        rows = [
            {
                "OrganizationConformancePackName": pack.name,
                "OrganizationConformancePackArn": f"{prefix}/{pack.name}-{pack.rules[0][-8:]}",
                "ExcludedAccounts": list(pack.excluded),
                "LastUpdateTime": min(one.joined_at for one in self._world.accounts),
            }
            for pack in self._world.planes.packs
            if at_home and pack.created_by == OF_THE_ORGANIZATION
        ]
        found, token = page(call.action, rows, call.arguments, default=PACKS_PAGE)
        return {"OrganizationConformancePacks": found, "NextToken": token}

    def _statuses(self, call: Call) -> Row:
        """The status of a rule is failed if that of any member is.

        https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConfigRuleStatus.html
        """
        failed = {rule for rule, _ in self._failures}
        rows = [
            {
                "OrganizationConfigRuleName": row["OrganizationConfigRuleName"],
                "OrganizationRuleStatus": (
                    "UPDATE_FAILED" if row["OrganizationConfigRuleName"] in failed else "CREATE_SUCCESSFUL"
                ),
                "LastUpdateTime": row["LastUpdateTime"],
            }
            for row in self._named(call)
        ]
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"OrganizationConfigRuleStatuses": found, "NextToken": token}

    def _detailed(self, call: Call) -> Row:
        name = call.arguments["OrganizationConfigRuleName"]
        rule = self._here(call).get(name)
        if rule is None:
            raise _no_rule(name)
        chosen, excluded = call.arguments.get("Filters", {}), set(rule.get("ExcludedAccounts") or ())
        accounts = [
            account
            for account in self._active
            if account not in excluded
            and chosen.get("AccountId") in (None, account)
            and chosen.get("MemberAccountRuleStatus") in (None, self._status_in(name, account))
        ]
        found, token = page(call.action, accounts, call.arguments, default=PAGE)
        rows = [self._member(rule, account) for account in found]
        return {"OrganizationConfigRuleDetailedStatus": rows, "NextToken": token}

    @cached_property
    def _active(self) -> list[str]:
        """Active accounts; the others, and those excluded from a rule, have no status of it."""
        return sorted(one.id for one in self._world.accounts if one.state == "ACTIVE")

    def _status_in(self, rule: str, account: str) -> str:
        return "CREATE_FAILED" if (rule, account) in self._failures else "CREATE_SUCCESSFUL"

    def _member(self, rule: Told, account: str) -> Row:
        """https://docs.aws.amazon.com/config/latest/APIReference/API_MemberAccountStatus.html"""
        name = rule["OrganizationConfigRuleName"]
        failure = self._failures.get((name, account))
        row = {
            "AccountId": account,
            "ConfigRuleName": _deployed_name(rule),
            "MemberAccountRuleStatus": self._status_in(name, account),
            "LastUpdateTime": rule["LastUpdateTime"],
        }
        return {**row, "ErrorCode": failure.code, "ErrorMessage": failure.message} if failure else row


def _deployed_name(rule: Told) -> str:
    """The suffix is that of the rule's ARN, as in `OrgConfigRule-name-m2x7k9wd`."""
    suffix = str(rule["OrganizationConfigRuleArn"]).rsplit("-", 1)[-1]
    return f"OrgConfigRule-{rule['OrganizationConfigRuleName']}-{suffix}"


def _no_rule(name: str) -> ServiceError:
    return ServiceError(
        "NoSuchOrganizationConfigRuleException", f"The organization config rule {name} does not exist."
    )
