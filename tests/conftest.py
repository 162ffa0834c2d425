"""Fixtures every test may use: a real PostgreSQL, a register of its own, a fixed instant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

import quick_postgres
from governance.register import database

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
TOGETHER = ("test_dags.py", "test_packaging.py", "test_sandbox_services_process.py")
"""Files whose tests share what takes seconds to make: one process runs them all, so that it is made once."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out tests one by one, but files of TOGETHER whole and first.

    The mark `xdist_group` would say the same; with pytest 9.2, pytest-xdist 3.8 no longer heeds it.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if file.endswith(TOGETHER) else nodeid

    return Scheduling(config, log)


# no test is about speed: a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def environment_left_as_found() -> Iterator[None]:
    """Fail the test that leaves a variable behind: else a later one, in some order, asks a server that is gone."""
    ours = ("AWS_", "AIRFLOW_", "GOVERNANCE_")
    before = {name: value for name, value in os.environ.items() if name.startswith(ours)}
    yield
    after = {name: value for name, value in os.environ.items() if name.startswith(ours)}
    assert after == before, "the test changed the environment and did not put it back"


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
    """URL of a PostgreSQL server that lives as long as this test process."""
    with quick_postgres.serving(ROOT / "var" / "tests") as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """Name of a database with the register's schema, to copy from."""
    engine = database.connect(postgres_url)
    database.migrate(engine)
    engine.dispose()
    return quick_postgres.TEMPLATE


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    """URL of an empty database of its own."""
    with quick_postgres.database_of(postgres_url, None) as url:
        yield url


@pytest.fixture
def register_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of an empty register of its own."""
    with quick_postgres.database_of(postgres_url, migrated_template) as url:
        yield url


@pytest.fixture
def register(register_url: str) -> Iterator[Engine]:
    """Engine on an empty register of its own."""
    engine = database.connect(register_url)
    yield engine
    engine.dispose()
