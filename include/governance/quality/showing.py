"""An item of quarantine on a terminal: what it is, why it was kept back, and raw beside mapped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

ABOUT = (
    "item", "source", "locator", "source_key", "status", "arrived_at", "first_run", "last_run",
    "resolved_at", "resolved_by", "resolution",
)  # fmt: skip
_BOOKKEEPING = ("record_no", "row_no", "locator", "source_key")
_WIDTH = 100


def print_item(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Print one item as `quarantine.show` returns it. What the source wrote is never read as markup."""
    out = console or Console(soft_wrap=False)
    out = out if out.is_terminal or console else Console(width=_WIDTH)
    about = Table.grid(padding=(0, 2))
    for name in ABOUT:
        if found[name] is not None:
            about.add_row(name, Text(str(found[name])))
    out.print(about)
    out.print(_reasons(found["reasons"]))
    out.print(_side_by_side(found["raw"], found["mapped"]))


def _reasons(reasons: list[dict[str, str]]) -> Table:
    table = Table(
        "field", "expectation", "why it was kept back", box=None, header_style="bold", pad_edge=False
    )
    for reason in reasons:
        cells = (reason.get("field", ""), reason.get("expectation", ""), reason["why"])
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _side_by_side(raw: Mapping[str, Any], mapped: Mapping[str, Any] | None) -> Table:
    table = Table("raw", "mapped", box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
    right = "not mapped: the record could not be read" if mapped is None else _written(_shown(mapped))
    table.add_row(Text(_written(raw)), Text(right))
    return table


def _shown(mapped: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mapped.items() if name not in _BOOKKEEPING}


def _written(values: Mapping[str, Any]) -> str:
    """Return one line per field; nested values as JSON."""
    lines = [
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)}"
        for name, value in values.items()
    ]
    return "\n".join(lines)
