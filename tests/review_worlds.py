"""Small registers written by hand for the tests of the review: a history in a few lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from sqlalchemy import Connection, text

from governance.register.load import load
from governance.register.request import BATCH_COLUMNS, TIME_FIELDS

UTC_TIMES = ("valid_at", *TIME_FIELDS)


def at(moment: str) -> datetime:
    """'2026-11-16 08:00' as an instant in UTC."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def seen(key: str, status: str, valid_at: str, **fields: Any) -> dict[str, Any]:
    """One observation; times may be text. Kind and title have defaults."""
    return {
        "source_key": key,
        "status": status,
        "valid_at": valid_at,
        "kind": "change",
        "title": f"Request {key}",
        **fields,
    }


def batch(observations: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """A canonical batch of observations, one record each."""
    rows = [
        {"record_no": n, "row_no": n, "locator": f"line {n}", "raw": f'{{"n": {n}}}', **row}
        for n, row in enumerate(observations)
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(BATCH_COLUMNS))
    times = {
        name: pd.to_datetime(frame[name], utc=True, format="ISO8601").dt.as_unit("us") for name in UTC_TIMES
    }
    return frame.assign(**times)


def tell(
    connection: Connection,
    observations: Iterable[dict[str, Any]],
    *,
    known_at: datetime,
    source: str = "tickets",
) -> None:
    """Load observations as one complete intake run of `source`."""
    frame = batch(observations)
    run = intake_run(connection, source, known_at, pulled=len(frame))
    load(connection, frame, source=source, run_id=run, known_at=known_at)


def intake_run(
    connection: Connection, source: str, as_of: datetime, *, pulled: int, quarantined: int = 0
) -> int:
    """A complete, balanced intake run."""
    return int(
        connection.scalar(
            text(
                "INSERT INTO intake_run (source, mode, as_of, finished_at, status, pulled, loaded, quarantined)"
                " VALUES (:s, 'live', :at, :at, 'complete', :p, :l, :q) RETURNING run_id"
            ),
            {"s": source, "at": as_of, "p": pulled, "l": pulled - quarantined, "q": quarantined},
        )
        or 0
    )


def policies(folder: Path) -> Path:
    """A policies folder: one owner in UTC who works 09:00-17:00 Monday to Friday, without public holidays."""
    rule = {
        "contact": "owner@example.com", "manager": "manager@example.com", "timezone": "UTC", "calendar": "plain",
        "review_date": date(2027, 1, 1), "match": {},
    }  # fmt: skip
    hours = dict.fromkeys(("low", "medium", "high", "critical"), 8)
    clocks = {clock: dict(hours) for clock in ("triage", "decision", "fulfilment")}
    files = {
        "calendars": {"calendars": {"plain": {"hours": ["09:00-17:00"]}}},
        "ownership": {
            "authority": {"name": "authority", "accountable": "office@example.com", **rule},
            "owners": [
                {"name": "owner", "accountable": "owner@example.com", **rule, "match": {"path": "account/*"}}
            ],
        },
        "response_times": {
            "missing_risk": "medium",
            "business_hours": {k: dict(clocks) for k in ("addition", "change", "exception")},
        },
    }
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), "utf-8")
    return folder
