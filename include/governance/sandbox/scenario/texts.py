"""The texts people write, kept as YAML beside this module: one template per kind of request."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where PyYAML was built with it."""


@cache
def templates(name: str) -> tuple[dict[str, Any], ...]:
    """Return the templates of `exceptions`, `changes` or `additions`."""
    text = (Path(__file__).parent / "texts" / f"{name}.yaml").read_text("utf-8")
    return tuple(yaml.load(text, Loader=_SAFE))  # noqa: S506 (it is a safe loader)


def fill(value: Any, **words: str) -> Any:
    """Fill the `{words}` of a template, in texts and in mappings of texts; sentences start with a capital."""
    if isinstance(value, dict):
        return {key: fill(item, **words) for key, item in value.items()}
    text = str(value).format(**words)
    return text[:1].upper() + text[1:] if value.startswith("{") and " " in value else text
