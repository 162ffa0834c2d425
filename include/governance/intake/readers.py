"""The registry of readers: from a spec and its connection to something that yields records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from governance.connections import Connection, ConnectionLookup
from governance.errors import GovernanceError
from governance.intake.csv_reader import CsvReader
from governance.intake.files import Folder, Place, S3Prefix
from governance.intake.jira_history import observations as jira_observations
from governance.intake.jira_http import JiraHttp
from governance.intake.jira_reader import JiraReader
from governance.intake.reader_options import CsvOptions, JiraOptions, YamlOptions
from governance.intake.records import Observation, Reader, Record, place_of
from governance.intake.spec import SourceSpec
from governance.register.request import TIME_FIELDS

SessionMaker = Callable[[Connection], Any]
"""Makes a boto3 session of an AWS connection; inside Airflow the plugin hands in its own."""


def open_reader(
    spec: SourceSpec, lookup: ConnectionLookup, *, path: Path | None = None, aws: SessionMaker | None = None
) -> Reader:
    """Return the reader of a spec; `path` names a folder or file to read instead of the connection's.

    Raises GovernanceError where the connection is missing or names no place.
    """
    if isinstance(spec.reader, JiraOptions):
        if path is not None:
            raise GovernanceError(f"{spec.name} is pulled over HTTP: --path is for sources that are files")
        http = JiraHttp.of(lookup(spec.connection), spec.reader)
        return JiraReader(spec.reader, http, jira_fields(spec), spec.time_zone)
    place = Folder(path) if path is not None else _place(spec, spec.reader, lookup, aws)
    if isinstance(spec.reader, CsvOptions):
        return CsvReader(spec.reader, place)
    from governance.intake.yaml_reader import YamlReader  # noqa: PLC0415

    return YamlReader(spec.reader, place)


def _place(
    spec: SourceSpec, options: CsvOptions | YamlOptions, lookup: ConnectionLookup, aws: SessionMaker | None
) -> Place:
    connection = _connection(spec, options.location, lookup)
    location = options.location or str(connection.extra.get("path") or "")
    if not location:
        raise GovernanceError(
            f"{spec.name} names no place: set reader.location in its spec,"
            f" or extra.path of connection {spec.connection}"
        )
    if not location.startswith("s3://"):
        return Folder(Path(location))
    return S3Prefix.parse(_s3_client(connection, aws), location)


def _connection(spec: SourceSpec, location: str | None, lookup: ConnectionLookup) -> Connection:
    """The source's connection; where the spec names the place, aws_default or AWS's own chain will do too."""
    try:
        return lookup(spec.connection)
    except Exception as error:
        if location is None:
            raise _missing(spec, error) from error
    try:
        return lookup("aws_default")
    except Exception:  # noqa: BLE001 (Airflow raises its own error for a connection that is not there)
        return Connection(conn_id="aws_default", conn_type="aws")


def _missing(spec: SourceSpec, error: Exception) -> GovernanceError:
    if isinstance(error, GovernanceError):
        return error
    return GovernanceError(f"{spec.name}: connection {spec.connection} cannot be had: {error}")


def _s3_client(connection: Connection, aws: SessionMaker | None) -> Any:
    from governance.session import aws_session  # noqa: PLC0415 (boto3 is needed for S3 alone)

    endpoint = connection.extra.get("endpoint_url")
    options = {"endpoint_url": endpoint} if endpoint else {}
    return (aws or aws_session)(connection).client("s3", **options)


def observations(spec: SourceSpec, record: Record) -> list[Observation]:
    """Return what a record says, each at its own time; one observation of a row or an entry."""
    if not isinstance(spec.reader, JiraOptions):
        return [Observation({**record.raw, "@file": _stem(record.locator)})]
    sources = [(name, column) for name, source in spec.fields.items() for column in source.column]
    dates = [column for name, column in sources if name in TIME_FIELDS]
    columns = [column for _, column in sources] + [*spec.status.column, *spec.kind.column]
    nested = {column.partition(".")[0] for column in columns if "." in column}
    return jira_observations(record.raw, jira_fields(spec), dates, nested)


def jira_fields(spec: SourceSpec) -> tuple[str, ...]:
    """Return the issue fields that a spec draws on."""
    sources = [spec.status, spec.kind, *spec.fields.values()]
    columns = [column for source in sources for column in source.column] + [*spec.key]
    return tuple(
        sorted({c.partition(".")[0] for c in columns if not c.startswith("@")} - {"key", "id", "self"})
    )


def _stem(locator: str) -> str:
    place = place_of(locator)
    return place.removesuffix(".gz").rpartition(".")[0] or place
