"""A ServiceNow table as a kind of reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.intake.readers.http import JsonHttp
from governance.intake.readers.kind import Opening
from governance.intake.readers.servicenow import history
from governance.intake.readers.servicenow.options import ServiceNowOptions
from governance.intake.readers.servicenow.reader import ServiceNowReader
from governance.intake.readers.servicenow.values import column_of, raw_of
from governance.intake.records import Observation, Reader, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec

_DECIDED = ("decided_at", "fulfilled_at", "closed_at")


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's table."""
    opening.refuse_path(spec)
    options = _options(spec)
    http = JsonHttp.of(opening.connection(spec), options)
    return ServiceNowReader(options, http, columns(spec), tuple(column_of(name) for name in spec.key))


def observations(spec: SourceSpec, record: Record) -> list[Observation]:
    """Return what a record and its audit trail say: its creation, and every change of a column drawn on."""
    options = _options(spec)
    decided = {column_of(c) for name in _DECIDED if name in spec.fields for c in spec.fields[name].column}
    url = f"{options.web.rstrip('/')}/{options.table}.do?sys_id=" if options.web else None
    return history.observations(record.raw, decided, url and f"{url}{raw_of(record.raw.get('sys_id'))}")


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that ServiceNow lets us read the table."""
    connection, options = opening.connection(spec), _options(spec)
    http = JsonHttp.of(connection, options.model_copy(update={"attempts": 1}))
    http.get(f"/api/now/table/{options.table}", {"sysparm_limit": 1, "sysparm_fields": "sys_id"})
    return f"{connection.base_url} lets us read {options.table}"


def columns(spec: SourceSpec) -> tuple[str, ...]:
    """Return the columns of the table that a spec draws on."""
    sources = [spec.status, spec.kind, *spec.fields.values()]
    named = [column for source in sources for column in source.column] + [*spec.key]
    return tuple(sorted({column_of(name) for name in named if not name.startswith("@")}))


def _options(spec: SourceSpec) -> ServiceNowOptions:
    assert isinstance(spec.reader, ServiceNowOptions)  # noqa: S101 (the registry leads ServiceNow here only)
    return spec.reader
