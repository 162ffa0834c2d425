"""Canonical batches for tests: say what matters, the rest is filled in."""

from __future__ import annotations

import json

import pandas as pd

from governance.register.request import BATCH_COLUMNS, JSON_FIELDS, TIME_FIELDS


def batch(*observations: dict) -> pd.DataFrame:
    """Return a canonical batch; each observation is a dict of batch columns, times as ISO text."""
    rows = []
    for number, observation in enumerate(observations):
        row = {
            "record_no": number, "row_no": number, "locator": f"row {number}", "source_key": f"K-{number}",
            "kind": "exception", "status": "submitted", "title": "Public bucket for the annual report",
            "valid_at": "2026-11-02T09:00Z",
        }  # fmt: skip
        row |= observation
        row.setdefault("raw", json.dumps({key: str(value) for key, value in observation.items()}))
        rows.append({column: row.get(column) for column in BATCH_COLUMNS})
    frame = pd.DataFrame(rows, columns=list(BATCH_COLUMNS))
    for column in (*TIME_FIELDS, "valid_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601").dt.as_unit("us")
    for column in JSON_FIELDS:
        frame[column] = [None if value is None else json.dumps(value) for value in frame[column]]
    return frame
