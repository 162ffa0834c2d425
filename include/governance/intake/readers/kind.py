"""What a kind of reader consists of: how it is opened, what its records say, how the doctor asks for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from governance.connections import Connection, ConnectionLookup
from governance.errors import GovernanceError
from governance.intake.records import KnownFile, Observation, Reader, Record

if TYPE_CHECKING:
    from sqlalchemy import Connection as DatabaseConnection

    from governance.intake.spec import SourceSpec

SessionMaker = Callable[[Connection], Any]
"""Makes a boto3 session of an AWS connection; inside Airflow the plugin hands in its own."""


@dataclass(frozen=True)
class Opening:
    """What a reader is opened with. `path`: a folder or file to read instead; `lake`: for evidence.

    `known`: files that were read before and need no second reading in that version.
    """

    lookup: ConnectionLookup
    path: Path | None = None
    aws: SessionMaker | None = None
    lake: str | None = None
    known: Mapping[str, KnownFile] = field(default_factory=dict)

    def connection(self, spec: SourceSpec) -> Connection:
        """Return the connection of a spec; raises GovernanceError where it cannot be had."""
        try:
            return self.lookup(spec.connection)
        except GovernanceError:
            raise
        except Exception as error:  # Airflow raises its own error for a connection that is not there
            raise GovernanceError(
                f"{spec.name}: connection {spec.connection} cannot be had: {error}"
            ) from error

    def client(self, connection: Connection, service: str, **more: Any) -> Any:
        """Return a boto3 client of an AWS connection, at the endpoint that the connection names.

        `more` is what boto3 takes: region_name, config.
        """
        from governance.session import aws_session  # noqa: PLC0415 (boto3 is needed for AWS alone)

        endpoint = connection.extra.get("endpoint_url")
        options = {"endpoint_url": endpoint} if endpoint else {}
        session: Any = (self.aws or aws_session)(connection)
        return session.client(service, **options, **more)

    def refuse_path(self, spec: SourceSpec) -> None:
        """Raise GovernanceError where a path was given to a source that is no files."""
        if self.path is not None:
            raise GovernanceError(
                f"{spec.name} is pulled over the network: --path is for sources that are files"
            )


class ReaderKind(Protocol):
    """The functions that a module named in the registry has."""

    def open_reader(self, spec: SourceSpec, opening: Opening) -> Reader:
        """Return the reader; raises GovernanceError where the connection is missing or names no place."""
        ...

    def observations(self, spec: SourceSpec, record: Record) -> list[Observation]:
        """Return what a record says, each at its own time."""
        ...

    def probe(self, spec: SourceSpec, opening: Opening) -> str:
        """Return in one line that the source answers; raises GovernanceError saying why it does not."""
        ...


class ConversingKind(ReaderKind, Protocol):
    """A kind whose records tell only a part of their request (a reply, say): the register holds the rest."""

    def complete(
        self, connection: DatabaseConnection, spec: SourceSpec, records: Sequence[Record]
    ) -> list[Record]:
        """Return the same records in the same order, each with its `context`."""
        ...

    def settle(self, connection: DatabaseConnection, spec: SourceSpec, settled: Settled) -> None:
        """Keep what later records will ask for; in the transaction of the load."""
        ...


@dataclass(frozen=True)
class Settled:
    """Records of a run that loads, those that the gate kept back by their number, and when it was."""

    records: Sequence[Record]
    failed: Collection[int]
    run_id: int
    now: datetime
