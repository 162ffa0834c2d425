"""Run the questions of `sql/kpis/`."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from sqlalchemy import Connection, CursorResult, text

from governance import resources


def run(connection: Connection, path: str, parameters: dict[str, Any]) -> CursorResult[Any]:
    """Execute one file below `sql/` with those of `parameters` that it names."""
    query = resources.sql(path)
    named = {name: value for name, value in parameters.items() if re.search(rf"(?<!:):{name}\b", query)}
    return connection.execute(text(query), named)


def frame(
    connection: Connection, path: str, parameters: dict[str, Any], *, times: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the rows of one file below `sql/`; the columns `times` become `datetime64[us, UTC]`."""
    result = run(connection, path, parameters)
    rows = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    return rows.assign(**{name: pd.to_datetime(rows[name], utc=True).dt.as_unit("us") for name in times})
