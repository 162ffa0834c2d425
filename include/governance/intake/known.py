"""What is known before a pull is examined: earlier runs of the source, and what AWS lists."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from governance import resources
from governance.intake.drift import Shapes, from_json
from governance.intake.known_files import NOTHING_RESTS, Resting
from governance.intake.listings import Listings
from governance.intake.spec import SourceSpec


@dataclass(frozen=True)
class Known:
    """What a pull may be held against. By default nothing is known, so nothing of it is judged.

    `volumes` of earlier full pulls, newest first; None: this pull is no full one. `columns` of the run
    before; None: these records are no pull. `accepted`: a person says that this batch is right although it
    is unlike the ones before it. `resting`: what lies in files that are not read again.
    """

    volumes: tuple[int, ...] | None = None
    columns: Shapes | None = None
    accepted: bool = False
    first: bool = False
    """Nothing of the source was ever loaded."""
    listings: Listings = field(default_factory=Listings)
    resting: Resting = NOTHING_RESTS


def volumes(connection: Connection, spec: SourceSpec) -> tuple[int, ...] | None:
    """Return how much earlier full pulls brought, newest first; None where the spec does not ask."""
    if spec.volume is None:
        return None
    parameters = {"source": spec.name, "runs": spec.volume.runs}
    rows = connection.execute(text(resources.sql("intake/past_volumes.sql")), parameters)
    return tuple(int(row.pulled) for row in rows)


def columns(connection: Connection, spec: SourceSpec) -> Shapes:
    """Return the columns that the records of a source had, as far as its last good run knew."""
    kept = connection.scalar(text(resources.sql("intake/last_columns.sql")), {"source": spec.name})
    return from_json(kept)
