"""botocore's own service models: which operation a request means, and what the model says about it."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from governance.sandbox.aws.errors import NotServedError, ServiceError
from governance.sandbox.aws.request import Request

MODELLED = ("config", "organizations", "controltower", "servicecatalog", "ssm", "resourcegroupstaggingapi")
"""Services answered from their models; others are handed to moto or refused."""

SIGNED_AS = {"tagging": "resourcegroupstaggingapi"}
"""Services whose signature names them otherwise than boto3."""

_LOADER = Loader()


@lru_cache(maxsize=32)
def service_model(name: str) -> ServiceModel:
    """Return the newest model of a service."""
    return ServiceModel(_LOADER.load_service_model(name, "service-2"), name)


def operation_of(request: Request) -> OperationModel:
    """Return the operation that a signed request means.

    Raises NotServedError for a service or protocol that is not served, and ServiceError
    (UnknownOperationException) for an operation that the service does not have.
    """
    signed = request.signature.service
    service = SIGNED_AS.get(signed, signed)
    if service not in MODELLED:
        raise NotServedError(f"the service {service}")
    model = service_model(service)
    target = request.headers.get("x-amz-target")
    if target:
        name = target.rpartition(".")[2]
    elif model.resolved_protocol.startswith("rest"):
        name = _rest_operation(model, request)
    else:
        raise NotServedError(f"{service} over this protocol (no X-Amz-Target)")
    if name not in model.operation_names:
        raise ServiceError("UnknownOperationException", f"{service} has no operation {name!r}")
    return model.operation_model(name)


def _rest_operation(model: ServiceModel, request: Request) -> str:
    for method, pattern, name in _rest_routes(model.service_name):
        if method == request.method and pattern.fullmatch(request.path):
            return name
    return f"{request.method} {request.path}"


def path_members(operation: OperationModel, path: str) -> dict[str, str]:
    """Return the values of the labels in the path of a REST operation."""
    found = _route(operation.http["requestUri"]).fullmatch(path)
    return {name: unquote(value) for name, value in found.groupdict().items()} if found else {}


@lru_cache(maxsize=32)
def _rest_routes(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Every route of a service, those with more literal text first."""
    model = service_model(service)
    operations = [model.operation_model(name) for name in model.operation_names]
    routes = [(one.http["method"], _route(one.http["requestUri"]), one.name) for one in operations]
    return sorted(routes, key=lambda route: -len(re.sub(r"\(.*?\)", "", route[1].pattern)))


@lru_cache(maxsize=1024)
def _route(uri: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(\+?)\}", uri.partition("?")[0])
    pattern = re.escape(parts[0])
    for name, greedy, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        pattern += f"(?P<{name}>{'.+' if greedy else '[^/]+'}){re.escape(literal)}"
    return re.compile(pattern.rstrip("/") + "/?")
