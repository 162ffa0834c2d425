"""Read the scopes of exceptions: well-formed ones in their canonical form, malformed ones as a reason."""

from __future__ import annotations

import json
from functools import lru_cache

import pandas as pd
from pydantic import ValidationError

from governance.register.scope import SCOPES, canonical


def read_scopes(texts: pd.Series) -> tuple[pd.Series, dict[int, str]]:
    """Return canonical JSON of the scopes in a column of JSON text, and row position -> what is malformed."""
    if texts.isna().all():
        return texts, {}
    reasons: dict[int, str] = {}
    found: list[str | None] = []
    for position, text in enumerate(texts):
        scopes, problem = _read(text) if isinstance(text, str) else (None, None)
        found.append(scopes)
        if problem:
            reasons[position] = problem
    return pd.Series(found, dtype="str"), reasons


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[str | None, str | None]:
    try:
        value = json.loads(text)
        return canonical(SCOPES.validate_python([value] if isinstance(value, dict) else value)), None
    except ValidationError as error:
        return None, "; ".join(_words(dict(detail)) for detail in error.errors()[:3])


def _words(detail: dict[str, object]) -> str:
    location = detail["loc"] if isinstance(detail["loc"], tuple) else ()
    place = ".".join(str(part) for part in location) or "scopes"
    if detail["type"] == "extra_forbidden":
        return f"scope {place}: there is no such dimension"
    expected = str(detail["msg"]).removeprefix("Value error, ")
    return f"scope {place}: found {json.dumps(detail['input'], default=str)[:80]}, expected {expected}"
