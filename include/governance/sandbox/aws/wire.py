"""Values between Python and the wire, led by the shape: what JSON has no type for, it says otherwise."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from botocore.utils import parse_timestamp

from governance.sandbox.aws.errors import ServiceError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_json(shape: Any, value: Any) -> Any:
    """Return the Python value of what came as JSON; what does not fit stays as it is, to be refused."""
    if shape is None or value is None or getattr(shape, "is_document_type", False):
        return value
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {
            name: from_json(shape.members.get(name), member)
            for name, member in value.items()
            if member is not None
        }
    if kind == "list" and isinstance(value, list):
        return [from_json(shape.member, member) for member in value]
    if kind == "map" and isinstance(value, dict):
        return {name: from_json(shape.value, member) for name, member in value.items()}
    return from_text(shape, value) if kind in ("timestamp", "blob") else value


def from_text(shape: Any, value: Any) -> Any:
    """Return the Python value of a scalar that came as text: a header, a path, a form field, a timestamp."""
    kind = shape.type_name
    try:
        if kind == "timestamp":
            return parse_timestamp(value)
        if kind == "blob":
            return base64.b64decode(value, validate=True)
        if kind in ("integer", "long"):
            return int(value)
        if kind in ("float", "double"):
            return float(value)
        if kind == "boolean":
            return {"true": True, "false": False}[value]
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError("SerializationException", f"{value!r} is not a {kind}") from error
    return value


def to_json(shape: Any, value: Any) -> Any:
    """Return what `json.dumps` takes for a value of `shape`; instants become seconds since 1970."""
    kind = shape.type_name
    if kind == "structure" and not shape.is_document_type:
        names = {name: member.serialization.get("name", name) for name, member in shape.members.items()}
        return {
            names[name]: to_json(shape.members[name], member)
            for name, member in value.items()
            if member is not None
        }
    if kind == "list":
        if shape.member.type_name == "string":
            return list(value)
        return [to_json(shape.member, member) for member in value]
    if kind == "map":
        return {name: to_json(shape.value, member) for name, member in value.items()}
    if kind == "timestamp":
        return _instant(shape, value)
    return base64.b64encode(value).decode() if kind == "blob" else value


def _instant(shape: Any, value: datetime) -> float | str:
    if shape.serialization.get("timestampFormat") == "iso8601":
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    seconds = (value - _EPOCH).total_seconds()
    return int(seconds) if seconds.is_integer() else seconds
