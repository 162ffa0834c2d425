"""The issues of a GitHub repository as a kind of reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.intake.readers.github.observe import Glossary
from governance.intake.readers.github.observe import observations as observe
from governance.intake.readers.github.options import GithubOptions, WebhookOptions
from governance.intake.readers.github.reader import ACCEPT, GithubReader
from governance.intake.readers.http import JsonHttp
from governance.intake.readers.kind import Opening
from governance.intake.records import Observation, Reader, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's repository."""
    opening.refuse_path(spec)
    options = _options(spec)
    return GithubReader(options, JsonHttp.of(opening.connection(spec), options, ACCEPT))


def observations(spec: SourceSpec, record: Record) -> list[Observation]:
    """Return what an issue and its events say: its opening, and every change of label, state or title."""
    return observe(record.raw, glossary(spec))


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that GitHub shows us the repository."""
    connection, options = opening.connection(spec), _options(spec)
    http = JsonHttp.of(connection, options.model_copy(update={"attempts": 1}), ACCEPT)
    http.get(f"/repos/{options.repository}/issues", {"per_page": 1, "state": "all"})
    return f"{connection.base_url} shows us {options.repository}"


def glossary(spec: SourceSpec) -> Glossary:
    """Return what a spec wants to know of an issue."""
    assert isinstance(spec.reader, (GithubOptions, WebhookOptions))  # noqa: S101 (the registry leads these here)
    sources = [spec.status, spec.kind, *spec.fields.values()]
    columns = [column for source in sources for column in source.column]
    return Glossary.of(spec.reader.form, spec.status.map or {}, columns)


def _options(spec: SourceSpec) -> GithubOptions:
    assert isinstance(spec.reader, GithubOptions)  # noqa: S101 (the registry leads GitHub here only)
    return spec.reader
