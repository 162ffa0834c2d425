"""Compare a value with a shape of a botocore service model, and say in words where they differ.

Requests are held to everything the model says, as AWS holds them. Answers are held to what a client relies
on (members, types, enumerations): AWS's own recorded answers break the lengths and patterns of the models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (datetime,),
    "blob": (bytes, bytearray),
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
}


def violations(shape: Shape | None, value: Any, *, constraints: bool, path: str = "") -> list[str]:
    """Return every difference in words, each beginning with the path of the member.

    With `constraints`, lengths, ranges and patterns count too. A shape of None allows nothing but {};
    a member that is None is absent.
    """
    if shape is None:
        return [f"{name}: unknown member" for name in value]
    return list(_Check(constraints).shape(shape, value, path))


class _Check:
    def __init__(self, constraints: bool) -> None:
        self._constraints = constraints

    def shape(self, shape: Shape, value: Any, path: str) -> Iterator[str]:
        kind: str = shape.type_name
        expected = _TYPES[kind]
        fits = type(value) in expected or (isinstance(value, expected) and not isinstance(value, bool))
        if not fits:
            if not getattr(shape, "is_document_type", False):
                yield f"{path or 'request'}: expected {kind}, found {type(value).__name__}"
            return
        inner = self._INNER.get(kind)
        if inner is not None:
            yield from inner(self, shape, value, path)
        elif kind == "string":
            yield from self._text(shape, value, path)
        elif self._constraints and kind in ("integer", "long", "float", "double"):
            yield from _outside(shape, value, f"{path}: value")

    def _structure(self, shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
        if shape.is_document_type:
            return
        prefix = f"{path}." if path else ""
        yield from (f"{prefix}{name}: required member is missing"
                    for name in shape.required_members if value.get(name) is None)  # fmt: skip
        for name, member in value.items():
            if name not in shape.members:
                yield f"{prefix}{name}: unknown member"
            elif member is not None:
                yield from self.shape(shape.members[name], member, f"{prefix}{name}")

    def _list(self, shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
        if self._constraints:
            yield from _outside(shape, len(value), f"{path}: number of members")
        for number, member in enumerate(value):
            yield from self.shape(shape.member, member, f"{path}[{number}]")

    def _map(self, shape: MapShape, value: dict[str, Any], path: str) -> Iterator[str]:
        if self._constraints:
            yield from _outside(shape, len(value), f"{path}: number of entries")
        for key, member in value.items():
            yield from self.shape(shape.key, key, f"{path} key {key!r}")
            yield from self.shape(shape.value, member, f"{path}[{key}]")

    def _text(self, shape: Shape, value: str, path: str) -> Iterator[str]:
        allowed = shape.metadata.get("enum")
        if allowed and value not in allowed:
            yield f"{path}: {value!r} is not one of {', '.join(allowed)}"
        if self._constraints:
            yield from _outside(shape, len(value), f"{path}: length")
            if not _fits(shape.metadata.get("pattern"), value):
                yield f"{path}: {value!r} does not match the pattern {shape.metadata['pattern']}"

    _INNER: dict[str, Callable[..., Iterator[str]]] = {  # noqa: RUF012 (a table, never changed)
        "structure": _structure,
        "list": _list,
        "map": _map,
    }


def _outside(shape: Shape, size: float, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{what} {size} is below the minimum {low}"
    if high is not None and size > high:
        yield f"{what} {size} is above the maximum {high}"


@lru_cache(maxsize=512)
def _expression(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:  # the models are written for Java: \p{L} and its kin are unknown to `re`
        return None


def _fits(pattern: str | None, value: str) -> bool:
    expression = _expression(pattern) if pattern else None
    return expression is None or expression.fullmatch(value) is not None
