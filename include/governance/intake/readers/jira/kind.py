"""Jira as a kind of reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.intake.readers.http import JsonHttp
from governance.intake.readers.jira import history
from governance.intake.readers.jira.options import JiraOptions
from governance.intake.readers.jira.reader import JiraReader
from governance.intake.readers.kind import Opening
from governance.intake.records import Observation, Reader, Record
from governance.register.request import TIME_FIELDS

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's search."""
    opening.refuse_path(spec)
    options = _options(spec)
    http = JsonHttp.of(opening.connection(spec), options)
    return JiraReader(options, http, issue_fields(spec), spec.time_zone)


def observations(spec: SourceSpec, record: Record) -> list[Observation]:
    """Return what an issue and its changelog say: its creation, and every change of a field drawn on."""
    sources = [(name, column) for name, source in spec.fields.items() for column in source.column]
    dates = [column for name, column in sources if name in TIME_FIELDS]
    columns = [column for _, column in sources] + [*spec.status.column, *spec.kind.column]
    nested = {column.partition(".")[0] for column in columns if "." in column}
    return history.observations(record.raw, issue_fields(spec), dates, nested)


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that Jira knows the connection's account."""
    connection = opening.connection(spec)
    JsonHttp.of(connection, _options(spec).model_copy(update={"attempts": 1})).get("/rest/api/2/myself", {})
    return f"{connection.base_url} knows us"


def issue_fields(spec: SourceSpec) -> tuple[str, ...]:
    """Return the issue fields that a spec draws on."""
    sources = [spec.status, spec.kind, *spec.fields.values()]
    columns = [column for source in sources for column in source.column] + [*spec.key]
    return tuple(
        sorted({c.partition(".")[0] for c in columns if not c.startswith("@")} - {"key", "id", "self"})
    )


def _options(spec: SourceSpec) -> JiraOptions:
    assert isinstance(spec.reader, JiraOptions)  # noqa: S101 (the registry leads Jira here only)
    return spec.reader
