"""Drive the DAGs of a sandbox Airflow through its REST API, in the order of their dependencies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from governance.errors import GovernanceError
from governance.sandbox.airflow import AirflowApi

PACK = "review_pack__weekly"
ACTUATION = "actuation"
"""Changes AWS: stays paused, as it is created."""


@dataclass
class DagProgress:
    """The runs of one DAG in this demo: state of each run and of each task, and how long it took."""

    dag_id: str
    runs: dict[str, str] = field(default_factory=dict)
    tasks: dict[tuple[str, str, int], str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """`waiting`, `running`, `success` or `failed`."""
        states = set(self.runs.values())
        if not states:
            return "waiting"
        if "failed" in states:
            return "failed"
        return "success" if states == {"success"} else "running"


@dataclass
class Pipelines:
    """One pass over all pipelines. `watch` is called with every new state of affairs, `before_observation`
    once everything was pulled."""

    api: AirflowApi
    run_id: str
    watch: Callable[[dict[str, DagProgress]], None]
    before_observation: Callable[[], None] = lambda: None
    deadline: float = field(default_factory=lambda: time.monotonic() + 600)
    progress: dict[str, DagProgress] = field(default_factory=dict)
    earlier: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> dict[str, DagProgress]:
        """Run everything once; return the progress of each DAG. A failed run ends what depends on it."""
        intakes = self._discover()
        for dag_id in intakes:
            self._trigger(dag_id, {"full": True})
        self._trigger("housekeeping", {})
        if self._finish(intakes):
            self.before_observation()
            self._trigger("observation", {})
            if self._finish(["housekeeping", "observation", "escalation", "reconciliation"]):
                self._trigger(PACK, {})
                self._finish([PACK])
        return self.progress

    def _discover(self) -> list[str]:
        """Wait until every DAG is parsed, unpause all but actuation, note the runs that were there before."""
        needed = {*self._rest(), ACTUATION}
        while True:
            found = {dag["dag_id"] for dag in self.api.call("GET", "dags", limit=100)["dags"]}
            intakes = sorted(dag_id for dag_id in found if dag_id.startswith("intake__"))
            errors = self.api.call("GET", "importErrors")["import_errors"]
            if errors:
                first = errors[0]
                raise GovernanceError(f"{first['filename']} does not import: {first['stack_trace'][-300:]}")
            if needed <= found and intakes and self._parsing_is_done(found):
                break
            self._pause("the DAGs to be parsed")
        self.progress = {dag_id: DagProgress(dag_id) for dag_id in [*intakes, *self._rest()]}
        self.earlier = {(run["dag_id"], run["dag_run_id"]) for run in self._runs()}
        self._pause_all(False)
        return intakes

    def rest(self) -> None:
        """Pause every DAG, so that the next start waits for its own order before any schedule counts."""
        self._pause_all(True)

    def _pause_all(self, paused: bool) -> None:
        self.api.call("PATCH", "dags", {"is_paused": paused}, dag_id_pattern="%", limit=100)
        self.api.call("PATCH", f"dags/{ACTUATION}", {"is_paused": True})

    def _parsing_is_done(self, found: set[str]) -> bool:
        """Files are parsed one by one: wait until two looks in a row find the same DAGs."""
        seen, self._seen = getattr(self, "_seen", None), found
        return seen == found

    @staticmethod
    def _rest() -> list[str]:
        return ["housekeeping", "escalation", "observation", "reconciliation", PACK]

    def _trigger(self, dag_id: str, conf: dict[str, Any]) -> None:
        body = {"dag_run_id": self.run_id, "logical_date": None, "conf": conf}
        self.api.call("POST", f"dags/{dag_id}/dagRuns", body)

    def _finish(self, dag_ids: list[str]) -> bool:
        """Wait until the named DAGs have run and nothing waits for them; tell whether all succeeded."""
        while True:
            self._look()
            rows = [self.progress[dag_id] for dag_id in dag_ids]
            if any(row.state == "failed" for row in rows):
                return False
            if all(row.state == "success" and not self._queued(row.dag_id) for row in rows):
                self._look()  # a run that events started since the last look is there by now
                if all(row.state == "success" for row in rows):
                    return True
            self._pause(", ".join(row.dag_id for row in rows if row.state != "success"))

    def _queued(self, dag_id: str) -> bool:
        """Tell whether asset events wait that will start another run of an asset-triggered DAG."""
        if dag_id != "escalation":
            return False
        try:
            return bool(self.api.call("GET", f"dags/{dag_id}/assets/queuedEvents")["total_entries"])
        except GovernanceError:  # 404: none
            return False

    def _runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.call("GET", "dags/~/dagRuns", limit=100, order_by="-id")[
            "dag_runs"
        ]
        return found

    def _look(self) -> None:
        for run in self._runs():
            row = self.progress.get(run["dag_id"])
            if row is None or (run["dag_id"], run["dag_run_id"]) in self.earlier:
                continue
            row.runs[run["dag_run_id"]] = run["state"]
            row.seconds = max(row.seconds, run["duration"] or 0.0)
        tasks = self.api.call("GET", "dags/~/dagRuns/~/taskInstances", limit=200, order_by="-id")
        for task in reversed(tasks["task_instances"]):
            row = self.progress.get(task["dag_id"])
            if row is not None and task["dag_run_id"] in row.runs:
                row.tasks[task["dag_run_id"], task["task_id"], task["map_index"]] = task["state"] or "waiting"
        self.watch(self.progress)

    def _pause(self, what: str) -> None:
        if time.monotonic() > self.deadline:
            raise GovernanceError(f"gave up waiting for {what}; the logs say more")
        time.sleep(0.5)
