"""The index of a snapshot's evaluations: written once, trusted only while it is what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine, text

from governance import evaluation_index
from governance.observation.index import write_index
from governance.observation.lake import Lake
from governance.observation.observe import finish_snapshot
from governance.observation.snapshot import Snapshot
from governance.reconciliation import evidence, policy
from governance.reconciliation.reconcile import reconcile
from reconciliation_worlds import NOW, World, exception, policies, register_requests

PROD, DEV, RULE = "111111111111", "333333333333", "s3-public"


@pytest.fixture
def snapshot(register: Engine, tmp_path: Path) -> Snapshot:
    """Two accounts in two parts; one bucket of four is judged by one rule of two only."""
    world = World(rules={RULE: "", "other": ""}, shards=2)
    for account in (PROD, DEV):
        world.evaluate(account, RULE, "logs").evaluate(account, RULE, "data", "COMPLIANT")
        world.evaluate(account, "other", "logs", "COMPLIANT")
    world.write(register, tmp_path / "lake")
    with register.begin() as connection:
        register_requests(connection, exception("E", {"account": [PROD], "rule": [RULE]}))
    return Snapshot.open(register, "20261116T080000Z", str(tmp_path / "lake"))


def file_of(snapshot: Snapshot, table: str) -> Path:
    return Path(snapshot.lake.location) / snapshot.folder / evaluation_index.path_of(table)


def opened_with_index(snapshot: Snapshot, tmp_path: Path) -> bool:
    limits = policy.read(policies(tmp_path / "policies"))[0].evidence
    with (
        snapshot.engine.begin() as connection,
        evidence.opened(connection, snapshot.snapshot_id, NOW, limits) as known,
    ):
        assert evaluation_index.NAME not in set(known.manifest.dataset)
        return known.index is not None


def judged(snapshot: Snapshot, tmp_path: Path) -> tuple[str, str]:
    found = reconcile(snapshot.engine, now=NOW, policies=policies(tmp_path / "policies"))
    return found.verdicts.to_csv(), json.dumps(found.summary)


def test_it_holds_the_cells_the_bad_rows_and_the_rows_of_cells_that_judge_only_some(snapshot):
    def rows(table: str, columns: str) -> list[tuple]:
        return duckdb.sql(f"SELECT {columns} FROM '{file_of(snapshot, table)}'").fetchall()

    assert rows("cell", "account, deployment, n, nc, is_full") == [
        (0, 0, 1, 0, False), (0, 1, 2, 1, True), (1, 0, 1, 0, False), (1, 1, 2, 1, True)]  # fmt: skip
    assert len(rows("resource", "resource_id")) == 4
    assert rows("bad", "cell") == [(1,), (3,)]
    assert rows("scattered", "cell, bad") == [(0, False), (2, False)]
    assert rows("repeated", "cell") == []


def test_closing_again_writes_nothing(snapshot):
    before = file_of(snapshot, "cell").stat().st_mtime_ns
    finish_snapshot(snapshot.engine, snapshot.snapshot_id, now=NOW)
    assert file_of(snapshot, "cell").stat().st_mtime_ns == before
    assert not write_index(snapshot)


def test_verdicts_are_the_same_with_and_without_it(snapshot, tmp_path):
    assert opened_with_index(snapshot, tmp_path)
    whole = judged(snapshot, tmp_path)
    file_of(snapshot, "cell").unlink()
    assert not opened_with_index(snapshot, tmp_path)
    assert judged(snapshot, tmp_path) == whole


def test_a_changed_index_is_not_believed(snapshot, tmp_path):
    """Somebody empties the list of non-compliant rows: the deviation is still found, from the parts."""
    whole = judged(snapshot, tmp_path)
    file = file_of(snapshot, "bad")
    duckdb.sql(f"COPY (FROM '{file}' WHERE false) TO '{file}.new' (FORMAT parquet)")
    Path(f"{file}.new").replace(file)
    assert judged(snapshot, tmp_path) == whole


def test_an_index_of_other_parts_is_not_believed(snapshot, tmp_path):
    """A part is gone: its account is unknown, and the index that still knows it is not asked."""
    [lost, _] = sorted((Path(snapshot.lake.location) / snapshot.folder / "config/evaluations").iterdir())
    lost.unlink()
    assert not opened_with_index(snapshot, tmp_path)


def test_a_shard_that_comes_late_is_indexed_when_the_snapshot_is_closed_again(snapshot, tmp_path):
    table = snapshot.lake.read_table(f"{snapshot.folder}/config/evaluations/part-0000-of-0002.parquet")
    path = "config/evaluations/part-0000-of-0002.parquet"
    digest = snapshot.lake.write_table(f"{snapshot.folder}/{path}", table.slice(0, 1))
    with snapshot.engine.begin() as connection:
        connection.execute(
            text("UPDATE snapshot_dataset SET sha256 = :sha WHERE path = :path"),
            {"sha": digest, "path": path},
        )
    assert not opened_with_index(snapshot, tmp_path)
    finish_snapshot(snapshot.engine, snapshot.snapshot_id, now=NOW)
    assert opened_with_index(snapshot, tmp_path)


def test_it_is_found_again_in_a_lake_that_moved(snapshot, tmp_path):
    moved = tmp_path / "moved"
    (tmp_path / "lake").rename(moved)
    assert not write_index(Snapshot.open(snapshot.engine, snapshot.snapshot_id, Lake(str(moved))))


def test_a_lake_that_is_no_folder_gets_the_same_index(snapshot, tmp_path):
    away, home = Lake("memory://lake"), Path(snapshot.lake.location)
    for file in home.rglob("*.parquet"):
        if evaluation_index.NAME not in str(file):
            away.write(str(file.relative_to(home)), file.read_bytes())
    assert write_index(Snapshot(snapshot.engine, snapshot.snapshot_id, snapshot.as_of, away))
    limits = policy.read(policies(tmp_path / "policies"))[0].evidence
    with (
        snapshot.engine.begin() as connection,
        evidence.opened(connection, snapshot.snapshot_id, NOW, limits, "memory://lake") as known,
    ):
        assert known.index is not None
        assert known.index["bad"].read_bytes() == file_of(snapshot, "bad").read_bytes()
