"""Small worlds for reconciliation: exceptions in the register, evaluations in a snapshot, policies in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine, text

from governance.observation import datasets
from governance.observation.lake import Lake
from governance.observation.observe import finish_snapshot
from governance.observation.snapshot import Evidence as ManifestRow
from governance.observation.snapshot import Snapshot, start_snapshot
from governance.register.load import load
from governance.register.request import BATCH_COLUMNS, JSON_FIELDS, TIME_FIELDS

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]

OWNERSHIP = """
authority: {name: nobody, match: {}, accountable: governance-office@example.com,
            contact: governance-office@example.com, manager: governance-board@example.com,
            timezone: Europe/Berlin, calendar: DE, review_date: 2027-01-01}
owners:
  - {name: payments, match: {ou: Prod/Payments}, accountable: payments-lead@example.com,
     contact: payments-lead@example.com, manager: head-of-payments@example.com,
     timezone: Europe/Berlin, calendar: DE, review_date: 2027-01-01}
"""


def policies(folder: Path, **changes: str) -> Path:
    """Write a folder of policies: the shipped ones, with `changes` (file stem -> text)."""
    folder.mkdir(exist_ok=True)
    shipped = {
        name: (ROOT / "include/policies" / f"{name}.yaml").read_text()
        for name in ("reconciliation", "exception_limits", "fulfilment")
    }
    for name, content in (shipped | {"ownership": OWNERSHIP} | changes).items():
        (folder / f"{name}.yaml").write_text(content)
    return folder


def exception(key: str, scopes: Any, **more: Any) -> dict[str, Any]:
    """Return an approved exception of the last and the next 30 days."""
    return {
        "source_key": key, "kind": "exception", "status": "approved", "valid_at": NOW - timedelta(days=40),
        "title": key, "risk_level": "medium", "category": "waiver", "decided_by": "ciso@example.com",
        "decided_at": NOW - timedelta(days=40), "valid_from": NOW - timedelta(days=30),
        "valid_until": NOW + timedelta(days=30), "owner": "owner@example.com",
        "scopes": scopes if isinstance(scopes, list) else [scopes], **more,
    }  # fmt: skip


def register_requests(connection: Connection, *requests: dict[str, Any], at: datetime = NOW) -> None:
    """Load requests into the register as the source `tests` would."""
    run = connection.scalar(
        text("INSERT INTO intake_run (source, mode, as_of) VALUES ('tests', 'live', :at) RETURNING run_id"),
        {"at": at},
    )
    frame = pd.DataFrame(list(requests)).reindex(columns=list(BATCH_COLUMNS))
    frame["record_no"] = frame["row_no"] = range(1, len(frame) + 1)
    frame["raw"] = [json.dumps({"id": one["source_key"], "at": str(one["valid_at"])}) for one in requests]
    for name in JSON_FIELDS:
        frame[name] = frame[name].map(
            lambda value: json.dumps(value) if isinstance(value, (list, dict)) else None
        )
    for name in (*TIME_FIELDS, "valid_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.as_unit("us")
    load(connection, frame, source="tests", run_id=run, known_at=at)


TAG_SETS = datasets.Dataset(
    "config", "tag_sets",
    pa.schema([("tag_set", pa.int32()), ("key", pa.string()), ("value", pa.string())]), ("tag_set", "key"),
)  # fmt: skip


@dataclass
class World:
    """A snapshot to be written. `units`: path of names -> id. `accounts`: id -> (state, path of names)."""

    units: dict[str, str] = field(default_factory=lambda: {
        "Prod": "ou-t-prod", "Prod/Payments": "ou-t-pay", "Dev": "ou-t-dev"})  # fmt: skip
    accounts: dict[str, tuple[str, str]] = field(default_factory=lambda: {
        "111111111111": ("ACTIVE", "Prod"), "222222222222": ("ACTIVE", "Prod/Payments"),
        "333333333333": ("ACTIVE", "Dev"), "444444444444": ("SUSPENDED", "Dev"),
        "555555555555": ("CLOSED", "Dev")})  # fmt: skip
    regions: tuple[str, ...] = ("eu-central-1", "eu-west-1")
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)  # name -> creator
    rule_status: list[dict[str, Any]] = field(default_factory=list)
    stale: set[tuple[str, str]] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)  # shards that never came
    incomplete: set[str] = field(default_factory=set)  # listings that AWS cut short
    tag_sets: dict[int, dict[str, str]] | None = None  # None: nobody collected tags
    more: dict[datasets.Dataset, list[dict[str, Any]]] = field(default_factory=dict)  # further listings
    as_of: datetime = NOW
    shards: int = 1

    def evaluate(
        self, account: str, rule: str, resource: str, compliance: str = "NON_COMPLIANT", **more: Any
    ) -> World:
        """Add one evaluation; returns the world, so that calls can be chained."""
        self.evaluations.append({
            "account": account, "region": "eu-central-1", "rule": rule, "creator": "", "tag_set": None,
            "resource_type": "AWS::S3::Bucket", "resource_id": resource, "compliance": compliance,
            "captured_at": self.as_of - timedelta(hours=2), **more,
        })  # fmt: skip
        return self

    def chain(self, path: str) -> str:
        """Ids from the root down to a unit."""
        parts = path.split("/") if path else []
        return "/".join(["r-test", *(self.units["/".join(parts[: n + 1])] for n in range(len(parts)))])

    def write(self, engine: Engine, lake: Path) -> str:
        """Write the snapshot as observation would, and close it; return its id."""
        snapshot_id = start_snapshot(engine, now=self.as_of, lake=str(lake))
        snapshot = Snapshot(engine, snapshot_id, self.as_of, Lake(str(lake)))
        for dataset, rows in {**self._listings(), **self.more}.items():
            path, digest = snapshot.write(dataset, "all", rows)
            status = "PARTIAL" if dataset.name in self.incomplete else "COMPLETE"
            snapshot.record([ManifestRow(
                dataset.service, dataset.name, status=status, row_count=len(rows), evidence_at=self.as_of,
                path=path, sha256=digest)])  # fmt: skip
        if self.tag_sets is not None:
            self._write_tag_sets(snapshot, self.tag_sets)
        for shard in set(range(self.shards)) - self.lost:
            self._write_shard(snapshot, shard)
        finish_snapshot(engine, snapshot_id, now=self.as_of)
        return snapshot_id

    def _listings(self) -> dict[datasets.Dataset, list[dict[str, Any]]]:
        active = [account for account, (state, _) in self.accounts.items() if state == "ACTIVE"]
        return {
            datasets.ACCOUNTS: [
                {"account": account, "name": account, "email": None, "state": state, "units": self.chain(path),
                 "joined_at": None} for account, (state, path) in self.accounts.items()],
            datasets.UNITS: [
                {"unit": "r-test", "name": "Root", "parent": None, "path": ""},
                *({"unit": unit, "name": path.rsplit("/", 1)[-1], "path": path,
                   "parent": self.units[path.rpartition("/")[0]] if "/" in path else "r-test"}
                  for path, unit in self.units.items())],
            datasets.AGGREGATOR_SOURCES: [
                {"account": account, "region": region, "status": "SUCCEEDED", "updated_at": self.as_of,
                 "error": None} for account in active for region in self.regions],
            datasets.RULES: [
                {"account": None, "region": self.regions[0], "rule": rule, "creator": creator, "owner": "AWS",
                 "source_identifier": None, "state": "ACTIVE"} for rule, creator in self.rules.items()],
            datasets.RULE_STATUS: [
                {"account": None, "region": self.regions[0], "first_activated_at": None, "last_failed_at": None,
                 "error": None, **status} for status in self.rule_status],
            **self.more,
        }  # fmt: skip

    def _write_tag_sets(self, snapshot: Snapshot, tag_sets: dict[int, dict[str, str]]) -> None:
        rows = [{"tag_set": n, "key": k, "value": v} for n, tags in tag_sets.items() for k, v in tags.items()]
        path, digest = snapshot.write(TAG_SETS, "all", rows)
        status = "PARTIAL" if "tag_sets" in self.incomplete else "COMPLETE"
        snapshot.record([ManifestRow("config", "tag_sets", status=status, row_count=len(rows),
                                     evidence_at=self.as_of, path=path, sha256=digest)])  # fmt: skip

    def _write_shard(self, snapshot: Snapshot, shard: int) -> None:
        accounts = sorted({*self.accounts, *(row["account"] for row in self.evaluations)})
        mine = [account for number, account in enumerate(accounts) if number % self.shards == shard]
        rows = [row for row in self.evaluations if row["account"] in mine]
        path, digest = snapshot.write(datasets.EVALUATIONS, f"part-{shard:04d}-of-{self.shards:04d}", rows)
        snapshot.record(
            ManifestRow(
                "config", "evaluations", account, region,
                "STALE" if (account, region) in self.stale else "COMPLETE",
                sum((row["account"], row["region"]) == (account, region) for row in rows),
                evidence_at=self.as_of - timedelta(hours=1), path=path, sha256=digest,
            )
            for account in mine
            if self.accounts.get(account, ("ACTIVE", ""))[0] == "ACTIVE"
            for region in self.regions
        )  # fmt: skip
