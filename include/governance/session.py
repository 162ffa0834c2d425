"""Open what a command needs: the register, and an AWS session; from settings and connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.connections import Connection, ConnectionLookup, from_environment
from governance.errors import GovernanceError
from governance.settings import Settings

if TYPE_CHECKING:
    import boto3
    from sqlalchemy import Engine


def register_url(settings: Settings, lookup: ConnectionLookup = from_environment) -> str | None:
    """Return the register's URL: `GOVERNANCE_REGISTER_URL`, else connection `governance_db`, else None."""
    if settings.register_url is not None:
        return settings.register_url.get_secret_value()
    try:
        connection = lookup("governance_db")
    except GovernanceError:
        return None
    return database_url(connection)


def database_url(connection: Connection) -> str:
    """Return the SQLAlchemy URL of a PostgreSQL connection; extras become driver options (sslmode, host)."""
    from sqlalchemy import URL

    url = URL.create(
        "postgresql+psycopg",
        username=connection.login,
        password=connection.secret() or None,
        host=connection.host or None,
        port=connection.port,
        database=connection.path,
        query={name: str(value) for name, value in connection.extra.items()},
    )
    return url.render_as_string(hide_password=False)


def open_register(settings: Settings, lookup: ConnectionLookup = from_environment) -> Engine:
    """Return an engine on the register, its schema at the version this code expects.

    Where nobody says which register (see `register_url`), the embedded server below `var_dir` is started or
    joined, and its register migrated. A register that somebody else runs is never migrated on the way:
    `governance register migrate` does that.
    """
    from governance.register import database

    url = register_url(settings, lookup)
    if url is not None:
        engine = database.connect(url)
        current, expected = database.schema_versions(engine)
        if current != expected:
            raise GovernanceError(
                f"the register's schema is at version {current or 'none'}, this code expects {expected}: "
                "run `governance register migrate`"
            )
        return engine
    from governance.register import embedded

    engine = database.connect(embedded.database_url(embedded.start(settings.var_dir.resolve() / "postgres")))
    database.migrate(engine)
    return engine


def aws_session(connection: Connection) -> boto3.Session:
    """Return a boto3 session for an AWS connection; without keys in it, AWS's own default chain applies.

    `extra.region_name` is the region; `extra.profile_name` names a profile of the AWS configuration.
    """
    import boto3

    return boto3.Session(
        aws_access_key_id=connection.login or None,
        aws_secret_access_key=connection.secret() or None,
        aws_session_token=connection.extra.get("aws_session_token"),
        region_name=connection.extra.get("region_name"),
        profile_name=connection.extra.get("profile_name"),
    )


def default_aws_session(lookup: ConnectionLookup = from_environment) -> boto3.Session:
    """Return the session of the connection `aws_default`, or of AWS's own chain where none is defined."""
    try:
        connection = lookup("aws_default")
    except GovernanceError:
        connection = Connection(conn_id="aws_default", conn_type="aws")
    return aws_session(connection)
