"""`governance kpis` and `governance pack`: the numbers, and the page that the review meeting reads."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.instants import read_instant

if TYPE_CHECKING:
    from governance.review.kpis import Kpi


class Cadence(StrEnum):
    """How often the meeting takes place."""

    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"


AsOf = Annotated[
    str | None,
    typer.Option(
        help="Instant to speak about: ISO 8601, UTC where it names no offset; a date is its first moment."
    ),
]


def kpis(
    as_of: AsOf = None,
    source: Annotated[str | None, typer.Option(help="Only requests of this source.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the KPIs by id: value, unit, how many things it speaks for, and how many it cannot."""
    from governance.review.kpis import kpis as compute
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    instant = read_instant(as_of, "--as-of") if as_of else settings.instant()
    with open_register(settings).begin() as connection:
        found = compute(connection, as_of=instant, source=source, policies=_policies(settings.config_dir))
    if as_json:
        typer.echo(json.dumps(_by_id(found), indent=2, ensure_ascii=False))
    else:
        _print_table(found)


def pack(
    cadence: Annotated[Cadence, typer.Option(help="Which meeting it is for.")] = Cadence.weekly,
    as_of: AsOf = None,
    known: Annotated[
        str | None, typer.Option(help="Use what the register knew at this instant (default: --as-of).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write instead of the one in the lake.")] = None,
) -> None:
    """Write the review pack, one HTML file, and print where it is."""
    from governance.review.pack import build_pack
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    paths = build_pack(
        open_register(settings),
        as_of=read_instant(as_of, "--as-of") if as_of else settings.instant(),
        cadence=cadence.value,
        lake=settings.lake_location,
        policies=_policies(settings.config_dir),
        known=read_instant(known, "--known") if known else None,
        out=out,
    )
    typer.echo(paths.html)


def _policies(config_dir: Path | None) -> Path:
    from governance.resources import folder

    return folder("policies", config_dir)


def _by_id(found: list[Kpi]) -> dict[str, list[dict[str, object]]]:
    """Rows of each KPI; a KPI without any row has an empty list."""
    from governance.review.kpis import REGISTRY

    rows: dict[str, list[dict[str, object]]] = {name: [] for name in REGISTRY}
    for kpi in found:
        row: dict[str, object] = {
            "dimension": kpi.dimension, "value": kpi.value, "unit": kpi.unit,
            "n": kpi.n, "unknown": kpi.unknown,
        }  # fmt: skip
        rows[kpi.id].append(row if kpi.reason is None else {**row, "reason": kpi.reason})
    return rows


def _print_table(found: list[Kpi]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("KPI", "of", "value", "unit", "n", "unknown", box=None, header_style="bold")
    for column in (2, 4, 5):
        table.columns[column].justify = "right"
    last = ""
    for kpi in found:
        value = (
            f"unknown: {kpi.reason}"
            if kpi.value is None
            else f"{kpi.value:,.4g}"
            if kpi.value % 1
            else f"{kpi.value:,.0f}"
        )
        words = ", ".join(kpi.dimension.values()) or "all"
        table.add_row(
            "" if kpi.id == last else kpi.id, words, value, kpi.unit, f"{kpi.n:,}", f"{kpi.unknown:,}"
        )
        last = kpi.id
    Console().print(table)
