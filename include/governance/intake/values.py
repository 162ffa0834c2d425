"""Single values of a source: reached by name, cleaned, and read as text, object or scopes."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from governance.intake.records import json_text, storable
from governance.intake.spec import FieldMapping, SourceSpec
from governance.register.scope import SCOPES, canonical


def first(values: dict[str, Any], sources: tuple[str, ...], spec: SourceSpec) -> Any:
    """Return the first of several columns that has a value."""
    found = (cleaned(reach(values, source), spec) for source in sources)
    return next((value for value in found if value is not None), None)


def reach(values: Any, path: str) -> Any:
    """Value of a column; where no column has that name, its dots reach into objects."""
    if isinstance(values, dict) and path in values:
        return values[path]
    for part in path.split("."):
        if not isinstance(values, dict):
            return None
        values = values.get(part)
    return values


def cleaned(value: Any, spec: SourceSpec) -> Any:
    """Return a value without white space around it; None for the source's words for nothing."""
    if isinstance(value, str):
        value = storable(value.strip() if spec.trim else value)
        return None if value in spec.nulls or not value else value
    return None if value in ([], {}) else value


def as_text(value: Any) -> str:
    """Return a value as text, objects as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json_text(value)


def unpacked(value: Any, mapping: FieldMapping) -> Any:
    """Return what text stands for, where the mapping says that it is JSON or a list."""
    if mapping.format == "json" and isinstance(value, str):
        return json.loads(value)
    if mapping.format == "list" and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def object_text(value: Any) -> str:
    """Return the JSON text of an object or a list; ValueError for anything else."""
    if not isinstance(value, (dict, list)):
        raise ValueError(f"found {type(value).__name__}, expected an object or a list")
    return json_text(value)


def scopes_text(value: Any) -> str:
    """Return the canonical JSON text of scopes; ValidationError where they are malformed."""
    return canonical(SCOPES.validate_python(value))


def words(error: ValueError) -> str:
    """Say what is wrong with a value, in words."""
    if not isinstance(error, ValidationError):
        return f"cannot be read: {error}"
    details = []
    for detail in error.errors():
        where = ".".join(str(part) for part in detail["loc"])
        unknown = detail["type"] == "extra_forbidden"
        what = "no such dimension" if unknown else detail["msg"].replace("Value error, ", "expected ")
        details.append(f"[{where}] {what}")
    return "; ".join(details)
