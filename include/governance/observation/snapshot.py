"""A snapshot: its row in the register, its parts in the lake, and the manifest of what is known.

A part that is complete is never written again; a part that is missing or partial may be collected again
under the same snapshot id. Every row of the manifest is per dataset, account and region ('*': all).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, TypeVar

import pandas as pd
from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import Engine, text

from governance import resources
from governance.errors import GovernanceError, SourceUnavailableError
from governance.observation.calls import Calls, in_words
from governance.observation.datasets import Dataset
from governance.observation.lake import Lake

Status = Literal["COMPLETE", "PARTIAL", "FAILED", "STALE"]

T = TypeVar("T")

A_DAY = timedelta(hours=23)
"""A listing that is taken daily may be so old: a little less, so that it does not slip by a run each day."""

REFUSED = "refused: "
"""How the message of a place begins that AWS refused to tell: it may be asked again."""


@dataclass(frozen=True)
class Evidence:
    """One row of the manifest. Calls, throttles and seconds of a shard stand on its first row only."""

    service: str
    dataset: str
    account: str = "*"
    region: str = "*"
    status: Status = "COMPLETE"
    row_count: int = 0
    calls: int = 0
    throttles: int = 0
    seconds: float = 0.0
    evidence_at: datetime | None = None
    path: str | None = None
    sha256: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """One snapshot that is open for collection."""

    engine: Engine
    snapshot_id: str
    as_of: datetime
    lake: Lake

    @classmethod
    def open(cls, engine: Engine, snapshot_id: str, lake: str | Lake) -> Snapshot:
        """Return a snapshot that was started; raises GovernanceError where it was not."""
        with engine.connect() as connection:
            as_of = connection.scalar(
                text("SELECT as_of FROM snapshot WHERE snapshot_id = :id"), {"id": snapshot_id}
            )
        if as_of is None:
            raise GovernanceError(f"snapshot {snapshot_id!r} is not known: start it first")
        return cls(engine, snapshot_id, as_of, lake if isinstance(lake, Lake) else Lake(lake))

    @property
    def folder(self) -> str:
        """Where its parts are, relative to the lake."""
        return f"snapshots/{self.snapshot_id}"

    def write(self, dataset: Dataset, part: str, rows: list[dict[str, Any]]) -> tuple[str, str]:
        """Write one part; return its path relative to the snapshot and its sha256."""
        path = f"{dataset.service}/{dataset.name}/{part}.parquet"
        return path, self.lake.write_table(f"{self.folder}/{path}", dataset.table(rows))

    def is_known(self, dataset: Dataset) -> bool:
        """Tell whether a listing of the hub is complete."""
        rows = self.manifest(dataset)
        return bool(((rows.account == "*") & (rows.status == "COMPLETE")).any())

    def read(self, dataset: Dataset, part: str = "all") -> pd.DataFrame:
        """Return the rows of a part, none where it was not written."""
        try:
            path = f"{self.folder}/{dataset.service}/{dataset.name}/{part}.parquet"
            frame: pd.DataFrame = self.lake.read_table(path).to_pandas()
        except FileNotFoundError:
            frame = dataset.table([]).to_pandas()
        return frame

    def manifest(self, dataset: Dataset) -> pd.DataFrame:
        """Return the manifest rows of a dataset, columns of the table `snapshot_dataset`."""
        query = text(resources.sql("observation/manifest.sql"))
        keys = {"id": self.snapshot_id, "service": dataset.service, "dataset": dataset.name}
        with self.engine.connect() as connection:
            result = connection.execute(query, keys)
            return pd.DataFrame(result.fetchall(), columns=list(result.keys()))

    def record(self, rows: Iterable[Evidence]) -> None:
        """Write rows of the manifest; a row that is there takes the new values."""
        values = [{"snapshot_id": self.snapshot_id, **asdict(row)} for row in rows]
        if values:
            with self.engine.begin() as connection:
                connection.execute(text(resources.sql("observation/record.sql")), values)

    def take_over(self, dataset: Dataset) -> bool:
        """Copy a complete listing of the last `A_DAY` out of an earlier snapshot, as of then; tell if it was.

        A file that is gone or changed is not taken over: the listing is asked for anew.
        """
        if self.is_known(dataset):
            return True
        keys = {"service": dataset.service, "dataset": dataset.name, "as_of": self.as_of}
        query = text(resources.sql("observation/earlier.sql"))
        with self.engine.connect() as connection:
            row = connection.execute(query, {**keys, "since": self.as_of - A_DAY}).one_or_none()
        if row is None:
            return False
        try:
            content = self.lake.read(f"snapshots/{row.snapshot_id}/{row.path}")
        except FileNotFoundError:
            return False
        if sha256(content).hexdigest() != row.sha256:
            return False
        self.lake.write(f"{self.folder}/{row.path}", content)
        self.record([
            Evidence(
                dataset.service, dataset.name, region=row.region, row_count=row.row_count,
                evidence_at=row.evidence_at, path=row.path, sha256=row.sha256,
            )
        ])  # fmt: skip
        return True

    def listing(
        self, dataset: Dataset, calls: Calls, rows: Iterator[dict[str, Any]], region: str = "*"
    ) -> None:
        """Collect one listing into one part. A complete one is kept as it is, without a call.

        What AWS refuses goes to the manifest: PARTIAL with the rows that came, FAILED without any. An AWS
        that cannot be reached raises SourceUnavailableError: a retry may do better.
        """
        if self.is_known(dataset):
            return
        collected, refusal = drain(rows)
        path, digest = (None, None) if refusal and not collected else self.write(dataset, "all", collected)
        self.record([
            Evidence(
                dataset.service, dataset.name, "*", region,
                "COMPLETE" if refusal is None else "PARTIAL" if collected else "FAILED",
                len(collected), calls.calls, calls.throttles, calls.seconds, self.as_of,
                path, digest, refusal,
            )
        ])  # fmt: skip


def drain(rows: Iterator[T]) -> tuple[list[T], str | None]:
    """Return the rows that came, and in words why they are not all (None: they are)."""
    collected: list[T] = []
    try:
        collected.extend(rows)
    except ClientError as error:
        return collected, in_words(error)
    except BotoCoreError as error:
        raise SourceUnavailableError(f"AWS could not be asked: {str(error).splitlines()[0]}") from error
    return collected, None


def start_snapshot(engine: Engine, *, now: datetime, lake: str | Lake) -> str:
    """Open the snapshot of this instant (UTC) and return its id, `20261116T080000Z`; again: the same id."""
    snapshot_id = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    location = lake.location if isinstance(lake, Lake) else lake.rstrip("/")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO snapshot (snapshot_id, as_of, location) VALUES (:id, :now, :location)"
                " ON CONFLICT (snapshot_id) DO NOTHING"
            ),
            {"id": snapshot_id, "now": now, "location": f"{location}/snapshots/{snapshot_id}"},
        )
    return snapshot_id
