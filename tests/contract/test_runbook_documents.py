"""Every document in include/runbooks/automation is one that Systems Manager takes, about calls that AWS knows.

The format as read from
https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-actions.html
and its pages on each action; services, operations, inputs and answers from botocore's models.
"""

# ruff: noqa: N815 (members are named as Systems Manager names them)

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
import yaml
from botocore import xform_name
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aws_worlds import BUCKET, HOME, HUB, client
from aws_worlds import world as small_world
from conftest import ROOT
from governance.sandbox.aws import serve

DOCUMENTS = sorted((ROOT / "include/runbooks/automation").glob("*"))
REFERENCE = re.compile(r"\{\{\s*([\w:.-]+)\s*\}\}")
PYTHON_OF = {
    "String": str,
    "StringList": list,
    "Boolean": bool,
    "Integer": int,
    "MapList": list,
    "StringMap": dict,
}
CALLING = ("aws:executeAwsApi", "aws:assertAwsResourceProperty", "aws:waitForAwsResourceProperty")
OWN_INPUTS = {
    "aws:executeAwsApi": {"Service", "Api"},
    "aws:assertAwsResourceProperty": {"Service", "Api", "PropertySelector", "DesiredValues"},
    "aws:waitForAwsResourceProperty": {"Service", "Api", "PropertySelector", "DesiredValues"},
    "aws:approve": {"Message", "MinRequiredApprovals", "Approvers"},
    "aws:branch": {"Choices", "Default"},
    "aws:executeScript": {"Runtime", "Handler", "InputPayload", "Script"},
}


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Parameter(Closed):
    type: Literal["String", "StringList", "Boolean", "Integer", "MapList", "StringMap", "AWS::IAM::Role::Arn"]
    description: str = Field(min_length=1)
    default: Any = None
    allowedValues: list[Any] | None = None
    allowedPattern: str | None = None
    minItems: int | None = None
    maxItems: int | None = None


class Output(Closed):
    Name: str = Field(pattern=r"^[A-Za-z0-9_]{1,128}$")
    Selector: str = Field(pattern=r"^\$(\.\w+(\[\d+\])?)+$")
    Type: Literal["String", "StringList", "Boolean", "Integer", "MapList", "StringMap"]


class Step(Closed):
    name: str = Field(pattern=r"^[A-Za-z0-9_]{1,128}$")
    action: Literal[
        "aws:executeAwsApi", "aws:assertAwsResourceProperty", "aws:waitForAwsResourceProperty", "aws:approve",
        "aws:branch", "aws:executeScript",
    ]  # fmt: skip
    description: str = ""
    inputs: dict[str, Any]
    outputs: list[Output] = []
    nextStep: str | None = None
    isEnd: bool = False
    isCritical: bool = True
    onFailure: str = Field(default="Abort", pattern=r"^(Abort|Continue|step:\w+)$")
    timeoutSeconds: int | None = Field(default=None, gt=0)
    maxAttempts: int = Field(default=1, gt=0)


class Document(Closed):
    schemaVersion: Literal["0.3"]
    description: str = Field(min_length=20)
    assumeRole: Literal["{{ AutomationAssumeRole }}"]
    parameters: dict[str, Parameter]
    mainSteps: list[Step] = Field(min_length=1)
    outputs: list[str] = []


@lru_cache(maxsize=1)
def session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name="eu-central-1")


@lru_cache(maxsize=32)
def operation(service: str, api: str) -> OperationModel:
    """Return the model of an operation, or raise where AWS knows no such service or operation."""
    if service not in session().get_available_services():
        raise AssertionError(f"no service {service}")
    model = _client(service).meta.service_model
    if api not in model.operation_names:
        raise AssertionError(f"{service} has no operation {api}")
    return model.operation_model(api)


@lru_cache(maxsize=8)
def _client(service: str) -> Any:
    return session().client(service)  # type: ignore[call-overload]


def read(path: Path) -> Document:
    return Document.model_validate(yaml.safe_load(path.read_text("utf-8")))


