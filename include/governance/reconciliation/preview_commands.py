"""`governance requests preview`: what a request would be now, before anybody approves it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from governance.instants import read_instant

if TYPE_CHECKING:
    from governance.reconciliation.fulfilment_preview import FulfilmentPreview, There
    from governance.reconciliation.preview import Preview

SHOWN = 20
"""Rows of each list that are printed; the rest is counted."""


def preview(
    request_id: Annotated[str, typer.Argument(help="A request, such as EXC-000125.", show_default=False)],
    at: Annotated[
        str | None, typer.Option(help="As known at this instant (ISO 8601, UTC where no offset is named).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show what a request would be if it were approved now, decided or not. Changes nothing.

    Of an exception: what its scope matches. Of an addition: what is there already. Of a change: its window,
    and what was carried out already.
    """
    from governance.reconciliation.preview import Preview
    from governance.reconciliation.preview import preview as look
    from governance.resources import folder
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    when = read_instant(at) if at else settings.instant()
    with open_register(settings).connect() as connection:
        found = look(
            connection,
            request_id,
            when,
            folder("policies", settings.config_dir),
            memory=settings.reconciliation_memory,
        )
    if as_json:
        typer.echo(json.dumps(asdict(found), default=lambda value: value.isoformat(), ensure_ascii=False))
        return
    for line in _words(found) if isinstance(found, Preview) else _fulfilment_words(found):
        typer.echo(line)


def _head(found: Preview | FulfilmentPreview) -> list[str]:
    flags = f" [{', '.join(found.flags)}]" if found.flags else ""
    return [
        f"{found.request_id} is {found.status}; as known at {found.at:%Y-%m-%d %H:%MZ}, "
        f"snapshot {found.snapshot_id}",
        f"approved now it would be {found.verdict}{flags}: {found.why}",
        "",
    ]


def _fulfilment_words(found: FulfilmentPreview) -> list[str]:
    from governance.reconciliation.fulfilment_words import at as said

    lines = [*_head(found), f"  asks for: {found.asks}", f"  may be decided by: {', '.join(found.deciders)}"]
    if found.window:
        begin, end = (said(one) for one in found.window)
        lines.append(f"  window: {begin} to {end}")
    lines += _list("there now", [f"  {_there(one)}" for one in found.there])
    if found.kind == "addition" and not found.there and not found.problem:
        lines += ["", f"nothing of that name is there{' as far as is known' if found.gap else ''}"]
    lines += _list("carried out already", [f"  {name}" for name in found.executions])
    if found.kind == "change" and not found.executions:
        lines += ["", f"nothing was carried out{' as far as is known' if found.gap else ''}"]
    same = "asks for the same" if found.kind == "addition" else "touches the same targets in the same window"
    lines += _list("beside it", [f"  {name}, {status}, {same}" for name, status in found.others])
    lines += _list("not known", [f"  {found.gap}"] if found.gap else [])
    return lines


def _there(one: There) -> str:
    place = {True: "where it should be", False: "elsewhere", None: "whether in its place is not known"}
    content = {True: "as asked for", False: "not as asked for", None: "whether as asked for is not known"}
    return f"{one.subject}: {place[one.in_place]}, {content[one.same]}; {one.told}"


def _words(found: Preview) -> list[str]:
    lines = [
        *_head(found),
        f"  items in scope: {found.matched:,}; not compliant: {found.non_compliant:,}, "
        f"of these covered by others already: {found.taken:,}; not known: {found.unknown:,}",
    ]
    if found.problem:
        lines.append(f"  its scope cannot be applied: {found.problem}")
    rows = [
        f"  {one.account:<14}{one.items:>8,}  {one.rule}{_beside(one.taken, one.unknown)}"
        for one in found.groups
    ]
    ends = ((one, f"until {one.valid_until:%Y-%m-%d}" if one.valid_until else "") for one in found.overlaps)
    covers = [f"  {one.request_id} covers {one.items:,} of it {until}".rstrip() for one, until in ends]
    lines += _list("not compliant, by account and rule", rows)
    lines += _list("covered already", covers)
    lines += _list("held by AWS", [f"  {why}" for why in found.held])
    lines += _list("not known", [f"  {place}: {reason}" for place, reason in found.gaps])
    return lines


def _beside(taken: int, unknown: int) -> str:
    told = [f"{taken:,} covered by others"] * bool(taken) + [f"{unknown:,} not known"] * bool(unknown)
    return f" ({', '.join(told)})" if told else ""


def _list(heading: str, rows: list[str]) -> list[str]:
    if not rows:
        return []
    more = [f"  and {len(rows) - SHOWN:,} more"] if len(rows) > SHOWN else []
    return ["", heading, *rows[:SHOWN], *more]
