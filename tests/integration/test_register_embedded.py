"""The embedded server: an interrupt at its first start does not make its folder useless."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from governance.register import embedded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


def note(server, number: int) -> list[int]:
    """Note a number in a table of its own, and return all numbers that are there."""
    engine = create_engine(embedded.database_url(server, "register"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS note (number integer)"))
        connection.execute(text("INSERT INTO note VALUES (:number)"), {"number": number})
        found = list(connection.scalars(text("SELECT number FROM note ORDER BY number")))
    engine.dispose()
    return found


def test_what_a_first_start_left_that_was_cut_short_is_made_anew(folder):
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")
    folder.with_name(".postgres.making").write_text("a first start has not ended\n")
    server = embedded.start(folder, outlive=False)
    try:
        assert note(server, 1) == [1]
        assert folder.with_name(".postgres.making").read_text() == ""
        assert note(embedded.start(folder, outlive=False), 2) == [1, 2]
    finally:
        server.stop()
