"""What only Airflow needs: its connections and AWS hook, handed to the library in the library's own terms.

Everything heavy is imported inside the functions: every task start loads this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.sdk import Asset

from governance.settings import Settings

if TYPE_CHECKING:
    from datetime import datetime

    import boto3
    from sqlalchemy import Engine

    from governance.connections import Connection

REGISTER = Asset("governance://register")
OBSERVATIONS = Asset("governance://observations")
FINDINGS = Asset("governance://findings")

START = Settings().schedules_from
"""From when on schedules count."""

DEFAULTS = {"owner": "platform-team", "retries": 2, "retry_delay": 30.0, "retry_exponential_backoff": True}
"""Arguments of every task. Every step is idempotent for its key, so a retry is always safe."""


def settings() -> Settings:
    """Return the settings of this worker (`GOVERNANCE_*`)."""
    return Settings()


def instant() -> datetime:
    """Return `now`: the drill override where one is set."""
    return settings().instant()


def lookup(conn_id: str) -> Connection:
    """Resolve an Airflow connection (whatever secrets backend holds it) into the library's own form."""
    from airflow.sdk import BaseHook

    from governance.connections import Connection

    found = BaseHook.get_connection(conn_id)
    return Connection(
        conn_id=conn_id,
        conn_type=found.conn_type or "",
        host=found.host,
        port=found.port,
        login=found.login,
        password=found.password,
        path=found.schema,
        extra=found.extra_dejson,
    )


@contextmanager
def register() -> Iterator[Engine]:
    """Open the register of the connection `governance_db` and close it again."""
    from governance.session import open_register

    engine = open_register(settings(), lookup)
    try:
        yield engine
    finally:
        engine.dispose()


def aws_session(conn_id: str = "aws_default") -> boto3.Session:
    """Return a boto3 session of an Airflow connection; its clients use the endpoints that it names."""
    from governance_hook import OrganizationHook

    return OrganizationHook(aws_conn_id=conn_id).session()
