"""Read the YAML files people write into pydantic models; errors name file, line, key, found, expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from governance.errors import DocumentError, Problem


class Document(BaseModel):
    """Base of everything a person writes: a closed vocabulary, immutable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


DocumentT = TypeVar("DocumentT", bound=BaseModel)


def read(path: Path, model: type[DocumentT], context: dict[str, Any] | None = None) -> DocumentT:
    """Read one YAML file into `model`; raise DocumentError that lists every mistake with its line."""
    text = path.read_text("utf-8")
    try:
        data = loaded(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        found = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise DocumentError([Problem(path, line, "", found, "valid YAML")]) from error
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raise DocumentError([_problem(path, node, dict(detail)) for detail in error.errors()]) from error


def loaded(text: str) -> Any:
    """Return what YAML text holds, read by the C library where it is there; raises yaml.YAMLError."""
    try:
        return yaml.load(text, Loader=_FAST)  # noqa: S506 (it is a safe loader)
    except yaml.YAMLError:
        return yaml.safe_load(text)  # which says more clearly what is wrong


_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _problem(path: Path, node: yaml.Node | None, detail: dict[str, Any]) -> Problem:
    location = tuple(part for part in detail["loc"] if not str(part).startswith("function-"))
    key = ".".join(str(part) for part in location)
    line = _line(node, location)
    if detail["type"] == "extra_forbidden":
        return Problem(path, line, key, "an unknown key", "one of the keys this document knows")
    if detail["type"] == "missing":
        return Problem(path, line, key, "nothing", "a value: this key is required")
    return Problem(path, line, key, repr(detail["input"]), detail["msg"].removeprefix("Value error, "))


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int | None:
    """Line of the deepest part of `location` that exists in the document."""
    if node is None:
        return None
    line: int = node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
