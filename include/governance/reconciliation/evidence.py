"""What a snapshot knows: its files, checked against the manifest, and where its evidence is fresh.

A place is an account that holds resources, active or suspended, in one region. Its evidence is fresh where
the manifest says COMPLETE, the file is there with the bytes that were recorded, and the evidence is not older
than its limit. Whatever is not fresh is unknown, never clean.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path

import fsspec
import pandas as pd
from sqlalchemy import Connection, text

from governance import evaluation_index, resources
from governance.errors import GovernanceError
from governance.reconciliation import frames, places
from governance.reconciliation.places import Clock
from governance.reconciliation.policy import EvidenceLimits

PRESENT = frozenset({"ACTIVE", "PENDING_ACTIVATION"})
GONE = frozenset({"CLOSED", "PENDING_CLOSURE"})


@dataclass(frozen=True)
class Evidence:
    """One snapshot, opened. Frames as in `observation.datasets`; `manifest` as the table snapshot_dataset.

    `places` has one row per account and region: account, region, fresh (bool), reason (None: fresh), needed
    (bool: the account holds resources, so a scope that includes it cannot be called clean without it).
    `tag_sets` has tag_set, key, value; evaluations name the sets. `tags_are_known`: they were collected and
    are fresh. `evaluated`: a digest of what was evaluated; the same one, the same evaluations. `files` are
    those whose bytes are as recorded, by path; they are there while the snapshot is open. `index`: those of
    the evaluations' index by table, None: it has to be built from the evaluations.
    """

    snapshot_id: str
    as_of: datetime
    manifest: pd.DataFrame
    accounts: pd.DataFrame
    units: pd.DataFrame
    sources: pd.DataFrame
    rules: pd.DataFrame
    rule_status: pd.DataFrame
    evaluations: tuple[Path, ...]
    places: pd.DataFrame
    tag_sets: pd.DataFrame
    organization_is_known: bool
    rules_are_known: bool
    tags_are_known: bool
    evaluated: str
    index: dict[str, Path] | None = None
    files: Mapping[str, Path] = field(default_factory=dict)

    def told(self, dataset: str) -> pd.DataFrame:
        """Return what the manifest says of a dataset such as 'config/remediations', a row per place."""
        return self._told.get(dataset, self.manifest.iloc[:0])

    @cached_property
    def _told(self) -> dict[str, pd.DataFrame]:
        return _by_dataset(self.manifest)

    def listing(self, dataset: str) -> pd.DataFrame:
        """Return the rows of all parts of a dataset such as 'config/remediations'; of none, no columns."""
        parts = [file for path, file in sorted(self.files.items()) if path.startswith(f"{dataset}/")]
        return pd.concat([frames.read(file) for file in parts]) if parts else pd.DataFrame()


def _by_dataset(manifest: pd.DataFrame) -> dict[str, pd.DataFrame]:
    names = manifest.service + "/" + manifest.dataset
    return {str(name): rows for name, rows in manifest.groupby(names, sort=False)}


def latest_snapshot(connection: Connection, now: datetime) -> str:
    """Return the newest finished snapshot that was not taken after `now`; raises GovernanceError if none."""
    found = connection.scalar(
        text(
            "SELECT snapshot_id FROM snapshot WHERE status = 'complete' AND as_of <= :now"
            " ORDER BY as_of DESC LIMIT 1"
        ),
        {"now": now},
    )
    if found is None:
        raise GovernanceError(f"no finished snapshot up to {now.isoformat()}: run `governance observe` first")
    return str(found)


@dataclass(frozen=True)
class Recorded:
    """What the register has of a snapshot. `manifest` as the table snapshot_dataset."""

    snapshot_id: str
    as_of: datetime
    location: str
    manifest: pd.DataFrame


def recorded(connection: Connection, snapshot_id: str) -> Recorded:
    """Return what the register has of a snapshot; raises GovernanceError where it has none of this id."""
    row = connection.execute(
        text("SELECT as_of, location FROM snapshot WHERE snapshot_id = :id"), {"id": snapshot_id}
    ).one_or_none()
    if row is None:
        raise GovernanceError(f"snapshot {snapshot_id!r} is not known; `governance observe` takes one")
    result = connection.execute(text(resources.sql("reconciliation/manifest.sql")), {"id": snapshot_id})
    manifest = pd.DataFrame(result.fetchall(), columns=list(result.keys()))
    return Recorded(snapshot_id, row.as_of, row.location, manifest)


def opened(
    connection: Connection,
    snapshot_id: str,
    now: datetime,
    limits: EvidenceLimits,
    lake: str | None = None,
    only: Collection[str] | None = None,
) -> AbstractContextManager[Evidence]:
    """Open a snapshot that the register has: `recorded`, and then `read`."""
    return read(recorded(connection, snapshot_id), now, limits, lake, only)


@contextmanager
def read(
    snapshot: Recorded,
    now: datetime,
    limits: EvidenceLimits,
    lake: str | None = None,
    only: Collection[str] | None = None,
) -> Iterator[Evidence]:
    """Open a snapshot for reading, in `lake` or where it was written. The register is not asked.

    Files on S3 are fetched into a folder that is gone afterwards. `only` names the datasets to open, such as
    `ssm/documents`; None: all.
    """
    manifest = snapshot.manifest
    if only is not None:
        manifest = manifest[(manifest.service + "/" + manifest.dataset).isin(list(only))]
    with tempfile.TemporaryDirectory(prefix="governance-snapshot-") as scratch:
        location = f"{lake.rstrip('/')}/snapshots/{snapshot.snapshot_id}" if lake else snapshot.location
        files = _verified(location, manifest, Path(scratch))
        told = manifest[manifest.dataset != evaluation_index.NAME].reset_index(drop=True)
        index, evaluated = _index(location, manifest, files, Path(scratch))
        known = _assemble(replace(snapshot, manifest=told), files, evaluated, Clock(now, limits))
        yield replace(known, index=index)


def _verified(location: str, manifest: pd.DataFrame, scratch: Path) -> dict[str, Path]:
    """Return the files that are there and hold the recorded bytes, by path."""
    wanted = manifest.dropna(subset=["path"]).drop_duplicates("path").sort_values("path")
    found = {}
    for row in frames.rows(wanted):
        file = _local(location, str(row.path), scratch)
        if file is not None and _digest(file) == row.sha256:
            found[str(row.path)] = file
    return found


def _index(
    location: str, manifest: pd.DataFrame, files: dict[str, Path], scratch: Path
) -> tuple[dict[str, Path] | None, str]:
    """Return the files of the evaluations' index, by table, and a digest of what it was made of.

    None where it is not the recorded one, or was made of other parts than are there.
    """
    rows = manifest[manifest.service == "config"]
    named = files.get(next(iter(rows.path[rows.dataset == evaluation_index.NAME]), ""))
    evaluated = rows[rows.dataset == "evaluations"]
    parts = {path: sha for path, sha in zip(evaluated.path, evaluated.sha256, strict=True) if path in files}
    content = json.loads(named.read_text("utf-8")) if named else {}
    if not named or content["parts"] != parts:
        return None, _digest_of(parts)
    found = {}
    for table in evaluation_index.TABLES:
        path = evaluation_index.path_of(table)
        file = _local(location, path, scratch)
        if file is None or _digest(file) != content["files"].get(path):
            return None, _digest_of(parts)
        found[table] = file
    return found, _digest_of(content["files"])


def _digest_of(files: dict[str, str]) -> str:
    return sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def _local(location: str, path: str, scratch: Path) -> Path | None:
    if "://" not in location:
        file = Path(location) / path
        return file if file.is_file() else None
    filesystem, _ = fsspec.core.url_to_fs(location)
    file = scratch / path
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        filesystem.get_file(f"{location}/{path}", str(file))
    except FileNotFoundError:
        return None
    return file


def _assemble(snapshot: Recorded, files: dict[str, Path], evaluated: str, clock: Clock) -> Evidence:
    def frame(dataset: str) -> pd.DataFrame:
        file = files.get(f"{dataset}/all.parquet")
        return frames.read(file) if file else pd.DataFrame(columns=_COLUMNS[dataset])

    told, nothing = _by_dataset(snapshot.manifest), snapshot.manifest.iloc[:0]

    def known(dataset: str, since: datetime) -> bool:
        rows = told.get(dataset, nothing)
        complete = rows[(rows.status == "COMPLETE") & (rows.evidence_at >= since)]
        return any(path in files for path in complete.path)

    accounts, sources = frame("organizations/accounts"), frame("config/aggregator_sources")
    parts = told.get("config/evaluations", nothing)
    return Evidence(
        snapshot_id=snapshot.snapshot_id,
        as_of=snapshot.as_of,
        manifest=snapshot.manifest,
        accounts=accounts,
        units=frame("organizations/units"),
        sources=sources,
        rules=frame("config/rules"),
        rule_status=frame("config/rule_status"),
        evaluations=tuple(files[path] for path in sorted(set(parts.path.dropna()) & files.keys())),
        places=places.of(accounts, sources, parts, set(files), clock),
        organization_is_known=all(
            known(f"organizations/{name}", clock.limits.organizations_since(clock.now))
            for name in ("accounts", "units")
        ),
        tag_sets=_tag_sets(told.get("config/tag_sets", nothing), files),
        rules_are_known=known("config/rules", clock.limits.config_since(clock.now)),
        tags_are_known=known("config/tag_sets", clock.limits.config_since(clock.now)),
        evaluated=evaluated,
        files=files,
    )


def _tag_sets(told: pd.DataFrame, files: dict[str, Path]) -> pd.DataFrame:
    """Return tag_set, key, value of all parts. A set without rows is that of resources without tags."""
    parts = [frames.read(files[path]) for path in sorted(set(told.path.dropna()) & files.keys())]
    columns = ["tag_set", "key", "value"]
    return pd.concat(parts)[columns].drop_duplicates() if parts else pd.DataFrame(columns=columns)


_COLUMNS = {
    "organizations/accounts": ["account", "name", "email", "state", "units", "joined_at"],
    "organizations/units": ["unit", "name", "parent", "path"],
    "config/aggregator_sources": ["account", "region", "status", "updated_at", "error"],
    "config/rules": ["account", "region", "rule", "creator", "owner", "source_identifier", "state"],
    "config/rule_status": ["account", "region", "rule", "last_evaluated_at", "last_failed_at", "error"],
}
