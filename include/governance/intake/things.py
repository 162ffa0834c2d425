"""Read what an addition asks for and what a change touches, or what is malformed in it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pandas as pd
from pydantic import ValidationError

from governance.register import thing as things

_Read = tuple[str | None, str | None]


def read_things(types: pd.Series, texts: pd.Series) -> tuple[pd.Series, dict[int, str]]:
    """Return canonical JSON of the things in a column of JSON text, and row position -> what is malformed.

    A type that nobody knows is the gate's business: such a thing is kept as it is.
    """
    if texts.isna().all():
        return texts, {}
    pairs = zip(types, texts, strict=True)
    return _column([_thing(kind, text) if isinstance(text, str) else (None, None) for kind, text in pairs])


def read_targets(texts: pd.Series) -> tuple[pd.Series, dict[int, str]]:
    """Return canonical JSON of the targets in a column of JSON text, and row position -> what is wrong."""
    if texts.isna().all():
        return texts, {}
    return _column([_targets(text) if isinstance(text, str) else (None, None) for text in texts])


def _column(found: list[_Read]) -> tuple[pd.Series, dict[int, str]]:
    reasons = {position: problem for position, (_, problem) in enumerate(found) if problem}
    return pd.Series([text for text, _ in found], dtype="str"), reasons


@lru_cache(maxsize=4096)
def _thing(kind: Any, text: str) -> _Read:
    if not isinstance(kind, str):
        return (
            None,
            f"thing: found {text[:80]}, expected thing_type beside it: what sort of thing it is",
        )
    if kind not in things.THINGS:
        return text, None
    value = json.loads(text)
    if value is None:
        return None, None
    if not isinstance(value, dict):
        return None, f"thing: found {text[:80]}, expected the properties of the {kind} by name"
    try:
        return things.canonical(things.read(kind, value)), None
    except ValidationError as error:
        return None, "; ".join(_words(kind, dict(detail)) for detail in error.errors()[:3])


@lru_cache(maxsize=4096)
def _targets(text: str) -> _Read:
    value = json.loads(text)
    if value is None:
        return None, None
    try:
        found = things.TARGETS.validate_python([value] if isinstance(value, str) else value)
    except ValidationError:
        return None, f"targets: found {text[:80]}, expected a list of ARNs, ids or paths"
    return json.dumps(found, ensure_ascii=False), None


def _words(kind: str, detail: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in detail["loc"])
    where = f"{kind} {place}" if place else kind
    if detail["type"] == "extra_forbidden":
        known = ", ".join(things.THINGS[kind].model_fields)
        return f"{where}: there is no such property; there are {known}"
    if detail["type"] == "missing":
        return f"{where}: is missing"
    expected = str(detail["msg"]).removeprefix("Value error, ")
    return f"{where}: found {json.dumps(detail['input'], default=str)[:80]}, expected {expected}"
