"""A mailbox as a kind of reader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.errors import SourceUnavailableError
from governance.intake.readers.kind import Opening, Settled
from governance.intake.readers.mail import threads
from governance.intake.readers.mail.message import Reading
from governance.intake.readers.mail.options import ImapOptions
from governance.intake.readers.mail.parts import Attachment
from governance.intake.readers.mail.reader import FolderReader, ImapReader
from governance.intake.records import Observation, Pull, Reader, Record

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from governance.intake.spec import SourceSpec

FORM = "form."
"""Columns that begin so are labels of the request form."""


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's mailbox, or of a folder of `.eml` files given instead."""
    options = _options(spec)
    reading = Reading(form_labels(spec), options.authentication_hosts, _keeping(opening.lake))
    if opening.path is not None:
        return FolderReader(opening.path, reading)
    return ImapReader(options, opening.connection(spec), reading)


def sample(spec: SourceSpec, path: Path) -> list[Record]:
    """Return the messages of a folder of `.eml` files, as the mailbox would give them."""
    reading = Reading(form_labels(spec), _options(spec).authentication_hosts, _keeping(None))
    return list(FolderReader(path, reading).records(Pull(), None))


def observations(spec: SourceSpec, record: Record) -> list[Observation]:  # noqa: ARG001
    """Return what a message says about its request, at the time it was written."""
    return list(threads.observations(record))


def complete(connection: Connection, spec: SourceSpec, records: Sequence[Record]) -> list[Record]:
    """Return the records, each with its thread and what was said in it before."""
    from governance.intake.readers.mail import conversation  # noqa: PLC0415 (SQLAlchemy, only in a run)

    return conversation.complete(connection, spec.name, records)


def settle(connection: Connection, spec: SourceSpec, settled: Settled) -> None:
    """Remember the threads, and feed bounces of our own messages back to the outbox."""
    from governance.intake.readers.mail import conversation  # noqa: PLC0415 (SQLAlchemy, only in a run)

    conversation.settle(connection, spec.name, settled)


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that the mailbox opens."""
    from governance.intake.readers.mail.transport import ConnectionLostError, Mailbox  # noqa: PLC0415

    options, connection = _options(spec), opening.connection(spec)
    try:
        with Mailbox(connection, options) as mailbox:
            return f"{options.mailbox} of {mailbox.place} opens"
    except ConnectionLostError as error:
        raise SourceUnavailableError(f"{connection.host} does not answer: {error}") from error


def form_labels(spec: SourceSpec) -> tuple[str, ...]:
    """Return the labels of the request form: what the spec draws on as `form.Label`."""
    sources = [spec.status, spec.kind, *spec.fields.values()]
    columns = [column for source in sources for column in source.column]
    return tuple(dict.fromkeys(column.removeprefix(FORM) for column in columns if column.startswith(FORM)))


def _keeping(lake: str | None) -> Any:
    if lake is None:
        return None
    from governance.intake.evidence import EvidenceStore  # noqa: PLC0415 (SQLAlchemy, only in a run)

    store = EvidenceStore(lake)

    def keep(attachment: Attachment) -> dict[str, Any]:
        return store.keep(attachment.content)

    return keep


def _options(spec: SourceSpec) -> ImapOptions:
    assert isinstance(spec.reader, ImapOptions)  # noqa: S101 (the registry leads mailboxes here only)
    return spec.reader
