"""Submitted requests as a kind of reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.intake.readers.files import kind as files
from governance.intake.readers.files.reader import FileReader
from governance.intake.readers.form.options import FormOptions
from governance.intake.readers.form.reader import parse
from governance.intake.readers.kind import Opening
from governance.intake.records import Observation, Reader, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's submissions, or of the path given instead."""
    assert isinstance(spec.reader, FormOptions)  # noqa: S101 (the registry leads forms here only)
    return FileReader(spec.reader, files.place_for(spec, opening), parse, opening.known)


def observations(spec: SourceSpec, record: Record) -> list[Observation]:  # noqa: ARG001
    """Return the one observation of a submission."""
    return [Observation(record.raw)]


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that the place is there."""
    return files.probe(spec, opening)
