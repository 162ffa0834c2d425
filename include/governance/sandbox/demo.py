"""The whole mechanism once, on a real Airflow, with an organization that exists only on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import psutil

from governance.errors import GovernanceError
from governance.register import database, embedded
from governance.sandbox.airflow import AirflowApi, AirflowHome
from governance.sandbox.pipelines import DagProgress, Pipelines
from governance.sandbox.processes import Processes, family_memory, free_port
from governance.sandbox.report import DemoReport, build_report
from governance.sandbox.story import same_story
from governance.sandbox.surroundings import Services, write_environment_file
from governance.settings import INTAKE_POOL, Settings

PREFERRED_PORT = 8080
SERVICES, EARLIER = "services", "earlier"


class View(Protocol):
    """Where a demo shows what it does."""

    def step(self, title: str) -> None:
        """A new step begins."""

    def pipelines(self, progress: dict[str, DagProgress]) -> None:
        """The DAGs have moved."""


@dataclass
class Demo:
    """One demo below `var_dir`. What it starts it stops, whatever happens; with `keep` all stays up."""

    var_dir: Path
    view: View
    keep: bool = False
    laps: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0

    def run(self) -> DemoReport:
        """Run everything once and return what came out."""
        self.var_dir.mkdir(parents=True, exist_ok=True)
        processes = Processes(self.var_dir)
        if processes.running():
            raise GovernanceError(f"a demo already runs in {self.var_dir}: `governance down` ends it")
        same_story(self.var_dir)
        with ExitStack() as stack:
            stack.enter_context(_stop_signals_raise())
            stack.callback(self._end, processes)
            stack.enter_context(self._memory_watch(processes))
            report = self._run(processes)
            if self.keep:
                stack.pop_all()
            return report

    def _run(self, processes: Processes) -> DemoReport:
        with self._lap("PostgreSQL and register"):
            server = embedded.start(self.var_dir / "postgres")
            register_url = embedded.database_url(server)
            engine = database.connect(register_url)
            database.migrate(engine)
            home = AirflowHome(
                self.var_dir, free_port(PREFERRED_PORT), embedded.database_url(server, "airflow")
            )
        with self._lap("Sandbox services and Airflow's database"):
            services = self._surroundings(processes, home)
            environment = home.environment(
                services.connections(register_url), services.environment(self.var_dir) | _no_schedule_yet()
            )
            write_environment_file(self.var_dir / "demo.env", services, register_url, self.var_dir)
        with self._lap("Airflow"):
            home.start(processes, environment)
            api = AirflowApi(f"http://127.0.0.1:{home.port}", home.secrets()["password"])
            api.wait_until_healthy(processes)
            api.keep_pool(INTAKE_POOL, Settings().intake_slots, "Sources pulled at once")
        with self._lap("Pipelines"):
            run_id = f"demo__{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
            earlier = partial(self._observed_before, processes, services, register_url)
            pipelines = Pipelines(api, run_id, self.view.pipelines, earlier)
            progress = pipelines.run()
            if not self.keep:
                pipelines.rest()
        with self._lap("Report"):
            report = build_report(engine, services, progress, run_id=run_id, var_dir=self.var_dir)
            engine.dispose()
        report.laps, report.peak_bytes = self.laps, self.peak_bytes
        report.airflow_url, report.airflow_password = api.base_url, api.password
        return report

    def _surroundings(self, processes: Processes, home: AirflowHome) -> Services:
        """Start the stand-ins; meanwhile bring Airflow's own database to its version."""
        ready = self.var_dir / "sandbox" / "services.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "governance.sandbox.services", "--var", str(self.var_dir)]
        processes.start(SERVICES, command, os.environ)
        home.migrate(home.environment({}, {}), processes.log("airflow-migrate"))
        deadline = time.monotonic() + 60
        while not ready.exists():
            if SERVICES not in processes.running() or time.monotonic() > deadline:
                log = processes.log(SERVICES)
                raise GovernanceError(f"the sandbox services did not start; their output is in {log}")
            time.sleep(0.1)
        return Services.read(ready)

    def _observed_before(self, processes: Processes, services: Services, register_url: str) -> None:
        """Observe and reconcile an earlier instant, in a process whose memory is free afterwards."""
        variables = {
            **os.environ, **services.environment(self.var_dir), "GOVERNANCE_REGISTER_URL": register_url
        }  # fmt: skip
        pid = processes.start(EARLIER, [sys.executable, "-m", "governance.sandbox.earlier"], variables)
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).wait(timeout=180):
                log = processes.log(EARLIER)
                raise GovernanceError(f"the earlier instant was not observed; its output is in {log}")

    @contextmanager
    def _lap(self, title: str) -> Iterator[None]:
        self.view.step(title)
        start = time.monotonic()
        yield
        self.laps[title] = round(time.monotonic() - start, 1)

    def _end(self, processes: Processes) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        self.view.step("Stopping every process")
        stop_everything(self.var_dir, processes)

    @contextmanager
    def _memory_watch(self, processes: Processes) -> Iterator[None]:
        """Sample the memory of everything that was started every 2 s."""
        done = threading.Event()

        def sample() -> None:
            while not done.wait(2):
                with suppress(OSError, ValueError):
                    self.peak_bytes = max(self.peak_bytes, processes.memory() + embedded_memory(self.var_dir))

        thread = threading.Thread(target=sample, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _no_schedule_yet() -> dict[str, str]:
    """The demo drives the DAGs in their own order; schedules join in where it is left running."""
    return {"GOVERNANCE_SCHEDULES_FROM": (datetime.now(UTC) + timedelta(minutes=15)).isoformat()}


def stop_everything(var_dir: Path, processes: Processes | None = None) -> list[str]:
    """End every process of the demo below `var_dir`, PostgreSQL last; return what ran."""
    stopped = (processes or Processes(var_dir)).stop()
    if (var_dir / "postgres" / "postmaster.pid").exists():
        with suppress(subprocess.SubprocessError):
            embedded.stop(var_dir / "postgres")
            stopped.append("postgresql")
    return stopped


def embedded_memory(var_dir: Path) -> int:
    """Proportional memory of the embedded PostgreSQL, in bytes."""
    pid_file = var_dir / "postgres" / "postmaster.pid"
    return family_memory(int(pid_file.read_text("utf-8").split()[0])) if pid_file.exists() else 0


@contextmanager
def _stop_signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP end a demo the way Ctrl-C does: by an exception that cleans up."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    names = (signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
