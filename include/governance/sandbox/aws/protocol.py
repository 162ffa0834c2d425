"""Requests into arguments and answers into responses, in the protocol that boto3 speaks to the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape

from governance.sandbox.aws import wire
from governance.sandbox.aws.errors import ServiceError, WrongAnswerError
from governance.sandbox.aws.models import path_members
from governance.sandbox.aws.request import Request
from governance.sandbox.aws.shapes import violations


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def arguments(operation: OperationModel, request: Request) -> dict[str, Any]:
    """Return the arguments of a request; raise ServiceError where AWS would refuse them."""
    rest = operation.service_model.resolved_protocol.startswith("rest")
    found = _rest_arguments(operation, request) if rest else _json_body(operation.input_shape, request.body)
    wrong = violations(operation.input_shape, found, constraints=True)
    if wrong:
        raise _refusal(operation, wrong)
    return found


def _json_body(shape: Shape | None, body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ServiceError("SerializationException", "the body is not a JSON object")
    found: dict[str, Any] = wire.from_json(shape, content)
    return found


def _rest_arguments(operation: OperationModel, request: Request) -> dict[str, Any]:
    found = _json_body(operation.input_shape, request.body)
    labels = path_members(operation, request.path)
    members: Mapping[str, Shape] = operation.input_shape.members if operation.input_shape else {}
    for name, shape in members.items():
        place, wire_name = shape.serialization.get("location"), shape.serialization.get("name", name)
        text: Any = None
        if place == "uri":
            text = labels.get(wire_name)
        elif place == "header":
            text = request.headers.get(wire_name.lower())
        elif place == "querystring":
            text = request.query.get(wire_name, [None])[0]
            if shape.type_name == "list" and text is not None:
                found[name] = request.query[wire_name]
                continue
        if text is not None:
            found[name] = wire.from_text(shape, text)
    return found


def _refusal(operation: OperationModel, wrong: list[str]) -> ServiceError:
    """Return the error that the operation declares for bad input; the first that fits, else the common one.

    A page size out of range has an error of its own in AWS Config (InvalidLimitException):
    https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html
    Organizations declares InvalidInputException with a Reason:
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    Others: https://docs.aws.amazon.com/awsconfig/latest/APIReference/CommonErrors.html (ValidationException)
    """
    declared = {shape.name for shape in operation.error_shapes}
    plural = "s" if len(wrong) > 1 else ""
    message = f"{len(wrong)} validation error{plural} detected: {'; '.join(wrong)}"
    if "InvalidLimitException" in declared and wrong[0].startswith(("Limit: value", "MaxResults: value")):
        return ServiceError("InvalidLimitException", message)
    if "InvalidInputException" in declared:
        return ServiceError("InvalidInputException", message, detail={"Reason": "INVALID_PATTERN"})
    return ServiceError("ValidationException", message)


def answer(operation: OperationModel, content: Mapping[str, Any]) -> Response:
    """Return the response for an answer; raise WrongAnswerError where it does not fit the model."""
    shape = operation.output_shape
    wrong = violations(shape, dict(content), constraints=False)
    if wrong:
        raise WrongAnswerError(action(operation), wrong)
    status = int(operation.http.get("responseCode", 200))
    body = wire.to_json(shape, content) if shape is not None else {}
    return Response(status, _dump(body), _headers(_content_type(operation)))


def refusal(protocol: str, error: ServiceError, version: str = "1.1") -> Response:
    """Return the response for an error, in the protocol of the service."""
    if protocol in ("query", "rest-xml"):
        return _xml_refusal(protocol, error)
    body = {"__type": error.code, "message": error.message, "Message": error.message, **error.detail}
    headers = {**_headers(f"application/x-amz-json-{version}"), "x-amzn-errortype": error.code}
    return Response(error.status, _dump(body), headers)


def _xml_refusal(protocol: str, error: ServiceError) -> Response:
    request_id = str(uuid4())
    code, message = (escape(text) for text in (error.code, error.message))
    words = f"<Code>{code}</Code><Message>{message}</Message>"
    if protocol == "rest-xml":
        body = f"<Error>{words}<RequestId>{request_id}</RequestId></Error>"
    else:
        sender = "Sender" if error.status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{sender}</Type>{words}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return Response(error.status, body.encode(), {"content-type": "text/xml", "x-amzn-requestid": request_id})


def action(operation: OperationModel) -> str:
    """Return 'config:DescribeConfigRules', as IAM names what an operation needs."""
    service = operation.service_model.service_name
    return f"{_IAM_PREFIX.get(service, service)}:{operation.name}"


_IAM_PREFIX = {"resourcegroupstaggingapi": "tag"}
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonresourcegrouptaggingapi.html"""


def _content_type(operation: OperationModel) -> str:
    version = operation.metadata.get("jsonVersion")
    return f"application/x-amz-json-{version}" if version else "application/json"


def _headers(content_type: str) -> dict[str, str]:
    return {"content-type": content_type, "x-amzn-requestid": str(uuid4())}


def _dump(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
