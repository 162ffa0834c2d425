"""However a ticket system cuts its answer into pages, a pull draws the same records, each once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.intake.readers.kind import Opening
from governance.intake.readers.registry import open_reader
from governance.intake.records import Pull
from governance.sandbox.scenario import build
from governance.sandbox.stand_ins import STAND_INS, Site
from intake_worlds import connections, shipped

SOURCES = {"jira": "platform_jira", "servicenow": "service_desk", "github": "platform_requests"}


@pytest.fixture(scope="module", params=sorted(SOURCES))
def served(request, tmp_path_factory):
    """A ticket system of the demo over HTTP: the spec of its source, its connections, all its records."""
    home: Path = tmp_path_factory.mktemp("site")
    stand_in = next(one for one in STAND_INS if one.name == request.param)
    with stand_in.serve(build(), Site(home, "127.0.0.1", 0)) as found:
        spec, lookup = shipped(SOURCES[request.param]), connections(**found)
        yield spec, lookup, drawn(spec, lookup, 1000)


def drawn(spec, lookup, page_size: int) -> list[str]:
    """The records of a whole pull in an order of their own, as text."""
    reader = spec.reader.model_copy(update={"page_size": page_size})
    opened = open_reader(spec.model_copy(update={"reader": reader}), Opening(lookup))
    pull = Pull()
    records = [
        json.dumps([one.locator, one.raw, one.problem], sort_keys=True) for one in opened.records(pull, None)
    ]
    assert pull.cursor
    return sorted(records)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(page_size=st.integers(5, 120))
def test_pages_of_any_size_bring_the_same_records(served, page_size):
    spec, lookup, expected = served
    assert len(expected) > 10
    assert drawn(spec, lookup, page_size) == expected
