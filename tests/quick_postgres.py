"""A real PostgreSQL for one test process: in memory where there is room, gone with the process, waiting for no disk.

Every test has a database of its own, which is some 400 files that come and go. On ext4 that is what a run spends
most of its time on: an inode is not given out again for seconds after its file was deleted, and the search for
one that may be grows with every database that was dropped. In memory a database takes a tenth of that.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
from sqlalchemy import Engine, create_engine, text

from governance.register import embedded

TEMPLATE = "template_register"
MEMORY, ROOM = Path("/dev/shm"), 1 << 30
PREFIX = "governance-tests-"
WAITS_FOR_NO_DISK = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
    "autovacuum": "off",  # no test lives long enough to need it
    "max_wal_size": "128MB",  # it lies in memory
}  # fmt: skip


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """Yield the URL of a server's database TEMPLATE; its files lie in memory, or below `home` where there is no room.

    What a killed test process left behind is removed first, its server included.
    """
    parent = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM else home
    parent.mkdir(parents=True, exist_ok=True)
    with _held(parent):
        for left in parent.glob(f"{PREFIX}*"):
            _remove_unless_held(left)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        mine = ExitStack()
        mine.enter_context(_held(folder))
    with mine:
        server = embedded.start(folder / "postgres", outlive=False)
        try:
            url = embedded.database_url(server, TEMPLATE)
            _wait_for_no_disk(url)
            yield url
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder, as one process may at a time; the system lets go of it when the process ends, however it ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def _remove_unless_held(folder: Path) -> None:
    """Remove the files and the server of a process that ended without doing so. Another's are left alone."""
    with suppress(OSError), _held(folder, wait=False):
        for process in psutil.process_iter(["cmdline"]):
            if str(folder / "postgres") in (process.info["cmdline"] or ()):
                process.send_signal(signal.SIGQUIT)
                process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_no_disk(url: str) -> None:
    with _administrator(url) as admin, admin.connect() as connection:
        for name, value in WAITS_FOR_NO_DISK.items():
            connection.execute(text(f"ALTER SYSTEM SET {name} = '{value}'"))
        connection.execute(text("SELECT pg_reload_conf()"))


@contextmanager
def _administrator(url: str) -> Iterator[Engine]:
    engine = create_engine(_url_of(url, "postgres"), isolation_level="AUTOCOMMIT")
    try:
        yield engine
    finally:
        engine.dispose()


def _url_of(url: str, name: str) -> str:
    return url.replace(f"/{TEMPLATE}", f"/{name}")


@contextmanager
def database_of(url: str, template: str | None) -> Iterator[str]:
    """Yield the URL of a new database on the server of `url`, a copy of `template` if given; gone afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    copied = f" TEMPLATE {template} STRATEGY file_copy" if template else ""
    with _administrator(url) as admin:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"{copied}'))
        try:
            yield _url_of(url, name)
        finally:
            with admin.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
