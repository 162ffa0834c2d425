"""One run of one source: pull, map, check, load; either all of it counts or none of it does.

The pull happens outside of any transaction. Loading, quarantine, closing counts and the cursor of the next
pull are one transaction, so that a run that dies at any moment leaves the register as it was, and the next
run finishes the job. `pulled = loaded + unchanged + quarantined` is a constraint of the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from governance import resources
from governance.connections import ConnectionLookup, from_environment
from governance.errors import GovernanceError, RegisterUnavailableError
from governance.intake import known, listings, runs, vanished
from governance.intake.bypass import sync_bypasses
from governance.intake.drift import as_json
from governance.intake.duplicates.links import link_duplicates
from governance.intake.examination import examine
from governance.intake.examined import Examined
from governance.intake.readers.kind import Opening, SessionMaker
from governance.intake.readers.registry import open_reader
from governance.intake.records import Pull, Record, raw_hash
from governance.intake.runs import RunResult
from governance.intake.spec import SourceSpec
from governance.quality import quarantine
from governance.register import ownership
from governance.register.load import load
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
        with self.engine.connect() as connection:
            last = None if self.full else runs.last_cursor(connection, spec.name)
            cursor = vanished.start_of(spec, last, self.now)
        reader = open_reader(spec, Opening(self.lookup, self.path, self.aws))
        with self.engine.connect() as connection:
            records = reader.records(pull, cursor)
            examined = self._examined(connection, spec, records, whole=cursor is None)
            absence = vanished.look(connection, spec, examined, pull, reader)
        page = runs.keep_page(self.lake, spec.name, run_id, examined.page) if examined.page else None
        with self.engine.begin() as connection:
            vanished.sync(connection, spec, absence, pull, self.now)
            result = self._settle(connection, spec, run_id, examined, pull)
            end = vanished.end_of(pull, cursor, self.now) if result.status == "complete" else None
            observed = runs.Observed(
                validation=examined.summary,
                cursor=end,
                whole=cursor is None if self.path is None else None,
                columns=None if examined.columns is None else as_json(examined.columns),
                page=page,
                accepted=self.accepted or None,
            )
            runs.close_run(connection, result, observed)
        return result

    def _examined(
        self, connection: Connection, spec: SourceSpec, records: Iterable[Record], *, whole: bool
    ) -> Examined:
        """Examine a pull; a file given by hand is not held against what the source's own place brought."""
        policy = ownership.read(self._policies)
        listed = listings.latest(connection, self.now)
        held_against = known.Known(listings=listed)
        if self.path is None:
            volumes = known.volumes(connection, spec) if whole else None
            columns = known.columns(connection, spec)
            held_against = known.Known(volumes, columns, bool(self.accepted), listed)
        return examine(connection, spec, records, now=self.now, policy=policy, known=held_against)

    @property
    def _policies(self) -> Path:
        return self.policies or resources.folder("policies", Settings().config_dir)

    def _settle(
        self, connection: Connection, spec: SourceSpec, run_id: int, examined: Examined, pull: Pull
    ) -> RunResult:
        """Write what the gate decided; the caller owns the transaction."""
        pulled, failed = examined.parts.pulled, len(examined.failed)
        result = RunResult(spec.name, run_id, "complete", pulled, quarantined=failed)
        if examined.held:
            message = f"the whole batch is held: {examined.held}"
            return replace(result, status="held", quarantined=0, held=pulled, message=message)
        quarantine.store(connection, spec.name, run_id, examined.each_item(), arrived_at=self.now)
        if spec.mode == "shadow":
            good = pulled - failed
            message = _line(
                f"shadow: {good} of {pulled} records would be loaded, {failed} are quarantined", pull
            )
            return replace(result, status="shadow", held=good, message=message)
        counts = load(connection, examined.good_parts(), source=spec.name, run_id=run_id, known_at=self.now)
        self._mended(connection, spec, run_id, examined, pull)
        if pulled:  # without news the history tells what it told before
            sync_bypasses(connection, self.now)
            link_duplicates(connection, self._policies, now=self.now, run_id=run_id)
        sums = (
            f"{pulled} pulled = {counts.loaded} loaded + {counts.unchanged} unchanged + {failed} quarantined"
        )
        return replace(result, loaded=counts.loaded, unchanged=counts.unchanged, message=_line(sums, pull))

    def _mended(
        self, connection: Connection, spec: SourceSpec, run_id: int, examined: Examined, pull: Pull
    ) -> None:
        """Close items whose record came again and passed, or is gone from a place read to its end."""
        waiting = quarantine.waiting(connection, spec.name)
        if not waiting:
            return
        failing = quarantine.seen_in(connection, run_id)
        if all(w.raw_hash in failing for w in waiting):
            return
        passed = {raw_hash(record.raw) for record in examined.passed()}
        again = [w.item for w in waiting if w.raw_hash in passed - failing]
        why = f"passed the gate in run {run_id}"
        quarantine.resolve(connection, again, status="replayed", by="intake", why=why, at=self.now)
        if self.path is not None:
            return  # a file given by hand says nothing about what the source's own place still holds
        gone = [
            w.item
            for w in waiting
            if w.raw_hash not in passed | failing and Record(w.locator, {}).place in pull.places
        ]
        why = f"mended at the source: no longer there in run {run_id}"
        quarantine.resolve(connection, gone, status="replayed", by="intake", why=why, at=self.now)

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


def _line(words: str, pull: Pull) -> str:
    return "; ".join([words, *pull.notes])
