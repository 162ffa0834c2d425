"""Start named processes, know them again later, and end every one of them."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

GRACE_SECONDS = 10.0


def free_port(preferred: int = 0) -> int:
    """Return `preferred` if nothing listens there, else a port that is free now."""
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


@dataclass(frozen=True)
class Processes:
    """The processes of one `var` folder: a record in `run/`, a log in `logs/`, one session each.

    A process is known by pid and start time, so that a recycled pid is never taken for ours.
    """

    var_dir: Path

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Start `command` in its own session, its output going to `logs/NAME.log`; return the pid."""
        for folder in ("run", "logs"):
            (self.var_dir / folder).mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as log:
            child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=self.var_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = psutil.Process(child.pid).create_time()
        record = {"name": name, "pid": child.pid, "started": started}
        (self.var_dir / "run" / f"{name}.json").write_text(json.dumps(record), "utf-8")
        return child.pid

    def log(self, name: str) -> Path:
        """Path of the log of process `name`."""
        return self.var_dir / "logs" / f"{name}.log"

    def running(self) -> dict[str, psutil.Process]:
        """Return the recorded processes that still run, by name."""
        found = {}
        for path in sorted((self.var_dir / "run").glob("*.json")):
            record = json.loads(path.read_text("utf-8"))
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(record["pid"])
                alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
                if alive and abs(process.create_time() - record["started"]) < 1:
                    found[record["name"]] = process
        return found

    def memory(self) -> int:
        """Proportional memory, in bytes, of all recorded processes and their children."""
        return sum(family_memory(root.pid) for root in self.running().values())

    def stop(self) -> list[str]:
        """End every recorded process with all its children, politely and then by force; return the names."""
        roots = self.running()
        family = [process for root in roots.values() for process in _family(root)]
        for process in roots.values():
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(family, timeout=GRACE_SECONDS)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=GRACE_SECONDS)
        for path in (self.var_dir / "run").glob("*.json"):
            path.unlink()
        return sorted(roots)


def family_memory(pid: int) -> int:
    """Proportional memory, in bytes, of process `pid` and its children; 0 where it is gone."""
    with suppress(psutil.NoSuchProcess):
        return sum(_memory(process) for process in _family(psutil.Process(pid)))
    return 0


def _family(root: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [root, *root.children(recursive=True)]
    return []


def _memory(process: psutil.Process) -> int:
    """Shared pages are divided among those who share them where the system says so (Linux)."""
    with suppress(psutil.Error):
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.rss))
    return 0
