"""The readers on data that others wrote: nothing is lost, and the numbers are exact."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from governance.connections import from_environment
from governance.intake.readers.kind import Opening
from governance.intake.readers.registry import open_reader
from governance.intake.records import Pull
from governance.quality.storable import json_text
from intake_worlds import REGISTER, frame, pull, reasons, rows, shipped
from intake_worlds import spec as spec_of


@pytest.fixture
def requests_folder(shared_data: Path) -> Path:
    return shared_data / "service_requests"


def counts(result):
    return result.status, result.pulled, result.loaded, result.unchanged, result.quarantined


def test_every_row_of_the_event_log_becomes_history_at_its_own_time(register, now, tmp_path, shared_data):
    spec, folder = shipped("itsm_event_log"), shared_data / "itsm_event_log"
    first = pull(register, spec, now, tmp_path, path=folder)
    assert counts(first) == ("complete", 12001, 12001, 0, 0)
    assert rows(register, "SELECT count(*) FROM request") == [(1716,)]
    written = pd.read_csv(folder / "incident_event_log.csv", dtype=str, keep_default_na=False)
    expected = pd.to_datetime(written["sys_updated_at"], format="%d/%m/%Y %H:%M", utc=True)
    events = frame(
        register,
        "SELECT r.source_key, e.valid_at, e.status, e.actor FROM request_event e JOIN request r USING (request_number)",
    )
    told = pd.DataFrame({"source_key": written["number"], "valid_at": expected.dt.as_unit("us")})
    both = ["source_key", "valid_at"]
    seen = events[both].assign(valid_at=events["valid_at"].dt.as_unit("us"))
    pd.testing.assert_frame_equal(
        seen.sort_values(both, ignore_index=True),
        told.sort_values(both, ignore_index=True),
        check_dtype=False,
    )
    assert events["status"].value_counts().to_dict() == {
        "submitted": 3284, "in_progress": 3186, "needs_information": 1841 + 132 + 30 + 3, "fulfilled": 1800,
        "closed": 1725,
    }  # fmt: skip
    again = pull(register, spec, now, tmp_path, path=folder)
    assert counts(again) == ("complete", 12001, 0, 12001, 0)


def test_a_state_that_nobody_explained_waits_in_quarantine(register, now, tmp_path, shared_data):
    lines = (shared_data / "itsm_event_log" / "incident_event_log.csv").read_text().splitlines(keepends=True)
    (tmp_path / "log.csv").write_text(lines[0] + lines[1].replace(",New,", ",-100,") + lines[2])
    result = pull(register, shipped("itsm_event_log"), now, tmp_path / "lake", path=tmp_path / "log.csv")
    assert counts(result) == ("complete", 2, 1, 0, 1)
    assert "'-100' is none of the words" in reasons(register, "itsm_event_log")["log.csv:2"][0]


def test_two_broken_registers_are_kept_whole_and_nothing_else_is_lost(register, now, tmp_path, shared_data):
    spec, folder = shipped("exceptions_register"), shared_data / "exceptions_register"
    result = pull(register, spec, now, tmp_path, path=folder)
    sound = {"1.10": 5, "1.11": 2, "1.16": 4, "1.17": 4, "1.18": 7, "1.19": 6, "1.21": 12, "1.22": 17}
    assert counts(result) == ("complete", sum(sound.values()) + 2, sum(sound.values()), 0, 2)
    found = rows(
        register, "SELECT substring(source_key from 'release-([0-9.]+)'), count(*) FROM request GROUP BY 1"
    )
    assert dict(found) == sound
    kept = reasons(register, spec.name)
    assert sorted(kept) == ["release-1.14__exception.yaml:29", "release-1.20__exceptions.yaml:32"]
    assert all("is not valid YAML, line" in why for (why,) in kept.values())
    whole = rows(register, "SELECT raw ->> '@text' FROM quarantine ORDER BY locator")
    assert whole[0][0] == (folder / "release-1.14__exception.yaml").read_text()


def test_undated_entries_and_statuses_in_any_case_are_read(register, now, tmp_path, shared_data):
    spec = shipped("exceptions_register")
    pull(register, spec, now, tmp_path, path=shared_data / "exceptions_register")
    undated = rows(register, "SELECT count(*), min(valid_at) FROM request WHERE submitted_at IS NULL")
    assert undated == [(7, now)]
    statuses = dict(rows(register, "SELECT status, count(*) FROM request GROUP BY 1"))
    assert set(statuses) == {"approved", "rejected", "revoked"}
    again = pull(register, spec, now.replace(hour=20), tmp_path, path=shared_data / "exceptions_register")
    assert (again.loaded, again.quarantined) == (0, 2)


def test_plain_csv_day_first_csv_and_json_lines_give_the_same_100_rows(
    register, now, tmp_path, requests_folder
):
    loaded = []
    for name in ("service_requests", "service_requests_dayfirst", "service_requests_jsonl"):
        assert counts(pull(register, shipped(name), now, tmp_path, path=requests_folder)) == (
            "complete",
            100,
            100,
            0,
            0,
        )
        loaded.append(frame(register, REGISTER, s=name))
    assert len(loaded[0]) == 100
    for other in loaded[1:]:
        pd.testing.assert_frame_equal(loaded[0], other)


def test_80_requests_come_with_20_repeats(register, now, tmp_path, requests_folder):
    path = requests_folder / "boston311-100-20dupes-random.csv"
    assert counts(pull(register, shipped("service_requests"), now, tmp_path, path=path)) == (
        "complete",
        100,
        80,
        20,
        0,
    )
    assert rows(register, "SELECT count(*) FROM request") == [(80,)]


def test_the_broken_tsv_loses_nothing_silently(register, now, tmp_path, requests_folder):
    result = pull(register, shipped("service_requests_tsv"), now, tmp_path, path=requests_folder)
    assert counts(result) == ("complete", 100, 99, 0, 1)
    assert reasons(register, "service_requests_tsv") == {
        "boston311-100-bad.tsv:41": ["30 cells where the header has 29"]
    }
    plain = pd.read_csv(requests_folder / "boston311-100.csv", dtype=str)
    keys = {
        key
        for (key,) in rows(register, "SELECT source_key FROM request UNION SELECT source_key FROM quarantine")
    }
    assert keys == set(plain["case_enquiry_id"])


def test_a_batch_read_with_the_wrong_dates_is_quarantined_not_guessed(
    register, now, tmp_path, requests_folder
):
    path = requests_folder / "boston311-dmy-100.csv"
    result = pull(register, shipped("service_requests"), now, tmp_path, path=path)
    assert counts(result) == ("complete", 100, 0, 0, 100)


def test_names_outside_ascii_arrive_as_they_were_written(register, now, tmp_path, requests_folder):
    path = requests_folder / "boston311-100-with-nonascii.csv"
    result = pull(register, shipped("service_requests"), now, tmp_path, path=path)
    assert counts(result) == ("complete", 100, 100, 0, 0)
    written = (
        pd.read_csv(path, dtype=str, keep_default_na=False)
        .set_index("case_enquiry_id")["case_title"]
        .str.strip()
    )
    titles = frame(register, "SELECT source_key, title FROM request").set_index("source_key")["title"]
    assert titles.to_dict() == written.to_dict()
    assert not titles.str.cat().isascii() or not Path(path).read_text("utf-8").isascii()


def test_the_csv_and_the_json_of_one_register_give_the_same_rows(register, now, tmp_path, shared_data):
    loaded = []
    for name in ("license_exceptions_csv", "license_exceptions_json"):
        result = pull(register, shipped(name), now, tmp_path, path=shared_data / "license_exceptions")
        assert counts(result) == ("complete", 494, 494, 0, 0), result.message
        loaded.append(frame(register, REGISTER, s=name))
    pd.testing.assert_frame_equal(*loaded)
    assert loaded[0]["status"].value_counts().to_dict() == {"approved": 491, "rejected": 3}


def test_every_record_of_the_rest_export_is_accounted_for(register, now, tmp_path, shared_data):
    spec = shipped("servicenow_export")
    result = pull(register, spec, now, tmp_path, path=shared_data / "servicenow")
    assert counts(result) == ("complete", 67, 67, 0, 0), (result.message, reasons(register, spec.name))
    query = "SELECT status, count(*) FROM request GROUP BY 1"
    assert dict(rows(register, query)) == {
        "submitted": 13,
        "in_progress": 20,
        "needs_information": 7,
        "closed": 27,
    }
    again = pull(register, spec, now, tmp_path, path=shared_data / "servicenow")
    assert counts(again) == ("complete", 67, 0, 67, 0)


FOLDERS = ("service_requests", "license_exceptions", "exceptions_register", "itsm_event_log", "servicenow")


def test_any_file_of_others_through_any_reader_raises_nothing_and_loses_nothing(shared_data):
    """Also the wrong reader: a schema as a register, a TSV as CSV, text as a workbook."""
    for path in sorted(p for folder in FOLDERS for p in (shared_data / folder).iterdir()):
        for form in ("csv", "jsonl", "xlsx", "yaml"):
            if form == "yaml" and path.stat().st_size > 100_000:
                continue  # nothing of it is YAML, and finding that out takes its time
            source = spec_of(reader={"type": form})
            found = Pull()
            records = list(open_reader(source, Opening(from_environment, path)).records(found, None))
            assert found.taken[path.name].records == len(records) > 0 or path.name not in found.taken
            assert all(record.place == path.name for record in records)
            assert all(json_text(record.raw) for record in records)


def test_a_form_of_others_is_no_register_and_says_why(register, now, tmp_path, shared_data):
    source = spec_of(reader={"type": "yaml"}, nulls=[])
    path = shared_data / "license_exceptions" / "license-exception-request.form.yaml"
    result = pull(register, source, now, tmp_path, path=path)
    assert result.status == "complete", result.message
    assert result.pulled == result.quarantined > 0
