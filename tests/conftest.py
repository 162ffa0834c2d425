"""Fixtures every test may use: a real PostgreSQL, a register of its own, a fixed instant."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine, text

from governance.register import database, embedded

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

# no test is about speed: a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data written by others; the test skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is not here: {SHARED_DATA} is absent")
    return SHARED_DATA


@pytest.fixture
def now() -> datetime:
    """The instant tests pretend it is: a Monday morning."""
    return datetime(2026, 11, 16, 8, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as this test process, below the project's own var/."""
    data_dir = ROOT / "var" / "tests" / f"pg-{os.getpid()}"
    server = embedded.start(data_dir, outlive=False)
    try:
        url = embedded.database_url(server, "template_register")
        _survive_no_power_cut(url)
        yield url
    finally:
        server.stop()
        shutil.rmtree(data_dir, ignore_errors=True)


def _survive_no_power_cut(url: str) -> None:
    """Let the server not wait for the disk: a test's database ends with the test, and dropping one is quicker."""
    admin = create_engine(url.replace("/template_register", "/postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """Name of a database with the register's schema, to copy from."""
    engine = database.connect(postgres_url)
    database.migrate(engine)
    engine.dispose()
    return "template_register"


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    """URL of an empty database of its own."""
    yield from database_of(postgres_url, None)


@pytest.fixture
def register_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of an empty register of its own."""
    yield from database_of(postgres_url, migrated_template)


@pytest.fixture
def register(register_url: str) -> Iterator[Engine]:
    """Engine on an empty register of its own."""
    engine = database.connect(register_url)
    yield engine
    engine.dispose()


def database_of(server_url: str, template: str | None) -> Iterator[str]:
    """Yield the URL of a new database, a copy of `template` if given; it is gone afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    admin = create_engine(server_url.replace("/template_register", "/postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"' + (f" TEMPLATE {template}" if template else "")))
    yield server_url.replace("/template_register", f"/{name}")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()
