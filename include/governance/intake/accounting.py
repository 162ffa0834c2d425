"""The book of intake runs: opened before the pull, closed with balanced counts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import fsspec
from sqlalchemy import Connection, Engine, text

from governance import resources
from governance.intake.batch import Judged
from governance.intake.spec import SourceSpec


def open_run(engine: Engine, spec: SourceSpec, *, origin: str, now: datetime, mode: str | None = None) -> int:
    """Open a run in a transaction of its own; an earlier one that never ended is closed as failed.

    One source runs once at a time (its DAG allows one run), so what still says `running` was killed.
    """
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE intake_run SET status = 'failed', finished_at = clock_timestamp(),"
                " message = 'ended without a word: killed, or its machine was lost'"
                " WHERE source = :source AND status = 'running'"
            ),
            {"source": spec.name},
        )
        statement = text(
            "INSERT INTO intake_run (source, mode, origin, as_of)"
            " VALUES (:source, :mode, :origin, :now) RETURNING run_id"
        )
        parameters = {"source": spec.name, "mode": mode or spec.mode, "origin": origin, "now": now}
        return int(connection.execute(statement, parameters).scalar_one())


def last_cursor(engine: Engine, source: str) -> dict[str, Any]:
    """Return where the last complete run of `source` ended; empty where there was none."""
    query = text(
        "SELECT cursor_after FROM intake_run WHERE source = :source AND status = 'complete'"
        " AND cursor_after IS NOT NULL ORDER BY run_id DESC LIMIT 1"
    )
    with engine.connect() as connection:
        return dict(connection.scalar(query, {"source": source}) or {})


def close_run(engine: Engine, run_id: int, status: str, **facts: Any) -> None:
    """Close a run in a transaction of its own."""
    with engine.begin() as connection:
        settle(connection, run_id, status, **facts)


def settle(connection: Connection, run_id: int, status: str, **facts: Any) -> None:
    """Close a run: counts, message, validation, cursor. The database refuses counts that do not balance."""
    parameters: dict[str, Any] = {"pulled": 0, "loaded": 0, "unchanged": 0, "quarantined": 0, "message": None}
    parameters |= facts
    parameters |= {name: _json(facts.get(name)) for name in ("validation", "cursor")}
    statement = text(resources.sql("intake/close_run.sql"))
    connection.execute(statement, {**parameters, "run_id": run_id, "status": status})


def recover(connection: Connection, source: str, judged: Judged, now: datetime) -> None:
    """Close quarantined items whose unchanged record has now passed the gate."""
    if judged.passed_hashes:
        statement = text(resources.sql("intake/recovered.sql"))
        connection.execute(statement, {"source": source, "hashes": judged.passed_hashes, "now": now})


def keep_page(lake: str, source: str, run_id: int, page: str) -> None:
    """Store Great Expectations' own page of a run as `validation/<source>/<run_id>.html` of the lake."""
    if page:
        with fsspec.open(
            f"{lake}/validation/{source}/{run_id}.html", "wt", encoding="utf-8", auto_mkdir=True
        ) as file:
            file.write(page)


def _json(value: Any) -> str | None:
    return json.dumps(value, default=str) if value is not None else None
