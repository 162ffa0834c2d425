"""Properties of configuration items by path, as `configuration.configRuleList.configRuleName`."""

from __future__ import annotations

from typing import Any


def values_at(item: Any, path: str) -> list[Any]:
    """Return every value a property has, across the elements of arrays.

    >>> values_at({"rules": [{"name": "a"}, {"name": "b"}]}, "rules.name")
    ['a', 'b']
    """
    found = [item]
    for name in path.split("."):
        found = [
            element[name]
            for part in found
            for element in (part if isinstance(part, list) else [part])
            if isinstance(element, dict) and name in element
        ]
    return [value for part in found for value in (part if isinstance(part, list) else [part])]


def project(item: Any, paths: tuple[str, ...]) -> dict[str, Any]:
    """Return the parts of an item that are selected, nested as they are in the item."""
    whole = {path for path in paths if "." not in path}
    below: dict[str, list[str]] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        if rest and head not in whole:
            below.setdefault(head, []).append(rest)
    result = {}
    for name in dict.fromkeys(path.partition(".")[0] for path in paths):
        if name in item:
            result[name] = item[name] if name in whole else _below(item[name], tuple(below[name]))
    return result


def _below(value: Any, paths: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_below(element, paths) for element in value]
    return project(value, paths) if isinstance(value, dict) else value
