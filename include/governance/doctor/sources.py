"""Can every source be read: its spec, its connection, and the place it names?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from governance.connections import Connection, ConnectionLookup
from governance.doctor.check import Check, Checks
from governance.errors import GovernanceError
from governance.settings import Settings


def examine_sources(settings: Settings, lookup: ConnectionLookup) -> Checks:
    """Yield the outcome of every spec, wrong ones first."""
    from governance.intake.spec import read_specs

    specs, broken = read_specs(settings.config_dir)
    for name, problem in broken.items():
        for line in str(problem).splitlines():
            yield Check(f"sources: {name}", "failed", line, "correct the spec")
    for spec in specs:
        yield _examine(spec, lookup)


def _examine(spec: Any, lookup: ConnectionLookup) -> Check:
    about = f"sources: {spec.name}"
    try:
        found = _PROBES[spec.reader.type](spec, _connection(spec, lookup))
    except GovernanceError as error:
        return Check(about, "failed", str(error), f"mend the connection {spec.connection}")
    return Check(about, "ok", found)


def _connection(spec: Any, lookup: ConnectionLookup) -> Connection:
    """The connection that intake would use: where the spec names the place itself, aws_default will do."""
    try:
        return lookup(spec.connection)
    except GovernanceError:
        if getattr(spec.reader, "location", None) is None:
            raise
    try:
        return lookup("aws_default")
    except GovernanceError:
        return Connection(conn_id="aws_default", conn_type="aws")


def _jira(_spec: Any, connection: Connection) -> str:
    import httpx

    url = f"{connection.base_url}/rest/api/2/myself"
    try:
        answer = httpx.get(url, auth=(connection.login or "", connection.secret()), timeout=10)
    except httpx.HTTPError as error:
        raise GovernanceError(f"{connection.base_url} does not answer: {error}") from error
    if answer.status_code != httpx.codes.OK:
        raise GovernanceError(f"{url} answered {answer.status_code} {answer.reason_phrase}")
    return f"{connection.base_url} knows us"


def _files(spec: Any, connection: Connection) -> str:
    place = str(getattr(spec.reader, "location", None) or connection.extra.get("path", ""))
    if place.startswith("s3://"):
        return _bucket(place, connection)
    if not Path(place).is_dir():
        raise GovernanceError(f"{place or 'no path in extra of the connection'}: expected a folder")
    return f"{place} is there"


def _bucket(place: str, connection: Connection) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    from governance.session import aws_session

    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    try:
        client = aws_session(connection).client("s3", endpoint_url=connection.extra.get("endpoint_url"))
        client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        needs = f" (IAM: s3:ListBucket on {bucket})" if code == "AccessDenied" else ""
        raise GovernanceError(f"{place}: {code}{needs}") from error
    except BotoCoreError as error:
        raise GovernanceError(f"{place}: {error}") from error
    return f"{place} is there"


_PROBES = {"jira": _jira, "csv": _files, "yaml": _files}
