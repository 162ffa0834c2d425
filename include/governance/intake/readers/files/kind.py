"""Files as a kind of reader: where they are, and which format reads them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from governance.connections import Connection
from governance.errors import GovernanceError
from governance.intake.readers.files.options import FileOptions
from governance.intake.readers.files.places import Folder, Place, S3Prefix
from governance.intake.readers.files.reader import FileReader
from governance.intake.readers.kind import Opening
from governance.intake.records import Observation, Reader, Record, stem_of

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec


FORMATS = {"csv": "delimited", "jsonl": "json_lines", "xlsx": "workbooks", "yaml": "registers"}
"""The type of a reader -> the module beside this one whose `records_of` reads one file of it."""


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's files, or of the path given instead."""
    form = import_module(f"governance.intake.readers.files.{FORMATS[spec.reader.type]}")
    return FileReader(_options(spec), place_for(spec, opening), form.records_of, opening.known)


def observations(spec: SourceSpec, record: Record) -> list[Observation]:  # noqa: ARG001
    """Return the one observation of a row or an entry; `@file` is its file without the extension."""
    return [Observation({**record.raw, "@file": stem_of(record.locator)})]


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that the place is there."""
    place = _place(spec, opening)
    place.probe()
    return f"{_location(spec, opening)} is there"


def place_for(spec: SourceSpec, opening: Opening) -> Place:
    """Return where the files of a spec are: its own place, or the path given instead."""
    return Folder(opening.path) if opening.path is not None else _place(spec, opening)


def _place(spec: SourceSpec, opening: Opening) -> Place:
    location = _location(spec, opening)
    if not location.startswith("s3://"):
        return Folder(Path(location))
    return S3Prefix.parse(opening.client(_connection(spec, opening), "s3"), location)


def _location(spec: SourceSpec, opening: Opening) -> str:
    location = _options(spec).location or str(_connection(spec, opening).extra.get("path") or "")
    if not location:
        raise GovernanceError(
            f"{spec.name} names no place: set reader.location in its spec,"
            f" or extra.path of connection {spec.connection}"
        )
    return location


def _options(spec: SourceSpec) -> FileOptions:
    assert isinstance(spec.reader, FileOptions)  # noqa: S101 (the registry leads files here only)
    return spec.reader


def _connection(spec: SourceSpec, opening: Opening) -> Connection:
    """The source's connection; where the spec names the place, aws_default or AWS's own chain will do too."""
    try:
        return opening.connection(spec)
    except GovernanceError:
        if _options(spec).location is None:
            raise
    try:
        return opening.lookup("aws_default")
    except Exception:  # noqa: BLE001 (Airflow raises its own error for a connection that is not there)
        return Connection(conn_id="aws_default", conn_type="aws")
