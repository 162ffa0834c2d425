"""An unchanged file is not read again, counts as it stands, and is read again when that could tell something new."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from governance.intake import examination
from governance.intake import settle as settling
from governance.intake.replay import replay
from governance.quality import quarantine
from governance.quality.gate import Verdict
from intake_worlds import MINIMAL, POLICIES, connections, pull, reasons, rows, spec

HEADER = "id,state,title,who,approver,target,submitted,changed\n"
GOOD = "1,new,Account,ann@example.com,-,account/100000000012,2026-03-01 09:00,2026-03-01 09:00\n"
OTHER = GOOD.replace("1,new", "3,new")
BAD = "2,parked,Bucket,ann@example.com,-,-,2026-03-01 09:00,2026-03-01 09:00\n"
FILES = "SELECT name, records, kept_back FROM source_file ORDER BY name"


pytestmark = pytest.mark.usefixtures("quick_gate")


@pytest.fixture
def quick_gate(monkeypatch):
    """The expectations take most of the time; what is kept back here, the mapping finds."""
    monkeypatch.setattr(examination, "judge", lambda batch, reasons, *a, **k: Verdict(reasons, "", {}))
    return monkeypatch


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def read_again(monkeypatch):
    """Names of the files that were opened."""
    from governance.intake.readers.files import places

    opened: list[str] = []
    real = places._settled
    monkeypatch.setattr(places, "_settled", lambda path: opened.append(path.name) or real(path))
    return opened


def write(folder, name, *lines):
    (folder / name).write_text(HEADER + "".join(lines))


def counts(result):
    return result.status, result.pulled, result.loaded, result.unchanged, result.quarantined


def test_a_poll_that_finds_nothing_new_opens_no_file_and_counts_what_lies_there(
    register, now, tmp_path, folder, read_again
):
    write(folder, "a.csv", GOOD, BAD)
    write(folder, "b.csv", OTHER)
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 3, 2, 0, 1)
    assert rows(register, FILES) == [("a.csv", 2, 1), ("b.csv", 1, 0)]
    read_again.clear()
    again = pull(register, spec(), now, tmp_path, path=folder)
    assert counts(again) == ("complete", 3, 0, 2, 1)
    assert again.message == "3 pulled = 0 loaded + 2 unchanged + 1 quarantined; 2 files are as they were"
    assert read_again == []
    assert list(reasons(register)) == ["a.csv:3"]


def test_only_new_and_changed_files_are_opened(register, now, tmp_path, folder, read_again):
    write(folder, "a.csv", GOOD)
    write(folder, "b.csv", BAD)
    pull(register, spec(), now, tmp_path, path=folder)
    read_again.clear()
    write(folder, "b.csv", BAD.replace("parked", "new"))
    write(folder, "c.csv", OTHER)
    result = pull(register, spec(), now, tmp_path, path=folder)
    assert counts(result) == ("complete", 3, 2, 1, 0)
    assert sorted(read_again) == ["b.csv", "c.csv"]
    assert reasons(register) == {}
    assert rows(register, FILES) == [("a.csv", 1, 0), ("b.csv", 1, 0), ("c.csv", 1, 0)]


def test_a_file_that_is_gone_is_forgotten_and_its_items_stay(register, now, tmp_path, folder):
    write(folder, "a.csv", GOOD, BAD)
    pull(register, spec(), now, tmp_path, path=folder)
    (folder / "a.csv").unlink()
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 0, 0, 0, 0)
    write(folder, "b.csv", OTHER)
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 1, 1, 0, 0)
    assert rows(register, FILES) == [("b.csv", 1, 0)]
    assert list(reasons(register)) == ["a.csv:3"]


def test_a_changed_spec_and_a_full_run_read_everything(register, now, tmp_path, folder, read_again):
    write(folder, "a.csv", GOOD, BAD)
    pull(register, spec(), now, tmp_path, path=folder)
    read_again.clear()
    assert counts(pull(register, spec(), now, tmp_path, path=folder, full=True)) == ("complete", 2, 0, 1, 1)
    assert read_again == ["a.csv"]
    wider = spec(status={"column": "state", "map": {"new": "submitted", "parked": "submitted"}})
    assert counts(pull(register, wider, now, tmp_path, path=folder)) == ("complete", 2, 1, 1, 0)
    assert read_again == ["a.csv", "a.csv"]
    assert reasons(register) == {}


def test_a_record_that_was_replayed_counts_as_unchanged_and_a_discarded_one_as_quarantined(
    register, now, tmp_path, folder
):
    write(folder, "a.csv", GOOD, BAD, BAD.replace("2,", "4,"))
    pull(register, spec(), now, tmp_path, path=folder)
    wider = spec(status={"column": "state", "map": {"new": "submitted", "parked": "submitted"}})
    replay(register, [1], now=now, by="ann", spec=wider, config_dir=POLICIES.parent)
    with register.begin() as connection:
        quarantine.discard(connection, 2, reason="a test entry", by="ann", at=now)
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 3, 0, 2, 1)


@pytest.mark.parametrize("more", [{"batch": {"min_records": 9}}, {"mode": "shadow"}])
def test_a_run_that_is_held_or_in_shadow_remembers_nothing(register, now, tmp_path, folder, more):
    write(folder, "a.csv", GOOD)
    assert pull(register, spec(**more), now, tmp_path, path=folder).loaded == 0
    assert rows(register, FILES) == []
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 1, 1, 0, 0)


def test_a_run_that_fails_remembers_nothing(register, now, tmp_path, folder, monkeypatch):
    write(folder, "a.csv", GOOD)
    monkeypatch.setattr(settling.runs, "close_run", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pull(register, spec(), now, tmp_path, path=folder)
    monkeypatch.undo()
    assert rows(register, FILES) == []
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 1, 1, 0, 0)


def test_a_file_read_by_hand_is_not_remembered(register, now, tmp_path, folder):
    write(folder, "a.csv", GOOD)
    pull(register, spec(), now, tmp_path, path=folder / "a.csv")
    assert rows(register, FILES) == []


def test_a_file_that_changes_while_it_is_read_is_taken_by_the_next_run(
    register, now, tmp_path, folder, monkeypatch
):
    from pathlib import Path

    write(folder, "a.csv", GOOD)
    write(folder, "growing.csv", OTHER)
    real = Path.read_bytes

    def grow_meanwhile(path):
        content = real(path)
        if path.name == "growing.csv":
            os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
        return content

    monkeypatch.setattr(Path, "read_bytes", grow_meanwhile)
    first = pull(register, spec(), now, tmp_path, path=folder)
    assert counts(first) == ("complete", 1, 1, 0, 0)
    monkeypatch.undo()
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 2, 1, 1, 0)


def test_identical_bad_records_of_two_files_are_two_items_whichever_file_is_read(
    register, now, tmp_path, folder
):
    write(folder, "a.csv", BAD)
    pull(register, spec(), now, tmp_path, path=folder)
    write(folder, "b.csv", GOOD, BAD)
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 3, 1, 0, 2)
    assert sorted(reasons(register)) == ["a.csv:2", "b.csv:3"]
    write(folder, "a.csv", BAD, OTHER)
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 4, 1, 1, 2)
    assert sorted(reasons(register)) == ["a.csv:2", "b.csv:3"]
    write(folder, "b.csv", GOOD)
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == ("complete", 3, 0, 2, 1)
    assert list(reasons(register)) == ["a.csv:2"]


def test_limits_of_the_batch_count_the_files_that_were_not_read_again(register, now, tmp_path, folder):
    source = spec(batch={"min_records": 3, "max_quarantined": 0.4})
    write(folder, "a.csv", GOOD, OTHER, BAD)
    assert pull(register, source, now, tmp_path, path=folder).status == "complete"
    write(folder, "b.csv", GOOD.replace("1,new", "5,new"))
    assert counts(pull(register, source, now, tmp_path, path=folder)) == ("complete", 4, 1, 2, 1)
    (folder / "a.csv").unlink()
    held = pull(register, source, now, tmp_path, path=folder)
    assert (held.status, held.message) == (
        "held", "the whole batch is held: 1 records pulled, expected at least 3",
    )  # fmt: skip


def test_a_source_that_falls_silent_is_held_though_nothing_is_read(
    register, now, tmp_path, folder, quick_gate
):
    quick_gate.undo()
    source = spec(batch={"freshness_days": 300})
    write(folder, "a.csv", GOOD)
    assert pull(register, source, now, tmp_path, path=folder).status == "complete"
    assert pull(register, source, now, tmp_path, path=folder).status == "complete"
    # a late word about old times, beside a file that is fresh
    write(folder, "late.csv", OTHER.replace("2026-03-01", "2025-03-01"))
    assert pull(register, source, now, tmp_path, path=folder).status == "complete"
    silent = pull(register, source, now + timedelta(days=60), tmp_path, path=folder)
    assert silent.status == "held"
    assert silent.message.endswith(
        "the newest observation is of 2026-03-01 08:00 UTC, expected at most 300.0 days old"
    )


@pytest.fixture
def bucket(now):
    with mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        where = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket="drops", CreateBucketConfiguration=where)
        yield client


AWS = {"conn_type": "aws", "login": "AKIATEST", "password": "x", "extra": {"region_name": "eu-central-1"}}


def test_an_object_is_read_again_when_its_etag_changes_and_a_poll_is_one_listing(
    register, now, tmp_path, bucket, monkeypatch
):
    source = spec(reader={"type": "csv", "location": "s3://drops/in/"})
    for name in ("a.csv", "b.csv", "../up.csv"):
        bucket.put_object(Bucket="drops", Key=f"in/{name}", Body=(HEADER + GOOD).encode())
    calls: list[str] = []
    import botocore.client

    real = botocore.client.BaseClient._make_api_call
    monkeypatch.setattr(
        botocore.client.BaseClient, "_make_api_call",
        lambda self, operation, kwargs: calls.append(operation) or real(self, operation, kwargs),
    )  # fmt: skip
    lookup = connections(drops=AWS)
    first = pull(register, source, now, tmp_path, lookup=lookup)
    assert counts(first) == ("complete", 3, 1, 1, 1)
    assert reasons(register) == {
        "../up.csv:1": ["the file has a key that leads out of its prefix: it is not read"]
    }
    assert calls == ["ListObjectsV2", "GetObject", "GetObject"]
    calls.clear()
    assert counts(pull(register, source, now, tmp_path, lookup=lookup)) == ("complete", 3, 0, 2, 1)
    assert calls == ["ListObjectsV2"]
    calls.clear()
    bucket.put_object(Bucket="drops", Key="in/b.csv", Body=(HEADER + OTHER).encode())
    calls.clear()
    assert counts(pull(register, source, now, tmp_path, lookup=lookup)) == ("complete", 3, 1, 1, 1)
    assert calls == ["ListObjectsV2", "GetObject"]


POLL = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from governance.intake.run import Intake
from governance.intake.spec import SourceSpec
from governance.register import database
engine = database.connect({url!r})
result = Intake(engine, datetime(2026, 11, 16, 8, tzinfo=UTC), {lake!r}, policies=Path({policies!r})).run(
    SourceSpec.model_validate({spec!r}))
heavy = sorted(name for name in ("pandas", "great_expectations", "pyarrow", "boto3", "openpyxl") if name in sys.modules)
print(result.pulled, result.unchanged, heavy)
"""


def test_a_poll_over_many_known_files_imports_nothing_heavy_and_opens_none(
    register, register_url, now, tmp_path, folder
):
    for number in range(1000):
        (folder / f"{number:04d}.csv").write_text(f"{HEADER}{GOOD.replace('1,new', f'{number},new')}")
    assert pull(register, spec(), now, tmp_path, path=folder).loaded == 1000
    described = {**MINIMAL, "reader": {"type": "csv", "location": str(folder)}}
    script = POLL.format(url=register_url, lake=str(tmp_path), policies=str(POLICIES), spec=described)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=2) == ["1000", "1000", "[]\n"]
