"""`governance live-exceptions`: what AWS itself excepts, and who approved it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.instants import read_instant

if TYPE_CHECKING:
    from governance.reconciliation.planes.live import Judged


def live_exceptions(
    plane: Annotated[
        str | None,
        typer.Option(help="remediation, exclusion, control_tower, organizations or service_catalog."),
    ] = None,
    verdict: Annotated[
        str | None,
        typer.Option(help="PRESENT, DIFFERENT, NOT_APPROVED, MISSING, BY_DESIGN or UNKNOWN."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="As known at this instant (ISO 8601, UTC where no offset is named).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List what AWS itself excepts in every plane, with the verdict on each. Changes nothing."""
    from governance.reconciliation.planes.look import look
    from governance.resources import folder
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    when = read_instant(at) if at else settings.instant()
    with open_register(settings).connect() as connection:
        found = look(
            connection,
            when,
            folder("policies", settings.config_dir),
            memory=settings.reconciliation_memory,
        )
    chosen = [
        one for one in found.judged if plane in (None, one.live.plane) and verdict in (None, one.verdict)
    ]
    rows = [_row(one) for one in sorted(chosen, key=lambda one: (one.live.key, one.verdict))]
    gaps = {key: why for key, why in sorted(found.gaps.items()) if plane in (None, key[0])}
    for line in [_json(rows, gaps)] if as_json else _words(rows, gaps):
        typer.echo(line)


def _json(rows: list[dict[str, Any]], gaps: dict[Any, str]) -> str:
    unknown = [{"plane": of, "account": a, "region": r, "why": why} for (of, a, r), why in gaps.items()]
    return json.dumps({"live_exceptions": rows, "not_known": unknown}, default=str, ensure_ascii=False)


def _words(rows: list[dict[str, Any]], gaps: dict[Any, str]) -> list[str]:
    lines = [f"{row['plane']:<16}{row['verdict']:<14}{row['why']}" for row in rows]
    for (of, account, region), why in gaps.items():
        place = " ".join(part for part in (account, region) if part not in ("*", ""))
        lines.append(f"{of:<16}{'not known':<14}{place + ': ' if place else ''}{why}")
    return lines


def _row(one: Judged) -> dict[str, Any]:
    live = one.live
    return {
        "plane": live.plane, "verdict": one.verdict, "finding": one.finding, "guardrail": live.guardrail,
        "kind": live.kind, "value": live.value, "account": live.account, "region": live.region,
        "unit": live.unit, "ends": live.ends, "request": one.request.request_id if one.request else None,
        "why": one.why, "evidence": live.evidence,
    }  # fmt: skip
