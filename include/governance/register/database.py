"""Reach the register and bring its schema to the version this code expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import OperationalError

from governance.errors import GovernanceError, RegisterUnavailableError
from governance.resources import folder


def connect(url: str | URL) -> Engine:
    """Return an engine for the register; sessions speak UTC. `postgres://` and bare URLs take psycopg 3.

    Raises GovernanceError where the URL is not one of PostgreSQL: the register has one dialect.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise GovernanceError(
            f"the register is PostgreSQL only: found {parsed.get_backend_name()!r} in the register URL"
        )
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        connect_args={"options": "-c timezone=UTC", "connect_timeout": 10, "application_name": "governance"},
        pool_pre_ping=True,
        pool_size=2,
    )


def _alembic(connection: Any = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder("sql") / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Upgrade the register to `revision`; two callers at once wait for each other."""
    with _reach(engine) as connection, connection.begin():
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('governance.migrate'))")
        command.upgrade(_alembic(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema back to `revision`. This drops data: for development and for tests."""
    with _reach(engine) as connection, connection.begin():
        command.downgrade(_alembic(connection), revision)


def _reach(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        raise RegisterUnavailableError(
            f"the register at {engine.url.render_as_string(hide_password=True)} does not answer: "
            f"{str(error.orig).splitlines()[0]}{_stopped(engine)}"
        ) from error


def _stopped(engine: Engine) -> str:
    """Say how to start an embedded server that is stopped; '' where it runs, or is one of somebody else."""
    folder = Path(str(engine.url.query.get("host", "")))
    is_stopped = (folder / "PG_VERSION").is_file() and not (folder / "postmaster.pid").exists()
    return ". It is the one of the demo, which is stopped: `make up` starts it" if is_stopped else ""


def schema_versions(engine: Engine) -> tuple[str | None, str | None]:
    """Return (version in the database, version this code expects)."""
    with _reach(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(_alembic()).get_current_head()
