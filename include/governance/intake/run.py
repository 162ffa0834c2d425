"""One run of one source: pull, map, check, load; either all of it counts or none of it does.

The pull happens outside of any transaction. Loading, quarantine, closing counts and the cursor of the next
pull are one transaction, so that a run that dies at any moment leaves the register as it was, and the next
run finishes the job. `pulled = loaded + unchanged + quarantined` is a constraint of the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from governance import resources
from governance.connections import Connection, ConnectionLookup, from_environment
from governance.errors import GovernanceError, RegisterUnavailableError, SourceUnavailableError
from governance.intake import accounting
from governance.intake.batch import Judged, judge
from governance.intake.bypass import sync_bypasses
from governance.intake.readers import AwsSession, Surroundings, read
from governance.intake.records import Pull, Record
from governance.intake.spec import SourceSpec
from governance.quality import quarantine
from governance.register import ownership
from governance.register.load import LoadCounts, load
from governance.session import aws_session


@dataclass(frozen=True)
class RunResult:
    """What a run did. Counts are records; `message` is one line for a person."""

    source: str
    run_id: int
    status: str
    pulled: int = 0
    loaded: int = 0
    unchanged: int = 0
    quarantined: int = 0
    message: str = ""


@dataclass(frozen=True)
class Intake:
    """Everything a run needs beside the spec. `path` reads a local file or folder instead of the source."""

    engine: Engine
    now: datetime
    lake: str
    lookup: ConnectionLookup = from_environment
    aws: AwsSession = aws_session
    config_dir: Path | None = None
    origin: str = "cli"
    full: bool = False
    path: Path | None = None
    policies: Path = field(default_factory=lambda: resources.folder("policies"))

    def run(self, spec: SourceSpec) -> RunResult:
        """Run one source. Raises nothing for a source that fails: the result and `intake_run` say why."""
        try:
            run_id = accounting.open_run(self.engine, spec, origin=self.origin, now=self.now)
        except OperationalError as error:
            raise _unavailable(error) from error
        try:
            since = {} if self.full or self.path else accounting.last_cursor(self.engine, spec.name)
            pull = Pull(since=since)
            records = list(read(spec, self._surroundings(spec), pull))
            policy = ownership.read(self.policies)
            judged = judge(self.engine, spec, records, policy, self.now)
            accounting.keep_page(self.lake, spec.name, run_id, judged.page)
            return self._settle(spec, run_id, judged, pull)
        except (GovernanceError, DBAPIError) as error:
            return self._failed(spec, run_id, error)

    def requests(self, source: str) -> int:
        """How many requests of `source` the register holds."""
        query = text("SELECT count(*) FROM request WHERE source = :source")
        with self.engine.connect() as connection:
            return int(connection.execute(query, {"source": source}).scalar_one())

    def _surroundings(self, spec: SourceSpec) -> Surroundings:
        connection: Connection | None = None
        if self.path is None:
            connection = self.lookup(spec.connection)
        return Surroundings(connection, self.aws, self.path, self.now)

    def _settle(self, spec: SourceSpec, run_id: int, judged: Judged, pull: Pull) -> RunResult:
        """Write what the gate decided, in one transaction."""
        pulled, refused = len(judged.records), len(judged.items)
        if judged.held:
            message = f"held whole: {'; '.join(judged.held)}"
            accounting.close_run(self.engine, run_id, "held", message=message, validation=judged.summary)
            return RunResult(spec.name, run_id, "held", pulled, message=message)
        if spec.mode == "shadow":
            message = f"shadow: {pulled - refused} of {pulled} records would be loaded"
            counts = {"pulled": pulled, "quarantined": refused}
            accounting.close_run(
                self.engine, run_id, "shadow", message=message, validation=judged.summary, **counts
            )
            return RunResult(spec.name, run_id, "shadow", pulled, quarantined=refused, message=message)
        with self.engine.begin() as connection:
            counted = load(connection, judged.good, source=spec.name, run_id=run_id, known_at=self.now)
            quarantine.store(connection, spec.name, run_id, judged.items, self.now)
            accounting.recover(connection, spec.name, judged, self.now)
            message = _in_words(pulled, counted, refused)
            accounting.settle(
                connection,
                run_id,
                "complete",
                message=message,
                validation=judged.summary,
                cursor=pull.cursor or pull.since,
                pulled=pulled,
                loaded=counted.loaded,
                unchanged=counted.unchanged,
                quarantined=refused,
            )
            sync_bypasses(connection, self.now)
        return RunResult(
            spec.name, run_id, "complete", pulled, counted.loaded, counted.unchanged, refused, message
        )

    def _failed(self, spec: SourceSpec, run_id: int, error: Exception) -> RunResult:
        """Close the run as failed where the register still answers; else the next run does."""
        if isinstance(error, DBAPIError):
            error = _unavailable(error)
        message = " ".join(str(error).split())
        try:
            accounting.close_run(self.engine, run_id, "failed", message=message)
        except DBAPIError:
            raise error from None
        return RunResult(spec.name, run_id, "failed", message=message)


def _unavailable(error: DBAPIError) -> RegisterUnavailableError:
    detail = str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__
    return RegisterUnavailableError(f"the register refused, nothing was written: {detail}")


def _in_words(pulled: int, counted: LoadCounts, refused: int) -> str:
    return (
        f"{pulled} pulled = {counted.loaded} loaded + {counted.unchanged} unchanged + {refused} quarantined"
    )


__all__ = ["Intake", "Record", "RunResult", "SourceUnavailableError"]
