"""The schema goes up and down, and the database itself refuses what must not be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from governance.errors import GovernanceError, RegisterUnavailableError
from governance.register import database


def test_up_down_and_up_again(empty_database):
    engine = database.connect(empty_database)
    database.migrate(engine)
    tables = set(inspect(engine).get_table_names())
    assert {"request", "request_event", "send_ledger", "outbox", "quarantine", "finding"} <= tables
    database.downgrade(engine)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    database.migrate(engine)
    assert set(inspect(engine).get_table_names()) == tables
    engine.dispose()


def test_two_migrations_at_once_wait_for_each_other(empty_database):
    engines = [database.connect(empty_database) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(database.migrate, engines))
    current, expected = database.schema_versions(engines[0])
    assert current == expected
    for engine in engines:
        engine.dispose()


def test_only_postgresql_is_a_register():
    with pytest.raises(GovernanceError, match="PostgreSQL only"):
        database.connect("sqlite:///register.db")


def test_a_server_of_the_demo_that_is_stopped_is_told_apart(tmp_path):
    engine = database.connect(f"postgresql://postgres@/governance?host={tmp_path}")
    with pytest.raises(RegisterUnavailableError) as caught:
        database.migrate(engine)
    assert "make up" not in str(caught.value)
    (tmp_path / "PG_VERSION").write_text("18")
    with pytest.raises(RegisterUnavailableError, match="stopped: `make up` starts it"):
        database.migrate(engine)
    (tmp_path / "postmaster.pid").touch()
    with pytest.raises(RegisterUnavailableError) as caught:
        database.migrate(engine)
    assert "make up" not in str(caught.value), "it runs: something else is wrong"


def test_a_register_that_is_down_says_so_without_the_password():
    engine = database.connect("postgresql://someone:s3cret@127.0.0.1:1/register")
    with pytest.raises(RegisterUnavailableError) as caught:
        database.migrate(engine)
    assert "127.0.0.1" in str(caught.value)
    assert "s3cret" not in str(caught.value)


REQUEST = "INSERT INTO request (kind, source, source_key, title, status, raw, valid_at {0}) VALUES ('{1}', 's', 'k', 't', '{2}', '{{}}', now() {3})"


@pytest.mark.parametrize(("statement", "constraint"), [
    (REQUEST.format("", "wish", "submitted", ""), "request_kind_check"),
    (REQUEST.format("", "change", "pondered", ""), "request_status_check"),
    (REQUEST.format(", valid_from, valid_until", "exception", "approved", ", '2026-02-01', '2026-02-01'"), "half_open_validity"),
    (REQUEST.format(", valid_from", "change", "approved", ", '2026-02-01'"), "exception_fields"),
    (REQUEST.format(", window_start", "addition", "approved", ", '2026-02-01'"), "change_fields"),
    (REQUEST.format(", thing_type", "exception", "approved", ", 'account'"), "addition_fields"),
    ("INSERT INTO intake_run (source, mode, as_of, status, finished_at, pulled, loaded) VALUES ('s', 'live', now(), 'complete', now(), 3, 2)", "counts_balance"),
    ("INSERT INTO intake_run (source, mode, as_of, status, finished_at, pulled, quarantined, held) VALUES ('s', 'live', now(), 'held', now(), 9, 0, 8)", "counts_balance"),
    ("INSERT INTO intake_run (source, mode, as_of, status, finished_at, pulled, loaded, held) VALUES ('s', 'live', now(), 'complete', now(), 9, 8, 1)", "complete_holds_nothing"),
    ("INSERT INTO request_link (kind, request_number, of_request, found_by, evidence, found_at) VALUES ('duplicate_of', 1, 1, 'person', 'e', now())", "two_requests"),
    ("INSERT INTO intake_run (source, mode, as_of, status) VALUES ('s', 'live', now(), 'complete')", "finished_has_end"),
    ("INSERT INTO ownership (rule, position, match, accountable, contact, manager, timezone, calendar, review_date) VALUES ('r', 0, '{}', NULL, 'c', 'm', 'UTC', 'DE', '2027-01-01')", "accountable"),
])  # fmt: skip
def test_the_database_refuses(register, statement, constraint):
    with pytest.raises(IntegrityError, match=constraint), register.begin() as connection:
        connection.execute(text(statement))


def test_a_rung_stands_in_the_ledger_once(register):
    insert = text(
        "INSERT INTO send_ledger (request_number, clock, rung, audience, recipient, reached_at, due_at, as_of)"
        " VALUES (1, 'decision', 'overdue', 'manager', 'm@example.com', now(), now(), now())"
    )
    with register.begin() as connection:
        connection.execute(text(REQUEST.format("", "change", "submitted", "")))
        connection.execute(insert)
    with pytest.raises(IntegrityError, match="send_ledger_pkey"), register.begin() as connection:
        connection.execute(insert)


def test_when_a_finding_was_last_seen_survives_going_down_and_up(empty_database):
    engine = database.connect(empty_database)
    database.migrate(engine)
    insert = text(
        "INSERT INTO finding (family, finding_key, type, status, severity, why, evidence, opened_at, last_seen_at,"
        " unseen) VALUES ('f', :key, 't', 'open', 'low', 'w', '{}', '2026-01-01', '2026-01-01', :unseen)"
    )
    seen = text(
        "SELECT finding_key, seen_at::date::text FROM finding JOIN finding_seen USING (finding_number) ORDER BY 1"
    )
    with engine.begin() as connection:
        connection.execute(insert, [{"key": "a", "unseen": False}, {"key": "b", "unseen": True}])
        connection.execute(text("INSERT INTO finding_family VALUES ('f', '2026-01-05')"))
        before = connection.execute(seen).all()
    assert [tuple(row) for row in before] == [("a", "2026-01-05"), ("b", "2026-01-01")]
    for target in ("0004", "head"):
        database.migrate(engine) if target == "head" else database.downgrade(engine, target)
    with engine.connect() as connection:
        assert connection.execute(seen).all() == before
    engine.dispose()
