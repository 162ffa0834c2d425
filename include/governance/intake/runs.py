"""The book of intake runs: opened before the pull, closed with counts that balance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from governance import resources
from governance.errors import GovernanceError, RegisterUnavailableError
from governance.quality.storable import json_text

PATIENCE_SECONDS = 600
"""How long a run waits for another run of the same source."""
LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class RunResult:
    """What a run did. Counts are records; `message` is one line for a person.

    `pulled = loaded + unchanged + quarantined + held`; `held` are records that stay out because the batch is
    held or the source is in shadow mode.
    """

    source: str
    run_id: int
    status: str
    pulled: int = 0
    loaded: int = 0
    unchanged: int = 0
    quarantined: int = 0
    held: int = 0
    message: str = ""


@contextmanager
def only_run(engine: Engine, source: str) -> Iterator[None]:
    """Hold the lock of a source: a second run of it waits, and a run found open under it was killed.

    The lock is the connection's: it ends with the process, however that ends.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SET lock_timeout = '{PATIENCE_SECONDS}s'"))
        try:
            connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": f"intake {source}"})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise GovernanceError(
                f"another run of {source} has been going on for {PATIENCE_SECONDS} s: nothing was done"
            ) from error
        try:
            yield
        finally:
            connection.invalidate()  # close it rather than pool it: the lock goes with the session


def open_run(connection: Connection, source: str, *, mode: str, origin: str, now: datetime) -> int:
    """Close what a killed run left open, and open a new run."""
    connection.execute(text(resources.sql("intake/close_abandoned.sql")), {"source": source})
    parameters = {"source": source, "mode": mode, "origin": origin, "now": now}
    return int(connection.execute(text(resources.sql("intake/open_run.sql")), parameters).scalar_one())


def last_cursor(connection: Connection, source: str) -> dict[str, Any] | None:
    """Return where the last complete run of a source ended."""
    found = connection.scalar(text(resources.sql("intake/last_cursor.sql")), {"source": source})
    return dict(found) if found else None


@dataclass(frozen=True)
class Observed:
    """What a run saw beside its counts; kept with it for the next run, the scorecard and the doctor.

    `whole`: the pull asked for everything the source holds, None: a file given by hand. `columns` as
    `drift.as_json` writes them, `page` the path of the validation page below the lake.
    """

    validation: dict[str, Any] | None = None
    cursor: dict[str, Any] | None = None
    whole: bool | None = None
    columns: dict[str, Any] | None = None
    page: str | None = None
    accepted: str | None = None


def close_run(connection: Connection, result: RunResult, observed: Observed | None = None) -> None:
    """Close a run. The database refuses counts that do not balance."""
    seen = observed or Observed()
    parameters = {
        "run_id": result.run_id,
        "status": result.status,
        "message": json.loads(json_text(result.message)),
        "pulled": result.pulled,
        "loaded": result.loaded,
        "unchanged": result.unchanged,
        "quarantined": result.quarantined,
        "held": result.held,
        "validation": None if seen.validation is None else json_text(seen.validation),
        "cursor": None if seen.cursor is None else json.dumps(seen.cursor),
        "whole": seen.whole,
        "columns": None if seen.columns is None else json_text(seen.columns),
        "page": seen.page,
        "accepted": seen.accepted,
    }
    connection.execute(text(resources.sql("intake/close_run.sql")), parameters)


def balance(
    pulled: int, loaded: int, unchanged: int, quarantined: int, notes: Sequence[str] = (), files: int = 0
) -> str:
    """Return the line that says what a run did; `files` were as they had been before.

    >>> balance(3, 2, 0, 1)
    '3 pulled = 2 loaded + 0 unchanged + 1 quarantined'
    """
    sums = f"{pulled} pulled = {loaded} loaded + {unchanged} unchanged + {quarantined} quarantined"
    same = "1 file is as it was" if files == 1 else f"{files} files are as they were"
    return "; ".join([sums, *([same] if files else []), *notes])


@contextmanager
def reaching_the_register() -> Iterator[None]:
    """Turn what the driver raises into one line that says nothing was written."""
    try:
        yield
    except DBAPIError as error:
        detail = str(error.orig).strip().splitlines()
        words = detail[0] if detail else type(error).__name__
        raise RegisterUnavailableError(f"the register failed, nothing was written: {words}") from error


def keep_page(lake: str, source: str, run_id: int, page: str) -> str:
    """Store Great Expectations' page of a run below the lake and return its path there."""
    path = f"validation/{source}/{run_id}.html"
    place = f"{lake}/{path}"
    if "://" not in lake:
        target = Path(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page, "utf-8")
        return path
    import fsspec  # noqa: PLC0415 (only for a lake on S3)

    with fsspec.open(place, "wt", encoding="utf-8") as file:
        file.write(page)
    return path
