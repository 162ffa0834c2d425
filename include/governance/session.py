"""Open what a command needs: the register, and an AWS session; from settings and connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.connections import Connection, ConnectionLookup, from_environment
from governance.errors import GovernanceError
from governance.settings import Settings

if TYPE_CHECKING:
    import boto3
    from sqlalchemy import Engine


def open_register(settings: Settings) -> Engine:
    """Return an engine on the register, its schema at the version this code expects.

    Where no URL is set, the embedded server below `var_dir` is started (or joined) and its register migrated.
    A register that somebody else runs is never migrated on the way: `governance register migrate` does that.
    """
    from governance.register import database

    if settings.register_url is not None:
        engine = database.connect(settings.register_url.get_secret_value())
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