def problems(document: Document) -> list[str]:
    """Return in words what Systems Manager or AWS would not take."""
    names = [step.name for step in document.mainSteps]
    found = [f"step {name} stands twice" for name in {n for n in names if names.count(n) > 1}]
    known: dict[str, str] = {name: _plain(one.type) for name, one in document.parameters.items()}
    known["automation:EXECUTION_ID"] = "String"
    used: set[str] = {"AutomationAssumeRole"}
    for step in document.mainSteps:
        used |= {name for text in _texts(step.inputs) for name in REFERENCE.findall(text)}
        found += [f"{step.name}: {words}" for words in _of_step(step, known, names)]
        known |= {f"{step.name}.{output.Name}": output.Type for output in step.outputs}
    found += [f"output {name} is of no step" for name in document.outputs if name not in known]
    unused = document.parameters.keys() - used - {"RequestId", "FindingId"}
    return found + [f"parameter {name} is used by no step" for name in sorted(unused)]


def _plain(kind: str) -> str:
    return "String" if kind.startswith("AWS::") else kind


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def _of_step(step: Step, known: dict[str, str], names: list[str]) -> list[str]:
    found = [
        f"{{{{ {name} }}}} is neither a parameter nor an output of a step before"
        for text in _texts(step.inputs) for name in REFERENCE.findall(text) if name not in known
    ]  # fmt: skip
    choices = step.inputs.get("Choices", [])
    goals = [step.nextStep, step.inputs.get("Default"), *(choice["NextStep"] for choice in choices)]
    goals.append(step.onFailure.removeprefix("step:") if step.onFailure.startswith("step:") else None)
    found += [f"there is no step {goal}" for goal in goals if goal is not None and goal not in names]
    missing = (
        OWN_INPUTS[step.action] - step.inputs.keys() - {"InputPayload", "Default", "MinRequiredApprovals"}
    )
    found += [f"lacks the input {name}" for name in sorted(missing)]
    if step.action not in CALLING:
        found += [f"knows no input {name}" for name in sorted(step.inputs.keys() - OWN_INPUTS[step.action])]
    elif not found:
        found += _of_call(step, known)
    return found


def _of_call(step: Step, known: dict[str, str]) -> list[str]:
    try:
        model = operation(step.inputs["Service"], step.inputs["Api"])
    except AssertionError as error:
        return [str(error)]
    given = {name: value for name, value in step.inputs.items() if name not in OWN_INPUTS[step.action]}
    asked = {name: _sample(value, known, _member(model.input_shape, name)) for name, value in given.items()}
    report = ParamValidator().validate(asked, model.input_shape)
    found = [line for line in report.generate_report().splitlines() if line]
    found += [
        f"{model.name} knows no input {name}" for name in asked if _member(model.input_shape, name) is None
    ]
    selected = [(output.Selector, output.Type) for output in step.outputs]
    if step.action != "aws:executeAwsApi":
        selected.append((step.inputs["PropertySelector"], "String"))
    for selector, kind in selected:
        shape = _select(model.output_shape, selector)
        if shape is None:
            found.append(f"{selector} is nowhere in the answer of {model.name}")
        elif not _holds(shape, kind):
            found.append(f"{selector} is {shape.type_name}, not {kind}")
    if step.action != "aws:executeAwsApi":
        found += _unheard_of(model, step.inputs)
    return found


def _unheard_of(model: OperationModel, inputs: dict[str, Any]) -> list[str]:
    """Return the wanted values that the property can never have."""
    shape = _select(model.output_shape, inputs["PropertySelector"])
    enum = getattr(shape, "enum", None) or []
    plain = [value for value in inputs["DesiredValues"] if not REFERENCE.search(value)]
    return [f"{inputs['PropertySelector']} is never {value}" for value in plain if enum and value not in enum]


def _member(shape: Shape | None, name: str) -> Shape | None:
    return shape.members.get(name) if isinstance(shape, StructureShape) else None


def _sample(value: Any, known: dict[str, str], shape: Shape | None) -> Any:
    """Return a value of the type that stands there when the document runs."""
    if isinstance(value, dict):
        return {name: _sample(one, known, _member(shape, name)) for name, one in value.items()}
    if isinstance(value, list):
        inner = shape.member if isinstance(shape, ListShape) else None
        return [_sample(one, known, inner) for one in value]
    whole = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if whole is None:
        return REFERENCE.sub("sample", value) if isinstance(value, str) else value
    made: Any = PYTHON_OF[known[whole[1]]]()
    if made == "":
        if shape is not None and shape.type_name == "timestamp":
            return "2026-12-16T08:00:00Z"
        return "s" * max(36, (shape.metadata.get("min") or 1) if shape else 1)
    return _filled(shape) if isinstance(made, dict) else made


