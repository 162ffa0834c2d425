"""Every reader: the `type` of a spec's reader -> the module that implements `kind.ReaderKind`.

Modules are imported when a source of their type is read, so none pays for another's libraries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, cast

from governance.intake.blocks import Block, one_by_one
from governance.intake.readers.kind import ConversingKind, Opening, ReaderKind
from governance.intake.records import Observation, Reader, Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from governance.intake.spec import SourceSpec

KINDS: dict[str, str] = {
    "csv": "governance.intake.readers.files.kind",
    "jsonl": "governance.intake.readers.files.kind",
    "xlsx": "governance.intake.readers.files.kind",
    "yaml": "governance.intake.readers.files.kind",
    "jira": "governance.intake.readers.jira.kind",
    "servicenow": "governance.intake.readers.servicenow.kind",
    "github": "governance.intake.readers.github.kind",
    "github_webhook": "governance.intake.readers.github.webhooks",
    "imap": "governance.intake.readers.mail.kind",
    "opsitems": "governance.intake.readers.aws.ops_items",
    "servicecatalog": "governance.intake.readers.aws.service_catalog",
    "form": "governance.intake.readers.form.kind",
}


def kind_of(spec: SourceSpec) -> ReaderKind:
    """Return the kind of reader that a spec names."""
    return cast("ReaderKind", import_module(KINDS[spec.reader.type]))


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec; raises GovernanceError saying what is missing."""
    return kind_of(spec).open_reader(spec, opening)


def observations(spec: SourceSpec, record: Record) -> list[Observation]:
    """Return what a record says, each at its own time; one observation of a row or an entry."""
    return kind_of(spec).observations(spec, record)


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return in one line that the source answers; raises GovernanceError saying why it does not."""
    return kind_of(spec).probe(spec, opening)


def complete(
    connection: Connection, spec: SourceSpec, records: Iterable[Record | Block]
) -> Iterator[Record | Block]:
    """Return records with what the register holds of the same requests, where their kind asks for it."""
    kind = conversing(spec)
    if kind is None:
        return iter(records)
    return iter(kind.complete(connection, spec, list(one_by_one(records))))


def conversing(spec: SourceSpec) -> ConversingKind | None:
    """Return the kind of a spec where its records tell only a part of their request, else None."""
    kind = kind_of(spec)
    return cast("ConversingKind", kind) if hasattr(kind, "complete") else None
