"""Hashes are taken of JSON text made here: it is what PostgreSQL writes, character for character."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from governance.register.canonical import (
    TEXT,
    as_stored,
    epochs,
    flat_object,
    flat_objects,
    instants,
    strings,
)
from governance.register.database import connect

FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 (Hypothesis adds the zone)
WRITABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
"""What PostgreSQL can store: no NUL, no half of a surrogate pair."""


@pytest.fixture(scope="module")
def asked(postgres_url):
    engine = connect(postgres_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.dictionaries(WRITABLE, WRITABLE, max_size=5), min_size=1, max_size=8))
def test_flat_objects_are_written_as_postgresql_writes_them(asked, rows):
    names = {name for row in rows for name in row}
    ours = flat_object(
        {name: strings(pa.array([r.get(name) for r in rows], TEXT)) for name in names}, len(rows)
    )
    query = text(
        "SELECT (CAST(t AS jsonb))::text FROM unnest(CAST(:rows AS text[])) WITH ORDINALITY u (t, n) ORDER BY n"
    )
    theirs = asked.execute(query, {"rows": [json.dumps(row) for row in rows]}).scalars().all()
    assert ours.to_pylist() == theirs


FIELDS = st.fixed_dictionaries({"bb": WRITABLE}, optional=dict.fromkeys(("a", "ab", "c", "ddd"), WRITABLE))
"""Rows of which each has one field at least, so that there is one that says where commas go."""


@given(rows=st.lists(FIELDS, min_size=1, max_size=6), less=st.sets(st.sampled_from(["a", "ab", "bb", "c"])))
def test_objects_with_and_without_some_fields_are_those_made_one_by_one(rows, less):
    names = {name for row in rows for name in row}
    fields = {name: strings(pa.array([row.get(name) for row in rows], TEXT)) for name in names}
    kept = {name: values for name, values in fields.items() if name not in less}
    whole, without = flat_objects(fields, len(rows), less)
    assert whole.equals(flat_object(fields, len(rows)))
    assert without.equals(flat_object(kept, len(rows)))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.lists(st.datetimes(FIRST, LAST, timezones=st.just(UTC)), min_size=1))
def test_instants_are_written_as_postgresql_writes_them(asked, at):
    column = pa.array(at, pa.timestamp("us", "UTC"))
    query = text(
        "SELECT to_jsonb(t)::text, extract(epoch FROM t)::text"
        " FROM unnest(CAST(:at AS timestamptz[])) WITH ORDINALITY u (t, n) ORDER BY n"
    )
    theirs = asked.execute(query, {"at": at}).all()
    assert list(zip(instants(column).whole().to_pylist(), epochs(column).to_pylist(), strict=True)) == [
        tuple(r) for r in theirs
    ]


def test_what_is_not_flat_is_asked_of_postgresql_and_nulls_go_where_they_are_to(asked):
    column = pa.array(
        ['{"bb": 1e2, "a": {"x": null}}', "null", '{"bb": 1e2, "a": {"x": null}}', "[1.50]"], TEXT
    )
    assert as_stored(asked, column).to_pylist() == [
        '{"a": {"x": null}, "bb": 100}', "null", '{"a": {"x": null}, "bb": 100}', "[1.50]",
    ]  # fmt: skip
    assert as_stored(asked, column, strip=True).to_pylist()[0] == '{"a": {}, "bb": 100}'
