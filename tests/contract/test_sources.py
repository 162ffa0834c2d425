"""Every spec of include/sources keeps its word on its own sample: each inherits the conformance suite.

A new source needs its YAML file and a sample `include/sources/samples/<name>.*`, or a folder of that name;
nothing here changes. In a repository of your own, a source is one line: `TestVendor = source_tests(path)`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from governance.intake.source_tests import source_tests
from governance.intake.spec import spec_files
from intake_worlds import SOURCES

SPECS = spec_files(SOURCES)
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)

for _path in SPECS:
    globals()[f"Test_{_path.stem}"] = source_tests(_path, now=NOW)


def test_every_sample_belongs_to_a_source():
    samples = {path.name.split(".")[0] for path in (SOURCES / "samples").iterdir()}
    assert samples == {path.stem for path in SPECS}