def _filled(shape: Shape | None) -> dict[str, str]:
    if not isinstance(shape, StructureShape):
        return {}
    return dict.fromkeys(shape.required_members, "sample-value")


def _select(shape: Shape | None, selector: str) -> Shape | None:
    for name, index in re.findall(r"\.(\w+)(\[\d+\])?", selector):
        shape = _member(shape, name)
        if index:
            shape = shape.member if isinstance(shape, ListShape) else None
    return shape


def _holds(shape: Shape, kind: str) -> bool:
    if isinstance(shape, ListShape):
        return kind == ("MapList" if isinstance(shape.member, StructureShape) else "StringList")
    return kind == {
        "structure": "StringMap",
        "map": "StringMap",
        "boolean": "Boolean",
        "integer": "Integer",
    }.get(shape.type_name, "String")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_document_is_one_that_systems_manager_takes(path: Path) -> None:
    assert re.fullmatch(r"Governance-[A-Za-z]+\.yaml", path.name)  # a document's name: [a-zA-Z0-9_\-.]{3,128}
    assert len(path.read_bytes()) < 64 * 1024
    assert problems(read(path)) == []


def test_there_is_a_document_for_each_thing_that_verdicts_ask_for() -> None:
    assert [path.stem.removeprefix("Governance-") for path in DOCUMENTS] == [
        "DeleteRemediationException", "ExcludeAccountFromOrganizationRule", "InspectProvisionedProduct", "MoveAccount",
        "PutRemediationException", "ResetEnabledControl", "SetEnabledControlParameters", "TerminateProvisionedProduct",
    ]  # fmt: skip
    told = (ROOT / "include/runbooks/README.md").read_text("utf-8")
    assert [path.name for path in DOCUMENTS if path.name not in told] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("Api: MoveAccount", "Api: MoveAccounts"), "organizations has no operation MoveAccounts"),
        (("Service: organizations\n      Api: MoveAccount", "Service: organisations\n      Api: MoveAccount"),
         "no service organisations"),
        (("SourceParentId:", "SourceParent:"), 'Missing required parameter in input: "SourceParentId"'),
        (("{{ look.parent }}", "{{ looked.parent }}"), "is neither a parameter nor an output"),
        (("nextStep: confirm", "nextStep: done"), "there is no step done"),
        (("$.Parents[0].Id", "$.Parents.Id"), "is nowhere in the answer of ListParents"),
        (("outputs: [look.parent]", "outputs: [look.child]"), "output look.child is of no step"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_told(change: tuple[str, str], words: str) -> None:
    text = (ROOT / "include/runbooks/automation/Governance-MoveAccount.yaml").read_text("utf-8")
    assert change[0] in text
    wrong = Document.model_validate(yaml.safe_load(text.replace(*change)))
    assert any(words in found for found in problems(wrong)), problems(wrong)


@pytest.mark.parametrize(
    "change",
    [("0.3", "2.2"), ("mainSteps", "steps"), ("aws:branch", "aws:fork"), ("type: String", "type: Text")],
)
def test_a_document_of_another_vocabulary_is_refused(change: tuple[str, str]) -> None:
    text = (ROOT / "include/runbooks/automation/Governance-MoveAccount.yaml").read_text("utf-8")
    with pytest.raises(ValidationError):
        Document.model_validate(yaml.safe_load(text.replace(*change)))


def script(document: str, step: str) -> Any:
    """Return the handler of a step's script, ready to be called as Systems Manager calls it."""
    found = read(ROOT / f"include/runbooks/automation/{document}.yaml")
    inputs = next(one.inputs for one in found.mainSteps if one.name == step)
    names: dict[str, Any] = {}
    exec(compile(inputs["Script"], document, "exec"), names)
    return names[inputs["Handler"]]


@pytest.mark.parametrize(
    "document", ["Governance-PutRemediationException", "Governance-DeleteRemediationException"]
)
def test_a_partial_failure_fails_the_runbook(document: str) -> None:
    check = script(document, "refuse_partial_failure")
    assert check({"failed": []}, {}) == {}
    with pytest.raises(ValueError, match="non-compliant resources"):
        check({"failed": [{"FailureMessage": "only on non-compliant resources", "FailedItems": [{}]}]}, {})


def test_an_account_is_excluded_beside_those_that_were_and_taken_back_in() -> None:
    prepare = script("Governance-ExcludeAccountFromOrganizationRule", "prepare")
    rule = {
        "OrganizationManagedRuleMetadata": {"RuleIdentifier": "CLOUD_TRAIL_ENABLED"},
        "ExcludedAccounts": ["2"],
    }
    out = prepare({"rules": [rule], "account": "1", "exclude": True}, {})
    assert out == {"metadata": rule["OrganizationManagedRuleMetadata"], "excluded": ["1", "2"]}
    assert prepare({"rules": [rule], "account": "2", "exclude": "false"}, {})["excluded"] == []
    for wrong, words in (([], "0 found"), ([{"OrganizationCustomRuleMetadata": {}}], "custom")):
        with pytest.raises(ValueError, match=words):
            prepare({"rules": wrong, "account": "1", "exclude": True}, {})


def _put_in(value: Any, known: dict[str, Any]) -> Any:
    """Return a value with what its references stand for."""
    if isinstance(value, dict):
        return {name: _put_in(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_put_in(one, known) for one in value]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    return known[whole[1]] if whole else REFERENCE.sub(lambda found: str(known[found[1]]), value)


def carry_out(document: Document, aws: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Run a document step by step against the stand-in, approvals given; return all outputs."""
    known = {**values, "automation:EXECUTION_ID": "0a1b2c3d-0000-4000-8000-000000000001"}

    for step in document.mainSteps:
        inputs = _put_in(step.inputs, known)
        if step.action == "aws:executeScript":
            names: dict[str, Any] = {}
            exec(compile(inputs["Script"], "script", "exec"), names)
            names[inputs["Handler"]](inputs["InputPayload"], {})
        elif step.action in CALLING:
            asked = {name: value for name, value in inputs.items() if name not in OWN_INPUTS[step.action]}
            answer = getattr(client(aws.url, inputs["Service"]), xform_name(inputs["Api"]))(**asked)
            known |= {f"{step.name}.{one.Name}": _pick(answer, one.Selector) for one in step.outputs}
            if step.action != "aws:executeAwsApi":
                assert _pick(answer, inputs["PropertySelector"]) in inputs["DesiredValues"], step.name
    return known


def _pick(answer: Any, selector: str) -> Any:
    for name, index in re.findall(r"\.(\w+)(?:\[(\d+)\])?", selector):
        answer = answer[name][int(index)] if index else answer[name]
    return answer


def test_put_and_delete_run_on_the_stand_in() -> None:
    named = {
        "ConfigRuleName": "s3-private",
        "ResourceType": BUCKET,
        "ResourceId": f"bucket-{HUB[-2:]}-{HOME}-00001",
    }
    folder = ROOT / "include/runbooks/automation"
    with serve(small_world()) as aws:
        put = read(folder / "Governance-PutRemediationException.yaml")
        carry_out(put, aws, {**named, "RequestId": "EXC-000001", "ExpirationTime": "2026-12-16T08:00:00Z"})
        config = client(aws.url, "config")
        held = config.describe_remediation_exceptions(ConfigRuleName="s3-private")["RemediationExceptions"]
        assert "EXC-000001 (runbook)" in [one.get("Message") for one in held]
        with pytest.raises(ValueError, match="non-compliant"):
            carry_out(put, aws, {**named, "ResourceId": f"bucket-{HUB[-2:]}-{HOME}-00000", "RequestId": "EXC-000001",
                                 "ExpirationTime": "2026-12-16T08:00:00Z"})  # fmt: skip
        delete = read(folder / "Governance-DeleteRemediationException.yaml")
        carry_out(delete, aws, {**named, "FindingId": "FND-000001", "Approvers": []})
        left = config.describe_remediation_exceptions(ConfigRuleName="s3-private")["RemediationExceptions"]
        assert named["ResourceId"] not in [one["ResourceId"] for one in left]


def test_the_product_is_inspected_on_the_stand_in() -> None:
    with serve(small_world()) as aws:
        document = read(ROOT / "include/runbooks/automation/Governance-InspectProvisionedProduct.yaml")
        found = carry_out(document, aws, {"ProvisionedProductId": "pp-00000006"})
    assert (found["product.status"], found["record.status"]) == ("ERROR", "SUCCEEDED")
