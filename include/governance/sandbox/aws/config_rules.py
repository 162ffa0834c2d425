"""AWS Config in one account and region: rules, their evaluation status, recorders, details of a rule."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pandas as pd

from governance.sandbox.aws.aggregator import result
from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.evaluations import Evaluations, Place, rule_id
from governance.sandbox.aws.paging import page
from governance.sandbox.world import Rule, World

Row = dict[str, Any]

RULES_PAGE = 25
"""The documentation gives no number; 25 rules may be named at a time, and so many come on a page."""
STATUS_PAGE = 50
"""The maximum of `Limit` in the model."""
DETAILS_PAGE = 10
"""https://docs.aws.amazon.com/config/latest/APIReference/API_GetComplianceDetailsByConfigRule.html"""

RECORDER = "default"
_LAST_STATUS = {
    "PENDING": "Pending",
    "SUCCESS": "Success",
    "FAILURE": "Failure",
    "NOTAPPLICABLE": "NotApplicable",
}


class ConfigRules:
    """Handlers of what each account and region knows of itself; a rule is where its status row is."""

    def __init__(self, world: World, evaluations: Evaluations) -> None:
        self._world, self._evaluations = world, evaluations

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeConfigRules": self._rules,
            "DescribeConfigRuleEvaluationStatus": self._evaluation_status,
            "DescribeConfigurationRecorders": self._recorders,
            "DescribeConfigurationRecorderStatus": self._recorder_status,
            "GetComplianceDetailsByConfigRule": self._details,
        }

    @cached_property
    def _status(self) -> dict[Place, dict[str, Row]]:
        """Place -> rule -> status row, in the order of names."""
        found: dict[Place, dict[str, Row]] = {}
        frame = self._world.rule_status.sort_values(["account", "region", "rule"])
        rows: list[Row] = frame.to_dict("records")  # type: ignore[assignment]
        for row in rows:
            found.setdefault((row["account"], row["region"]), {})[row["rule"]] = row
        return found

    def _named(self, call: Call) -> list[str]:
        """Return the rules that are asked for; without names, every rule here."""
        here = self._status.get((call.account, call.region), {})
        names: list[str] = call.arguments.get("ConfigRuleNames") or list(here)
        for name in names:
            if name not in here:
                raise _no_rule(name)
        return names

    def _rules(self, call: Call) -> Row:
        mode = call.arguments.get("Filters", {}).get("EvaluationMode")
        names = [] if mode == "PROACTIVE" else self._named(call)
        found, token = page(call.action, names, call.arguments, default=RULES_PAGE)
        rows = [self._rule(self._evaluations.rules[name], call) for name in found]
        return {"ConfigRules": rows, "NextToken": token}

    def _rule(self, rule: Rule, call: Call) -> Row:
        source: Row = {"Owner": rule.owner, "SourceIdentifier": rule.source_identifier}
        if rule.owner == "CUSTOM_LAMBDA":
            message = {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"}
            source["SourceDetails"] = [message]
        return {
            "ConfigRuleName": rule.name,
            "ConfigRuleArn": self._evaluations.rule_arn(rule.name, call.account, call.region),
            "ConfigRuleId": rule_id(rule.name, call.account, call.region),
            "Description": rule.description,
            "Scope": {"ComplianceResourceTypes": list(rule.resource_types)},
            "Source": source,
            "InputParameters": "{}",
            "ConfigRuleState": "ACTIVE",
            "CreatedBy": rule.created_by,
            "EvaluationModes": [{"Mode": "DETECTIVE"}],
        }

    def _evaluation_status(self, call: Call) -> Row:
        found, token = page(call.action, self._named(call), call.arguments, default=STATUS_PAGE)
        here = self._status.get((call.account, call.region), {})
        rows = [self._rule_status(here[name], call) for name in found]
        return {"ConfigRulesEvaluationStatus": rows, "NextToken": token}

    def _rule_status(self, row: Row, call: Call) -> Row:
        code, _, words = (row["error"] or "").partition(": ")
        evaluated, failed = _instant(row["last_evaluated_at"]), _instant(row["last_failed_at"])
        return {
            "ConfigRuleName": row["rule"],
            "ConfigRuleArn": self._evaluations.rule_arn(row["rule"], call.account, call.region),
            "ConfigRuleId": rule_id(row["rule"], call.account, call.region),
            "LastSuccessfulInvocationTime": evaluated,
            "LastFailedInvocationTime": failed,
            "LastSuccessfulEvaluationTime": evaluated,
            "LastFailedEvaluationTime": failed,
            "FirstActivatedTime": _instant(row["first_activated_at"]),
            "LastErrorCode": code or None,
            "LastErrorMessage": words or None,
            "FirstEvaluationStarted": evaluated is not None or failed is not None,
        }

    @cached_property
    def _recorder_rows(self) -> dict[Place, Row]:
        rows: list[Row] = self._world.recorders.to_dict("records")  # type: ignore[assignment]
        return {(row["account"], row["region"]): row for row in rows}

    def _recorder_here(self, call: Call) -> Row | None:
        row = self._recorder_rows.get((call.account, call.region))
        for name in call.arguments.get("ConfigurationRecorderNames") or []:
            if row is None or name != RECORDER:
                message = f"Cannot find configuration recorder with the specified name '{name}'."
                raise ServiceError("NoSuchConfigurationRecorderException", message)
        return row

    def _recorders(self, call: Call) -> Row:
        if self._recorder_here(call) is None:
            return {"ConfigurationRecorders": []}
        role = (
            f"arn:aws:iam::{call.account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
        )
        group = {"allSupported": True, "includeGlobalResourceTypes": call.region == self._world.home_region}
        recorder = {"name": RECORDER, "roleARN": role, "recordingGroup": group, "recordingScope": "PAID"}
        return {"ConfigurationRecorders": [recorder]}

    def _recorder_status(self, call: Call) -> Row:
        row = self._recorder_here(call)
        if row is None:
            return {"ConfigurationRecordersStatus": []}
        changed, recording = _instant(row["last_status_change_at"]), bool(row["recording"])
        status = {
            "name": RECORDER,
            "recording": recording,
            "lastStatus": _LAST_STATUS[row["last_status"].upper()],
            "lastStatusChangeTime": changed,
            "lastStopTime": None if recording else changed,
        }
        return {"ConfigurationRecordersStatus": [status]}

    def _details(self, call: Call) -> Row:
        name = call.arguments["ConfigRuleName"]
        if name not in self._status.get((call.account, call.region), {}):
            raise _no_rule(name)
        rows = self._evaluations.of_rule(call.account, call.region, name)
        wanted = call.arguments.get("ComplianceTypes")
        rows = [row for row in rows if not wanted or row["compliance"] in wanted]
        found, token = page(call.action, rows, call.arguments, default=DETAILS_PAGE)
        return {"EvaluationResults": [result(row) for row in found], "NextToken": token}


def _instant(value: Any) -> Any:
    return None if pd.isna(value) else value.to_pydatetime()


def _no_rule(name: str) -> ServiceError:
    message = f"The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name"
    return ServiceError("NoSuchConfigRuleException", message)
