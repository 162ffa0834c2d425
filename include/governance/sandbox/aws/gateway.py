"""The front of the stand-in: who asks what, which fault hits it, whose handler answers, in which protocol."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from botocore.model import OperationModel

from governance.sandbox.aws import moto_bridge, protocol
from governance.sandbox.aws.aggregator import Aggregator
from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.config_delivery import Delivery
from governance.sandbox.aws.config_query import AdvancedQueries
from governance.sandbox.aws.config_rules import ConfigRules
from governance.sandbox.aws.conformance_packs import ConformancePacks
from governance.sandbox.aws.control_tower import ControlTower
from governance.sandbox.aws.control_tower_operations import ControlTowerOperations
from governance.sandbox.aws.delegated_administrators import DelegatedAdministrators
from governance.sandbox.aws.errors import NotServedError, ServiceError, WrongAnswerError
from governance.sandbox.aws.evaluations import Evaluations
from governance.sandbox.aws.faults import Fault, Faults
from governance.sandbox.aws.models import operation_of
from governance.sandbox.aws.organization_policies import OrganizationPolicies
from governance.sandbox.aws.organization_rules import OrganizationRules
from governance.sandbox.aws.organization_tags import OrganizationTags
from governance.sandbox.aws.organizations import Organizations
from governance.sandbox.aws.paging import Token
from governance.sandbox.aws.protocol import Response
from governance.sandbox.aws.remediations import Remediations
from governance.sandbox.aws.request import Request, account_of_key
from governance.sandbox.aws.service_catalog import Portfolios, ServiceCatalogRecords
from governance.sandbox.aws.ssm_automation import Automation
from governance.sandbox.aws.ssm_documents import Documents
from governance.sandbox.aws.ssm_ops_items import OpsItems
from governance.sandbox.world import World

_LOG = logging.getLogger(__name__)

_ACTED_OUT = frozenset({"partial", "stale"})
"""Faults that handlers act out themselves."""
_ANSWERED_TOKENS = ("NextToken", "NextPageToken", "nextToken", "PaginationToken")

Handlers = Mapping[str, Handler]
"""'service:Operation' -> handler."""


class Part(Protocol):
    """Some operations of one service."""

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""


def handlers(world: World, faults: Faults) -> dict[str, Handler]:
    """Return every handler over a World."""
    evaluations = Evaluations(world)
    aggregator = Aggregator(world, evaluations, faults)
    rules, queries = ConfigRules(world, evaluations), AdvancedQueries(evaluations, aggregator)
    tree, policies = Organizations(world), OrganizationPolicies(world)
    by_service: dict[str, tuple[Part, ...]] = {
        "config": (
            rules,
            aggregator,
            queries,
            Delivery(world),
            Remediations(world, evaluations),
            OrganizationRules(world),
            ConformancePacks(world, evaluations),
        ),
        "controltower": (ControlTower(world), ControlTowerOperations(world)),
        "organizations": (tree, policies, DelegatedAdministrators(world)),
        "servicecatalog": (ServiceCatalogRecords(world), Portfolios(world)),
        "tag": (OrganizationTags(world),),
        "ssm": (OpsItems(world), Automation(world), Documents(world)),
    }
    return {
        f"{service}:{operation}": handler
        for service, parts in by_service.items()
        for part in parts
        for operation, handler in part.handlers().items()
    }


class Gateway:
    """Answers requests over one World. `extra` handlers (recorded answers) come before those of the World."""

    def __init__(self, world: World, faults: Faults, extra: Handlers | None = None) -> None:
        self.faults = faults
        self.handlers: dict[str, Handler] = {**handlers(world, faults), **(extra or {})}
        self._accounts = {account.id for account in world.accounts}
        self._hub = world.management_account
        self._moto = moto_bridge.MotoBridge(world)

    def close(self) -> None:
        """Forget what was stored."""
        self._moto.close()

    def struck(self, request: Request) -> list[Fault]:
        """Count the call and return the faults that hit it; an unsigned request meets none."""
        try:
            signature = request.signature
            action = self._action(request)
        except ServiceError:
            return []
        return self.faults.strike(action, self._account(signature.access_key), signature.region)

    def _action(self, request: Request) -> str:
        service = request.signature.service
        if service in moto_bridge.SERVICES:
            return f"{service}:{self._moto.operation(request)}"
        return protocol.action(operation_of(request))

    def _account(self, access_key: str) -> str:
        """Keys of an assumed role act in its account; any other key is one of the management account."""
        account = account_of_key(access_key)
        return account if account in self._accounts and account is not None else self._hub

    def is_slow(self, request: Request) -> bool:
        """Tell whether the answer should be made beside the event loop."""
        try:
            return request.signature.service in moto_bridge.SERVICES
        except ServiceError:
            return False

    def answer(self, request: Request, struck: list[Fault]) -> Response:
        """Return the response to a request that `struck` faults hit. Never raises."""
        spoken, version = _protocol(request)
        try:
            return self._answer(request, {fault.kind: fault for fault in struck})
        except WrongAnswerError as error:
            _LOG.error("%s", error)
            return protocol.refusal(spoken, error, version)
        except ServiceError as error:
            return protocol.refusal(spoken, error, version)
        except Exception as error:  # noqa: BLE001 (a defect must reach the client as one, not end the connection)
            _LOG.exception("the stand-in failed on %s", self._action(request))
            wrapped = ServiceError("InternalFailure", f"the stand-in failed: {error!r}", status=500)
            return protocol.refusal(spoken, wrapped, version)

    def _answer(self, request: Request, struck: Mapping[str, Fault]) -> Response:
        signature = request.signature
        account = self._account(signature.access_key)
        if signature.service in moto_bridge.SERVICES:
            _refuse(struck, self._action(request), account, signature.service)
            return self._moto.answer(request, account)
        operation = operation_of(request)
        action = protocol.action(operation)
        _refuse(struck, action, account, signature.service, operation)
        arguments = protocol.arguments(operation, request)
        handler = self.handlers.get(action)
        if handler is None:
            raise NotServedError(action)
        if "empty_page" in struck:
            return protocol.answer(operation, _empty_page(operation, action, arguments))
        call = Call(action, arguments, account, signature.region, frozenset(struck) & _ACTED_OUT)
        return protocol.answer(operation, handler(call))


def _protocol(request: Request) -> tuple[str, str]:
    try:
        service = request.signature.service
    except ServiceError:
        service = ""
    content_type = request.headers.get("content-type", "")
    form = "form-urlencoded" in content_type and "x-amz-target" not in request.headers
    usual = "query" if form else "json"
    return moto_bridge.SERVICES.get(service, usual), "1.0" if content_type.endswith("1.0") else "1.1"


def _refuse(
    struck: Mapping[str, Fault],
    action: str,
    account: str,
    service: str,
    operation: OperationModel | None = None,
) -> None:
    """Raise what the faults say, in the words and codes of the service.

    https://docs.aws.amazon.com/awsconfig/latest/APIReference/CommonErrors.html
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (SlowDown, 503)
    """
    xml = service in moto_bridge.SERVICES
    if "expire" in struck:
        code = "ExpiredToken" if xml else "ExpiredTokenException"
        raise ServiceError(
            code, "The security token included in the request is expired", status=403 if xml else 400
        )
    if "deny" in struck:
        who = f"arn:aws:sts::{account}:assumed-role/stand-in/session"
        message = f"User: {who} is not authorized to perform: {action}"
        code = "AccessDenied" if xml else "AccessDeniedException"
        raise ServiceError(code, message, status=403 if xml else _declared_status(operation, code))
    if "throttle" in struck:
        declared = {shape.name for shape in operation.error_shapes} if operation else set()
        code = "TooManyRequestsException" if "TooManyRequestsException" in declared else "ThrottlingException"
        code = {"s3": "SlowDown", "sts": "Throttling"}.get(service, code)
        status = 503 if service == "s3" else _declared_status(operation, code)
        raise ServiceError(code, "Rate exceeded", status=status)
    if "error" in struck:
        fault = struck["error"]
        raise ServiceError(fault.code, fault.message, status=fault.status)


def _declared_status(operation: OperationModel | None, code: str) -> int:
    """Return the HTTP status that a model gives an error (Control Tower's: 403, 429), else the usual 400."""
    shapes = operation.error_shapes if operation else []
    declared = [shape.metadata.get("error", {}) for shape in shapes if shape.name == code]
    return int(declared[0].get("httpStatusCode", 400)) if declared else 400


def _empty_page(operation: OperationModel, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """An empty page that still carries a token, which AWS allows wherever it pages.

    https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
    """
    members = operation.output_shape.members if operation.output_shape else {}
    token = next((name for name in _ANSWERED_TOKENS if name in members), None)
    if token is None:
        raise ServiceError("InternalFailure", f"{action} has no pages", status=500)
    rows = next(name for name, shape in members.items() if shape.type_name == "list")
    return {rows: [], token: str(Token.of(action, arguments).later(0))}
