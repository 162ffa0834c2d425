"""What AWS answered once comes out of boto3 unchanged when the stand-in answers it again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name as xform
from botocore.exceptions import ClientError

from aws_worlds import client, world
from governance.errors import GovernanceError
from governance.sandbox.aws import recorded, serve
from governance.sandbox.aws.models import service_model

MOMENT = {
    "__class__": "datetime",
    "year": 2024,
    "month": 2,
    "day": 29,
    "hour": 23,
    "minute": 59,
    "second": 59,
}

OWN: dict[str, dict[str, Any]] = {
    "config.DescribeConfigRules_1.json": {
        "ConfigRules": [
            {
                "ConfigRuleName": "naïve-名",
                "Source": {"Owner": "AWS", "SourceIdentifier": "X", "SourceDetails": []},
                "Description": "",
                "InputParameters": '{"a": "\\u0001 <&>"}',
            }
        ],
        "NextToken": "opaque==",
    },
    "config.GetComplianceDetailsByConfigRule_1.json": {
        "EvaluationResults": [
            {"ComplianceType": "NON_COMPLIANT", "ResultRecordedTime": {**MOMENT, "microsecond": 123000}},
            {"ComplianceType": "COMPLIANT", "ResultRecordedTime": {**MOMENT, "microsecond": 0}},
        ]
    },
    "organizations.ListAccounts_1.json": {
        "Accounts": [
            {
                "Id": "123456789012",
                "Status": "SUSPENDED",
                "State": "CLOSED",
                "Paths": ["o-a/r-b/123456789012/"],
            }
        ]
    },
    "ssm.GetOpsItem_1.json": {
        "OpsItem": {
            "OperationalData": {"/aws/dedup": {"Value": "{}", "Type": "SearchableString"}},
            "Priority": 3,
        }
    },
    "servicecatalog.SearchProvisionedProducts_1.json": {
        "ProvisionedProducts": [{"Id": "pp-1", "CreatedTime": {**MOMENT, "microsecond": 1000}}],
        "TotalResultsCount": 1,
    },
    "controltower.ListEnabledControls_1.json": {
        "enabledControls": [{"arn": "arn:aws:controltower:eu-central-1:1:enabledcontrol/X"}]
    },
    "controltower.GetEnabledControl_1.json": {
        "enabledControlDetails": {"parameters": [{"key": "AllowedRegions", "value": ["eu-central-1"]}]}
    },
}


@pytest.fixture
def own_recordings(tmp_path: Path) -> Path:
    for name, data in OWN.items():
        content = {"status_code": 200, "data": {**data, "ResponseMetadata": {}}}
        (tmp_path / name).write_text(json.dumps(content), "utf-8")
    refused = {
        "status_code": 404,
        "data": {"Error": {"Code": "AWSOrganizationsNotInUseException", "Message": "no"}},
    }
    (tmp_path / "organizations.DescribeOrganization_1.json").write_text(json.dumps(refused), "utf-8")
    return tmp_path


def test_own_recordings_of_every_modelled_service_round_trip(own_recordings: Path) -> None:
    _assert_round_trip(own_recordings)


def test_recordings_of_the_real_aws_round_trip(shared_data: Path) -> None:
    folders = [path for path in sorted((shared_data / "aws_recorded").iterdir()) if path.is_dir()]
    assert folders
    for folder in folders:
        _assert_round_trip(folder)


def test_a_recording_whose_name_says_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text("{}", "utf-8")
    with pytest.raises(GovernanceError, match=r"service\.Operation_NUMBER"):
        recorded.handlers(tmp_path)


def _assert_round_trip(folder: Path) -> None:
    """Call every recorded operation as often as it was recorded; compare what boto3 returns."""
    with serve(world(), extra=recorded.handlers(folder)) as aws:
        for path in sorted(folder.glob("*.json")):
            service, operation = re.fullmatch(r"(\w+)\.(\w+)_\d+", path.stem).groups()  # type: ignore[union-attr]
            status, expected = recorded.read(path)
            call = getattr(client(aws.url, service, "us-east-1"), xform(operation))
            if status >= 300:
                with pytest.raises(ClientError) as refused:
                    call(**_arguments(service, operation))
                found = refused.value.response
                assert found["Error"] == expected["Error"]
                assert found["ResponseMetadata"]["HTTPStatusCode"] == status
            else:
                answer = call(**_arguments(service, operation))
                answer.pop("ResponseMetadata")
                assert answer == expected, path


def _arguments(service: str, operation: str) -> dict[str, Any]:
    """Return the least a request needs: a value for every required member."""
    shape = service_model(service).operation_model(operation).input_shape
    return _least(shape) if shape is not None else {}


def _least(shape: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {name: _least(shape.members[name]) for name in shape.required_members}
    if kind == "list":
        return [_least(shape.member) for _ in range(shape.metadata.get("min", 0))]
    if kind == "string":
        return (shape.metadata.get("enum") or [_word(shape.metadata)])[0]
    return {"map": {}, "timestamp": 0, "blob": b""}.get(kind, shape.metadata.get("min", 1))


def _word(metadata: dict[str, Any]) -> str:
    """Return a text that fits the patterns that occur in the operations recorded."""
    candidates = ("oi-9be57440dcb3", "x" * metadata.get("min", 1), "arn:aws:controltower:eu-central-1:123456789012:x",
                  "oi-9be57440dcb3"[:12])  # fmt: skip
    pattern = metadata.get("pattern")
    return next((word for word in candidates if not pattern or re.fullmatch(pattern, word)), candidates[0])
