"""Files that need no second reading: what a run remembers of them, and what they still count for.

A file is known in one version and for one spec. Its records count in every later run as they stand: as
unchanged, or as quarantined while they are. So the counts of a run speak of everything that lies in the
place, whether it was read again or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from governance import resources
from governance.intake.records import KnownFile, Pull
from governance.intake.spec import SourceSpec
from governance.quality.suite import canonical_suite

LONGEST_NAME = 1000
"""Files with longer names are read every time."""


@dataclass(frozen=True)
class Resting:
    """What lies in the files that were not read again. `newest`: see `KnownFile`."""

    files: int = 0
    records: int = 0
    kept_back: int = 0
    newest: datetime | None = None

    @property
    def unchanged(self) -> int:
        """Records that are in the register."""
        return self.records - self.kept_back


NOTHING_RESTS = Resting()


def fingerprint(spec: SourceSpec) -> bytes:
    """Return a hash of what decides how a file is read: the spec, and the canonical expectations."""
    digest = hashlib.sha256(spec.model_dump_json().encode())
    for check in canonical_suite(spec.kinds):
        digest.update(check.model_dump_json().encode())
    return digest.digest()


def recall(connection: Connection, spec: SourceSpec) -> dict[str, KnownFile]:
    """Return by name the files that were read with the spec as it is now."""
    parameters = {"source": spec.name, "spec": fingerprint(spec)}
    rows = connection.execute(text(resources.sql("intake/known_files.sql")), parameters)
    return {row.name: KnownFile(row.version, row.records, row.kept_back, row.newest) for row in rows}


def resting(connection: Connection, source: str, skipped: Mapping[str, KnownFile]) -> Resting:
    """Return what the skipped files count for. A record that was replayed meanwhile is in the register."""
    failed = {name: file.kept_back for name, file in skipped.items() if file.kept_back}
    kept_back = 0
    if failed:
        query = text(resources.sql("intake/still_kept_back.sql"))
        rows = connection.execute(query, {"source": source, "names": list(failed)})
        kept_back = sum(min(failed[row.name], row.items) for row in rows)
    newest = max((file.newest for file in skipped.values() if file.newest), default=None)
    return Resting(len(skipped), sum(file.records for file in skipped.values()), kept_back, newest)


def remember(
    connection: Connection,
    spec: SourceSpec,
    run_id: int,
    pull: Pull,
    *,
    kept_back: Mapping[str, int],
    newest: Mapping[str, datetime],
) -> None:
    """Remember the files that a run took, and forget those that are gone; the caller owns the transaction.

    `kept_back` (how many records failed) and `newest` are by name of the file.
    """
    rows = [
        {
            "source": spec.name,
            "name": name,
            "version": file.version,
            "spec": fingerprint(spec),
            "records": file.records,
            "kept_back": kept_back.get(name, 0),
            "newest": newest.get(name),
            "run_id": run_id,
        }
        for name, file in pull.taken.items()
        if len(name) <= LONGEST_NAME
    ]
    there = {"source": spec.name, "names": [*pull.skipped, *pull.taken]}
    connection.execute(text(resources.sql("intake/forget_files.sql")), there)
    if rows:
        connection.execute(text(resources.sql("intake/remember_file.sql")), rows)
