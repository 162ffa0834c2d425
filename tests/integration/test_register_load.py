"""Loading: what was loaded before adds nothing, whatever the order, and history cannot be rewritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from batches import batch
from governance.register import database, events
from governance.register.history import broken_blocks, last_seal, requests_as_of
from governance.register.load import LoadCounts, load
from governance.register.staging import Batch

STATUSES = ("submitted", "in_review", "approved", "in_progress", "fulfilled", "closed")


def load_batch(engine, frame, now, source="tests"):
    """Load one batch in its own transaction, as a run of its own."""
    with engine.begin() as connection:
        run = connection.scalar(
            text("INSERT INTO intake_run (source, mode, as_of) VALUES (:s, 'live', :n) RETURNING run_id"),
            {"s": source, "n": now},
        )
        return load(connection, frame, source=source, run_id=run, known_at=now)


def rows(engine, query, **parameters):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), parameters)]


def test_each_record_becomes_a_request_with_an_id_of_its_kind(register, now):
    frame = batch({"kind": "addition"}, {"kind": "change"}, {"kind": "exception"})
    assert load_batch(register, frame, now) == LoadCounts(loaded=3, unchanged=0)
    ids = [row[0] for row in rows(register, "SELECT request_id FROM request ORDER BY request_number")]
    assert ids == ["ADD-000001", "CHG-000002", "EXC-000003"]


def test_the_same_batch_again_changes_nothing(register, now):
    frame = batch({"title": "one"}, {"title": "two"})
    load_batch(register, frame, now)
    before = rows(register, "SELECT * FROM request ORDER BY 1")
    assert load_batch(register, frame, now + timedelta(hours=1)) == LoadCounts(loaded=0, unchanged=2)
    assert rows(register, "SELECT * FROM request ORDER BY 1") == before
    assert rows(register, "SELECT count(*) FROM history_block") == [(1,)]


def test_a_repeat_within_one_batch_counts_as_unchanged(register, now):
    same = {"source_key": "A", "raw": '{"x": 1}'}
    assert load_batch(register, batch(same, same), now) == LoadCounts(loaded=1, unchanged=1)


def test_an_event_log_becomes_history_at_its_own_times(register, now):
    log = [
        {"source_key": "A", "status": status, "valid_at": f"2026-11-0{day}T09:00Z"}
        for day, status in enumerate(STATUSES, start=1)
    ]
    load_batch(register, batch(*log), now)
    with register.connect() as connection:
        for day, status in enumerate(STATUSES, start=1):
            found = requests_as_of(connection, datetime(2026, 11, day, 9, tzinfo=UTC))
            assert list(found["status"]) == [status]
        assert requests_as_of(connection, datetime(2026, 11, 1, 8, tzinfo=UTC)).empty


def test_an_observation_that_comes_late_goes_to_its_place_and_the_newest_stays(register, now):
    load_batch(register, batch({"source_key": "A", "status": "closed", "valid_at": "2026-11-09T09:00Z"}), now)
    late = batch({"source_key": "A", "status": "approved", "valid_at": "2026-11-05T09:00Z"})
    assert load_batch(register, late, now + timedelta(hours=1)).loaded == 1
    assert rows(register, "SELECT status FROM request") == [("closed",)]
    with register.connect() as connection:
        assert list(requests_as_of(connection, datetime(2026, 11, 6, tzinfo=UTC))["status"]) == ["approved"]
        then = requests_as_of(connection, datetime(2026, 11, 6, tzinfo=UTC), known=now)
    assert then.empty, "what was not known yet is not shown"


def test_a_state_that_comes_back_is_news(register, now):
    log = [("A", "submitted", "01"), ("A", "in_review", "02"), ("A", "submitted", "03")]
    frame = batch(
        *({"source_key": k, "status": s, "valid_at": f"2026-11-{d}T09:00Z", "raw": "{}"} for k, s, d in log)
    )
    assert load_batch(register, frame, now).loaded == 3


def test_a_new_owner_alone_is_no_news_about_the_request(register, now):
    load_batch(register, batch({"source_key": "A", "owner": "one@example.com", "raw": "{}"}), now)
    again = batch({"source_key": "A", "owner": "two@example.com", "raw": "{}"})
    assert load_batch(register, again, now) == LoadCounts(loaded=0, unchanged=1)


def test_decision_and_closing_times_come_from_history_where_the_source_names_none(register, now):
    log = [
        ("submitted", "01"),
        ("approved", "03"),
        ("fulfilled", "04"),
        ("in_progress", "05"),
        ("fulfilled", "06"),
        ("closed", "09"),
    ]
    load_batch(
        register,
        batch(*({"source_key": "A", "status": s, "valid_at": f"2026-11-{d}T00:00Z"} for s, d in log)),
        now,
    )
    with register.connect() as connection:
        row = requests_as_of(connection, now).iloc[0]
    assert [str(row[c].date()) for c in ("decided_at", "fulfilled_at", "closed_at")] == [
        "2026-11-03",
        "2026-11-06",
        "2026-11-09",
    ]


def test_missing_text_is_null_and_empty_text_stays_empty(register, now):
    load_batch(
        register,
        batch({"description": "", "requester": None, "title": 'quotes "and", commas\nand lines'}),
        now,
    )
    assert rows(register, "SELECT description, requester, title FROM request") == [
        ("", None, 'quotes "and", commas\nand lines')
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_order_and_overlap_gives_the_same_register(register, now, data):
    source = f"s{data.draw(st.uuids())}"
    observations = [
        {
            "source_key": f"K{key}",
            "status": status,
            "valid_at": f"2026-11-{day:02d}T09:00Z",
            "title": f"{key} {status} {day}",
        }
        for key, status, day in data.draw(
            st.lists(
                st.tuples(st.integers(0, 3), st.sampled_from(STATUSES), st.integers(1, 9)),
                min_size=1,
                max_size=12,
                unique=True,
            )
        )
    ]
    load_batch(register, batch(*observations), now, source=f"{source} whole")
    pieces = data.draw(st.lists(st.lists(st.sampled_from(observations), min_size=1), max_size=5))
    for piece in [*pieces, data.draw(st.permutations(observations))]:
        load_batch(register, batch(*piece), now, source=f"{source} pieces")
    history = (
        "SELECT r.source_key, e.valid_at, e.status FROM request_event e JOIN request r USING (request_number)"
        " WHERE r.source = :s ORDER BY 1, 2, 3"
    )
    assert rows(register, history, s=f"{source} whole") == rows(register, history, s=f"{source} pieces")


@pytest.mark.parametrize("statement", [
    "UPDATE request_event SET status = 'approved'",
    "DELETE FROM request_event",
    "TRUNCATE request_event",
    "UPDATE history_block SET events = 2",
    "DELETE FROM history_block",
])  # fmt: skip
def test_history_is_append_only(register, now, statement):
    load_batch(register, batch({}), now)
    with pytest.raises(IntegrityError, match="append-only"), register.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(("tamper", "problem"), [
    ("UPDATE request_event SET status = 'approved' WHERE event = 1", "1 event(s) altered"),
    ("UPDATE request_event SET state = jsonb_set(state::jsonb, '{title}', '\"x\"') WHERE event = 1", "1 event(s) altered"),
    ("UPDATE request_event SET raw = 'no JSON' WHERE event = 1", "1 event(s) altered"),
    ("UPDATE request_event SET raw = ' ' || raw WHERE event = 1", "1 event(s) altered"),
    ("DELETE FROM request_event WHERE event = 1", "2 event(s) sealed, 1 found"),
    ("DELETE FROM history_block WHERE block = 1", "events without a seal"),
    ("UPDATE history_block SET recorded_at = recorded_at - interval '1 day' WHERE block = 1", "its own hash does not match"),
])  # fmt: skip
def test_tampering_past_the_triggers_is_found(register, now, tamper, problem):
    load_batch(register, batch({"source_key": "A"}, {"source_key": "B"}), now)
    load_batch(register, batch({"source_key": "C"}), now)
    with register.connect() as connection:
        assert broken_blocks(connection) == []
    with register.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(tamper))
        connection.execute(text("SET session_replication_role = DEFAULT"))
    with register.connect() as connection:
        broken = broken_blocks(connection)
    assert broken[0] == (1, problem)


def test_a_removed_block_with_its_events_is_found_by_the_next(register, now):
    for key in "ABC":
        load_batch(register, batch({"source_key": key}), now)
    with register.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("DELETE FROM request_event WHERE block = 2"))
        connection.execute(text("DELETE FROM history_block WHERE block = 2"))
        connection.execute(text("SET session_replication_role = DEFAULT"))
        assert broken_blocks(connection) == [(3, "the block before it is missing")]


def test_a_failed_load_leaves_the_register_as_it_was(register, now):
    bad = batch({"source_key": "A"}, {"source_key": "B", "status": "no such status"})
    with pytest.raises(DBAPIError):
        load_batch(register, bad, now)
    assert rows(register, "SELECT count(*) FROM request") == [(0,)]
    assert rows(register, "SELECT count(*) FROM request_event") == [(0,)]


def test_the_row_of_a_new_request_is_what_its_history_says_of_it(register, now):
    """They are written apart: the row by its columns, the history as JSON."""
    scope = {"account": ["100000000012"], "resource": ['a"b\\ é𝄞']}
    load_batch(register, batch(
        {"scopes": [scope], "valid_from": "1969-12-31T23:59:59.999999Z", "valid_until": "2999-12-31T00:00Z",
         "description": "", "raw": '{"n": 1.50, "t": "\\\\ \\n"}'},
        {"kind": "change", "window_start": "1999-12-31T23:59:59.999999Z", "window_end": "2000-01-01T00:00Z",
         "targets": ["account/100000000012"], "due_at": None, "valid_at": "2026-11-02T09:00:00.000001Z"},
        {"kind": "addition", "due_at": "2026-11-05T00:00Z", "title": 'tab\t, \\N, "q", \n é 𝄞'},
    ), now)  # fmt: skip
    as_written = rows(register, "SELECT * FROM request ORDER BY request_number")
    as_told = "SELECT * FROM request_as_of(:at, 'infinity') ORDER BY request_number"
    assert len(as_written) == 3
    assert as_written == rows(register, as_told, at=now)


def test_a_history_is_the_same_before_and_after_it_became_text(empty_database, now):
    engine = database.connect(empty_database)
    database.migrate(engine)
    odd = [
        {"source_key": key, "title": 'a "b" \\ é\n', "actor": actor}
        for key, actor in (("A", None), ("B", "ö"))
    ]
    load_batch(engine, batch(*odd, {"source_key": "C", "valid_at": "1969-12-31T23:59:59.999999Z"}), now)
    history = "SELECT event, state::text, raw::text, digest FROM request_event ORDER BY event"
    before = rows(engine, history)
    for step, revision in ((database.downgrade, "0013"), (database.migrate, "head")):
        step(engine, revision)
        assert rows(engine, history) == before
        with engine.connect() as connection:
            assert broken_blocks(connection) == []
            assert len(requests_as_of(connection, now)) == len(before)
    engine.dispose()


def test_the_newest_seal_shows_when_whole_blocks_were_cut_off(register, now):
    for hours, key in enumerate("AB"):
        load_batch(register, batch({"source_key": key}), now + timedelta(hours=hours))
    with register.begin() as connection:
        noted, before = last_seal(connection), last_seal(connection, now)
        assert (noted[0], before[0]) == (2, 1)
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("DELETE FROM request_event WHERE block = 2"))
        connection.execute(text("DELETE FROM history_block WHERE block = 2"))
        connection.execute(text("SET session_replication_role = DEFAULT"))
        assert broken_blocks(connection) == [], "a cut at the end leaves a chain that adds up"
        assert last_seal(connection) == before != noted


def test_history_holds_text_to_the_last_character_and_time_to_the_microsecond(register, now):
    odd = 'tab\t, back\\slash, "quote", \\N, two\nlines, é 𝄞 \x7f'
    log = [
        {"source_key": "A", "title": odd, "actor": odd, "valid_at": "1969-12-31T23:59:59.999999Z"},
        {"source_key": "A", "title": "plain", "actor": None, "valid_at": "2999-12-31T23:59:59.000001Z"},
    ]
    load_batch(register, batch(*log), now)
    query = "SELECT state::json ->> 'title', actor, valid_at::text, recorded_at FROM request_event ORDER BY valid_at"
    assert rows(register, query) == [
        (odd, odd, "1969-12-31 23:59:59.999999+00", now),
        ("plain", None, "2999-12-31 23:59:59.000001+00", now),
    ]
    with register.connect() as connection:
        assert broken_blocks(connection) == []


@pytest.mark.parametrize("when", ["beforehand", "now", "when it is written"])
def test_a_batch_in_tables_loads_without_the_records_kept_back(register, now, when):
    """Whenever what it says is told."""
    frames = [batch({"source_key": key, "title": key, "raw": f'{{"key": "{key}"}}'}) for key in "ABCD"]
    tables = [
        pa.Table.from_pandas(frame.assign(record_no=number), preserve_index=False)
        for number, frame in enumerate(frames)
    ]
    if when != "now":
        metadata = events.RAW_AS_STORED | events.SAID_BY_RAW
        tables = [table.replace_schema_metadata(metadata) for table in tables]
    if when == "beforehand":
        tables = [events.told(None, table) for table in tables]
    assert all(events.is_told(table) for table in tables) is (when == "beforehand")
    assert all(events.can_wait(table) for table in tables) is (when == "when it is written")
    loaded = load_batch(register, Batch(tables, pa.array([0, 2])), now)
    assert loaded == LoadCounts(loaded=2, unchanged=0)
    assert load_batch(register, Batch(tables, pa.array([0, 2])), now) == LoadCounts(loaded=0, unchanged=2)
    found = rows(register, "SELECT source_key, title FROM request ORDER BY request_number")
    assert found == [("B", "B"), ("D", "D")]
    with register.connect() as connection:
        assert broken_blocks(connection) == []


STEPS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["submitted", "fulfilled"]), st.integers(0, 3)),
    min_size=1,
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS, size=st.integers(1, 5))
def test_a_new_source_has_the_same_history_whenever_it_is_told(register, now, steps, size):
    """Observations that repeat, come late, or several at one instant, in tables of any size."""
    said = [
        {
            "source_key": key, "title": status, "status": status, "valid_at": f"2026-03-01T09:0{minute}:00Z",
            "raw": f'{{"at": "{minute}", "key": "{key}", "state": "{status}"}}',
        }
        for key, status, minute in steps
    ]  # fmt: skip
    whole = pa.Table.from_pandas(batch(*said), preserve_index=False)
    tables = [whole.slice(begin, size) for begin in range(0, len(said), size)]
    metadata = events.RAW_AS_STORED | events.SAID_BY_RAW
    waiting = [table.replace_schema_metadata(metadata) for table in tables]
    assert all(events.can_wait(table) for table in waiting)
    assert history_of(register, tables, now) == history_of(register, waiting, now)


def history_of(register, tables, now):
    """Return what a load counts and leaves behind; nothing of it stays."""
    events_and_requests = text(
        "SELECT source_key, request_id, e.status, e.valid_at, e.state, e.raw, e.content, r.status, r.title,"
        " r.last_event - min(e.event) OVER () FROM request_event e JOIN request r USING (request_number) ORDER BY e.event"
    )
    restart = text("SELECT setval('request_number_seq', 1, false)")
    with register.connect() as connection, connection.begin() as transaction:
        connection.execute(restart)
        run = connection.scalar(
            text("INSERT INTO intake_run (source, mode, as_of) VALUES ('s', 'live', :n) RETURNING run_id"),
            {"n": now},
        )
        whole = Batch(tables, pa.array([], pa.int64()))
        counts = load(connection, whole, source="s", run_id=run, known_at=now)
        found = connection.execute(events_and_requests).all()
        assert broken_blocks(connection) == []
        transaction.rollback()
    return counts, found
