"""AWS Config in one account and region: conformance packs, and whether their rules are complied with."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.evaluations import Evaluations, Place
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Pack
from governance.sandbox.world import World

Row = dict[str, Any]

PACKS_PAGE, RULES_PAGE = 20, 1000
"""The largest page of the model; the documentation gives no default."""


class ConformancePacks:
    """Handlers of packs; a pack is where one of its rules has a status."""

    def __init__(self, world: World, evaluations: Evaluations) -> None:
        self._world, self._evaluations = world, evaluations

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeConformancePacks": self._describe,
            "DescribeConformancePackStatus": self._status,
            "DescribeConformancePackCompliance": self._compliance,
            "GetConformancePackComplianceSummary": self._summary,
        }

    @cached_property
    def _deployed(self) -> dict[Place, set[str]]:
        """Place -> rules of packs there."""
        of_packs = {rule for pack in self._world.planes.packs for rule in pack.rules}
        frame = self._world.rule_status
        found: dict[Place, set[str]] = {}
        chosen = frame.loc[frame["rule"].isin(sorted(of_packs)), ["account", "region", "rule"]]
        for account, region, rule in chosen.itertuples(index=False, name=None):
            found.setdefault((account, region), set()).add(rule)
        return found

    def _here(self, call: Call) -> dict[str, Pack]:
        rules = self._deployed.get(call.place, set())
        return {pack.name: pack for pack in self._world.planes.packs if rules & set(pack.rules)}

    def _named(self, call: Call) -> list[Pack]:
        here = self._here(call)
        names = call.arguments.get("ConformancePackNames") or list(here)
        for name in names:
            if name not in here:
                raise _no_pack(name)
        return [here[name] for name in names]

    def _itself(self, pack: Pack, call: Call) -> Row:
        number = f"conformance-pack-{pack.rules[0].rsplit('-', 1)[-1]}"
        place = f"arn:aws:config:{call.region}:{call.account}:conformance-pack"
        return {
            "ConformancePackName": pack.name,
            "ConformancePackArn": f"{place}/{pack.name}/{number}",
            "ConformancePackId": number,
            "LastUpdateRequestedTime": min(one.joined_at for one in self._world.accounts),
        }

    def _describe(self, call: Call) -> Row:
        rows = [{**self._itself(pack, call), "CreatedBy": pack.created_by} for pack in self._named(call)]
        found, token = page(call.action, rows, call.arguments, default=PACKS_PAGE)
        return {"ConformancePackDetails": found, "NextToken": token}

    def _status(self, call: Call) -> Row:
        stack = f"arn:aws:cloudformation:{call.region}:{call.account}:stack/awsconfigconforms"
        rows = [
            {
                **self._itself(pack, call),
                "ConformancePackState": "CREATE_COMPLETE",
                "StackArn": f"{stack}-{pack.name}/0",
            }
            for pack in self._named(call)
        ]
        found, token = page(call.action, rows, call.arguments, default=PACKS_PAGE)
        return {"ConformancePackStatusDetails": found, "NextToken": token}

    def _compliance(self, call: Call) -> Row:
        name, chosen = call.arguments["ConformancePackName"], call.arguments.get("Filters", {})
        pack = self._here(call).get(name)
        if pack is None:
            raise _no_pack(name)
        rows = [
            row
            for row in self._rules(pack, call)
            if chosen.get("ComplianceType") in (None, row["ComplianceType"])
            and (not chosen.get("ConfigRuleNames") or row["ConfigRuleName"] in chosen["ConfigRuleNames"])
        ]
        found, token = page(call.action, rows, call.arguments, default=RULES_PAGE)
        return {"ConformancePackName": name, "ConformancePackRuleComplianceList": found, "NextToken": token}

    def _rules(self, pack: Pack, call: Call) -> list[Row]:
        """A rule without results has insufficient data.

        https://docs.aws.amazon.com/config/latest/APIReference/API_ConformancePackRuleCompliance.html
        """
        rows = []
        for rule in pack.rules:
            results = {one["compliance"] for one in self._evaluations.of_rule(*call.place, rule)}
            bad = "NON_COMPLIANT" in results
            compliance = ("NON_COMPLIANT" if bad else "COMPLIANT") if results else "INSUFFICIENT_DATA"
            rows.append({"ConfigRuleName": rule, "ComplianceType": compliance})
        return rows

    def _summary(self, call: Call) -> Row:
        """A pack is non-compliant if any rule is, compliant if all are, else without enough data.

        https://docs.aws.amazon.com/config/latest/APIReference/API_ConformancePackComplianceSummary.html
        """
        rows = []
        for pack in self._named(call):
            types = {row["ComplianceType"] for row in self._rules(pack, call)}
            status = next(
                (one for one in ("NON_COMPLIANT", "INSUFFICIENT_DATA") if one in types), "COMPLIANT"
            )
            rows.append({"ConformancePackName": pack.name, "ConformancePackComplianceStatus": status})
        found, token = page(call.action, rows, call.arguments, default=5)
        return {"ConformancePackComplianceSummaryList": found, "NextToken": token}


def _no_pack(name: str) -> ServiceError:
    return ServiceError("NoSuchConformancePackException", f"The conformance pack {name} does not exist.")
