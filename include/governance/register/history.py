"""Read the register as of an instant, and prove that its history was not rewritten."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources


def requests_as_of(connection: Connection, valid: datetime, known: datetime | None = None) -> pd.DataFrame:
    """Return the register as it was true at `valid` and known at `known` (default: all that is known).

    One row per request, columns of the table `request`; times are `datetime64[us, UTC]`.
    """
    query = text("SELECT * FROM request_as_of(:valid, coalesce(:known, 'infinity'::timestamptz))")
    result = connection.execute(query, {"valid": valid, "known": known})
    frame = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    times = [name for name in frame.columns if name.endswith("_at") or name in _INTERVAL_ENDS]
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True).dt.as_unit("us") for name in times})


_INTERVAL_ENDS = ("valid_from", "valid_until", "window_start", "window_end")


def broken_blocks(connection: Connection) -> list[tuple[int, str]]:
    """Return (block, what is wrong) for every block of the hash chain that does not add up."""
    rows = connection.execute(text(resources.sql("register/verify_chain.sql")))
    return [(int(row.block), str(row.problem)) for row in rows]


def broken(connection: Connection) -> list[str]:
    """Return in words what does not add up in either chain: that of requests and that of actions."""
    events = connection.execute(text(resources.sql("register/verify_actions.sql")))
    return [
        *(f"block {block}: {problem}" for block, problem in broken_blocks(connection)),
        *(f"action event {row.event}: {row.problem}" for row in events),
    ]


def last_seal(connection: Connection, known: datetime | None = None) -> tuple[int, str] | None:
    """Return (block, its hash in hex) of the newest block known at `known`; None before the first.

    Noted outside the register, it shows when the newest blocks were cut off as a whole.
    """
    query = text(
        "SELECT block, encode(hash, 'hex') FROM history_block"
        " WHERE recorded_at <= coalesce(:known, 'infinity'::timestamptz) ORDER BY block DESC LIMIT 1"
    )
    row = connection.execute(query, {"known": known}).first()
    return None if row is None else (int(row[0]), str(row[1]))
