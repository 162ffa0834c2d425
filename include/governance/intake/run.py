"""One run of one source: pull, map, check, load; either all of it counts or none of it does.

The pull happens outside of any transaction. Loading, quarantine, closing counts and the cursor of the next
pull are one transaction, so that a run that dies at any moment leaves the register as it was, and the next
run finishes the job. `pulled = loaded + unchanged + quarantined` is a constraint of the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from governance import resources
from governance.connections import ConnectionLookup, from_environment
from governance.errors import GovernanceError, RegisterUnavailableError
from governance.intake import again, cursors, known_files, runs
from governance.intake.blocks import drawn
from governance.intake.known_files import Resting
from governance.intake.readers.kind import Opening, SessionMaker
from governance.intake.readers.registry import open_reader
from governance.intake.records import Pull
from governance.intake.runs import RunResult
from governance.intake.spec import SourceSpec
from governance.register import ownership
from governance.settings import Settings


@dataclass(frozen=True)
class Intake:
    """Everything a run needs beside the spec.

    `lookup` finds connections, `aws` makes the boto3 session of one; `path` is a file or folder to read
    instead of the source's own place; `full` ignores where the last pull ended. `policies` None: those of the
    settings. `accepted` is why a person takes a batch that is unlike the ones before it (volume, columns).
    """

    engine: Engine
    now: datetime
    lake: str
    lookup: ConnectionLookup = from_environment
    aws: SessionMaker | None = None
    origin: str = "cli"
    full: bool = False
    path: Path | None = None
    policies: Path | None = None
    accepted: str = ""

    def run(self, spec: SourceSpec) -> RunResult:
        """Run one source. A source that fails raises nothing: result and `intake_run` say why in one line.

        Raises RegisterUnavailableError where the register cannot be reached at all.
        """
        with runs.reaching_the_register(), runs.only_run(self.engine, spec.name):
            with self.engine.begin() as connection:
                run_id = runs.open_run(
                    connection, spec.name, mode=spec.mode, origin=self.origin, now=self.now
                )
            try:
                with runs.reaching_the_register():
                    return self._run(spec, run_id)
            except GovernanceError as error:
                return self._failed(spec, run_id, error)
            except Exception as error:
                self._failed(spec, run_id, GovernanceError(f"unexpected {type(error).__name__}: {error}"))
                raise

    def _run(self, spec: SourceSpec, run_id: int) -> RunResult:
        pull = Pull()
        takes_up = spec.mode == "live" and not self.full and self.path is None
        with self.engine.connect() as connection:
            last = None if self.full else runs.last_cursor(connection, spec.name)
            known = known_files.recall(connection, spec) if takes_up else {}
        cursor = cursors.start_of(spec, last, self.now)
        reader = open_reader(spec, Opening(self.lookup, self.path, self.aws, self.lake, known))
        told, records = again.peek(drawn(reader, pull, cursor), spec, cursor)
        if told is not None:
            same = Resting(records=told.pulled, kept_back=told.kept_back)
            return self._nothing_new(spec, run_id, pull, cursor, same)
        first = next(records, None)  # by now the reader knows what it skips
        with self.engine.connect() as connection:
            resting = known_files.resting(connection, spec.name, pull.skipped)
        all_rest = len(pull.skipped) == len(known)
        if first is None and not pull.places and not pull.whole and all_rest:
            return self._nothing_new(spec, run_id, pull, cursor, resting)
        from governance.intake.settle import Pulled, settle  # noqa: PLC0415 (pandas: not for a poll in vain)

        policies = self.policies or resources.folder("policies", Settings().config_dir)
        with self.engine.begin() as connection:
            ownership.store(connection, ownership.read(policies))  # who decides is held against it
        every = chain([] if first is None else [first], records)
        pulled = Pulled(spec, run_id, every, reader, pull, cursor, resting, by_hand=self.path is not None)
        return settle(
            self.engine,
            pulled,
            now=self.now,
            lake=self.lake,
            policies=policies,
            accepted=self.accepted,
        )

    def _nothing_new(
        self, spec: SourceSpec, run_id: int, pull: Pull, cursor: dict[str, Any] | None, resting: Resting
    ) -> RunResult:
        """Close a run that found no record to look at; what was read before counts as it stands."""
        pulled, kept_back = resting.records, resting.kept_back
        held = spec.batch.broken(pulled, kept_back) or spec.batch.stale(resting.newest, self.now)
        if held:
            message = f"the whole batch is held: {held}"
            result = RunResult(spec.name, run_id, "held", pulled, held=pulled, message=message)
        else:
            status = "shadow" if spec.mode == "shadow" else "complete"
            message = runs.balance(pulled, 0, resting.unchanged, kept_back, pull.notes, resting.files)
            result = RunResult(spec.name, run_id, status, pulled, 0, resting.unchanged, kept_back, 0, message)
        with self.engine.begin() as connection:
            end = cursors.end_of(pull, cursor, self.now) if result.status == "complete" else None
            end = again.kept(end, cursor)
            whole = cursor is None if self.path is None else None
            observed = runs.Observed(cursor=end, whole=whole, accepted=self.accepted or None)
            runs.close_run(connection, result, observed)
        return result

    def _failed(self, spec: SourceSpec, run_id: int, error: GovernanceError) -> RunResult:
        """Close the run as failed where the register still answers; else the next run does."""
        result = RunResult(spec.name, run_id, "failed", message=" ".join(str(error).split())[:1000])
        try:
            with runs.reaching_the_register(), self.engine.begin() as connection:
                runs.close_run(connection, result)
        except RegisterUnavailableError:
            raise error from None
        return result

    def requests(self, source: str) -> int:
        """Return how many requests of a source the register holds."""
        query = text("SELECT count(*) FROM request WHERE source = :source")
        with self.engine.connect() as connection:
            return int(connection.execute(query, {"source": source}).scalar_one())
