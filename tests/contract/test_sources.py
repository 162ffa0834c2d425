"""Every spec of include/sources keeps its word on a small sample of its own, which lies in `samples/`.

A new source needs its YAML file and a sample `samples/<name>.*`, or a folder `samples/<name>/`; nothing here
changes. A sample is in the form the source delivers: what its reader reads, or for Jira the JSON of a search.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from governance.connections import from_environment
from governance.intake.examination import suite_of
from governance.intake.mapping import map_records
from governance.intake.readers.kind import Opening
from governance.intake.readers.registry import open_reader
from governance.intake.records import Pull, Record
from governance.intake.spec import SourceSpec, read_spec
from governance.quality.gate import judge
from governance.register import ownership
from governance.register.request import BATCH_COLUMNS, STATUSES
from intake_worlds import POLICIES, SOURCES

SPECS = sorted([*SOURCES.glob("*.yaml"), *SOURCES.glob("examples/*.yaml")])
SAMPLES = Path(__file__).with_name("samples")


@pytest.fixture(params=SPECS, ids=lambda path: path.stem)
def spec(request) -> SourceSpec:
    return read_spec(request.param)


def sample(spec: SourceSpec) -> list[Record]:
    """Read the sample of a source with the reader it declares."""
    places = [path for path in SAMPLES.iterdir() if path.stem == spec.name]
    assert len(places) == 1, f"one sample for {spec.name} in {SAMPLES}, a file or a folder"
    if spec.reader.type == "jira":
        return [Record(issue["key"], issue) for issue in json.loads(places[0].read_text("utf-8"))["issues"]]
    if spec.reader.type == "servicenow":
        found = json.loads(places[0].read_text("utf-8"))["result"]
        return [Record(f"row {number}", row) for number, row in enumerate(found)]
    if spec.reader.type == "github":
        return [Record(f"#{issue['number']}", issue) for issue in json.loads(places[0].read_text("utf-8"))]
    return list(open_reader(spec, Opening(from_environment, places[0])).records(Pull(), None))


def mapped(spec: SourceSpec, now):
    return map_records(sample(spec), spec, now=now, policy=ownership.read(POLICIES))


def test_every_record_of_the_sample_is_read_and_mapped(spec, now):
    found = mapped(spec, now)
    assert found.reasons == {}
    assert len(found.batch) >= 2


def test_the_batch_is_canonical(spec, now):
    batch = mapped(spec, now).batch
    assert list(batch.columns) == list(BATCH_COLUMNS)
    assert {str(batch[name].dtype) for name in ("valid_at", "submitted_at", "valid_until")} == {
        "datetime64[us, UTC]"
    }
    assert all(isinstance(json.loads(raw), dict) for raw in batch["raw"])
    assert set(batch["status"]) <= set(STATUSES)
    assert batch["owner"].notna().all()


def test_the_sample_passes_the_gate(spec, now):
    found = mapped(spec, now)
    checks = suite_of(spec, spec.batch.model_copy(update={"freshness_days": None}))
    verdict = judge(found.batch, found.reasons, checks, name=spec.name, now=now, registered_kinds={})
    assert (verdict.reasons, verdict.held) == ({}, "")


def test_mapping_twice_gives_the_same(spec, now):
    pd.testing.assert_frame_equal(mapped(spec, now).batch, mapped(spec, now).batch)


def test_every_column_that_the_spec_names_occurs_in_the_sample(spec, now):
    if spec.reader.type in ("jira", "github", "github_webhook"):
        pytest.skip("an issue shows only the fields that hold something")
    seen = {column for record in sample(spec) for column in record.raw}
    named = {
        c.removesuffix(".display_value").split(".")[0]
        for s in (spec.status, spec.kind, *spec.fields.values())
        for c in s.column
    }
    assert {column for column in named | set(spec.key) if not column.startswith("@")} - seen == set()


def test_every_sample_belongs_to_a_source():
    assert {path.stem for path in SAMPLES.iterdir()} == {path.stem for path in SPECS}
