"""How people write structured fields by hand: the scopes of an exception, and the thing of an addition."""

from __future__ import annotations

import json
from typing import Any, Literal

Notation = Literal["scopes", "pairs"]


def read(notation: Notation, text: str) -> Any:
    """Return what a text in that notation says; raises ValueError where it cannot be read."""
    return scopes(text) if notation == "scopes" else pairs(text)


def scopes(text: str) -> list[dict[str, Any]]:
    """Return one scope for each line: `dimension: value, value; dimension: value`.

    Where a value holds a comma or a semicolon, the whole is written as JSON: a list of scopes. Whether there
    is such a dimension is said by whoever reads scopes.

    >>> scopes("account: 100000000021; rule: s3-*, ec2-*\\nou: Workloads; tag: team=web")
    [{'account': ['100000000021'], 'rule': ['s3-*', 'ec2-*']}, {'ou': ['Workloads'], 'tag': {'team': 'web'}}]
    >>> scopes('[{"resource": ["a,b"]}]')
    [{'resource': ['a,b']}]
    """
    if text.lstrip().startswith("["):
        return list(_json(text))
    return [_scope(line) for line in text.splitlines() if line.strip()]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        begin = text.lstrip()[0]
        raise ValueError(f"what begins with {begin!r} is JSON; this is not: {error}") from error


def _scope(line: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(str.strip, line.split(";")):
        name, value = _pair(part, "dimension: value, value; dimension: value")
        values = [one.strip() for one in value.split(",") if one.strip()]
        if name in found:
            raise ValueError(f"{name} stands twice in one scope: write its values with commas")
        found[name] = dict(_tag(one) for one in values) if name == "tag" else values
    return found


def _tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"tag {text!r}: expected key=value")
    return name.strip(), value.strip()


def pairs(text: str) -> dict[str, str]:
    """Return a mapping written as `name: value`, a pair to a line; or as a JSON object.

    >>> pairs("name: checkout-prod\\nunit: Workloads/Prod")
    {'name': 'checkout-prod', 'unit': 'Workloads/Prod'}
    >>> pairs('{"name": "checkout-prod"}')
    {'name': 'checkout-prod'}
    """
    if text.lstrip().startswith("{"):
        return dict(_json(text))
    return dict(_pair(line, "name: value") for line in text.splitlines() if line.strip())


def _pair(text: str, expected: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (colon and name.strip() and value.strip()):
        raise ValueError(f"{text.strip()!r}: expected {expected}")
    return name.strip(), value.strip()
