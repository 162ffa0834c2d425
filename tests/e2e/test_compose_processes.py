"""Everything that docker-compose.yaml starts, started by hand: its commands, environment and health checks are right."""

from __future__ import annotations

import json
import shutil
import time

import pytest
from sqlalchemy import create_engine, text

from compose_processes import SERVICES, Compose
from conftest import ROOT
from governance.register import embedded
from governance.sandbox.airflow import AirflowApi

pytestmark = pytest.mark.e2e
STAYING = ("sandbox", "api-server", "scheduler", "dag-processor", "triggerer", "worker")
NOT_HERE = {"postgres", "mail"}
"""Images without a process of ours: PostgreSQL is embedded here, and mail goes to the sandbox's own mailbox."""


@pytest.fixture(scope="module")
def compose():
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (Debian: apt install redis-server)")
    folder = ROOT / "var" / "tests" / "compose"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = embedded.start(folder / "postgres", outlive=False)
    found = None
    try:
        urls = {name: embedded.database_url(server, name) for name in ("airflow", "governance")}
        found = Compose(folder, urls)
        yield found
    finally:
        if found is not None:
            found.processes.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running(compose):
    compose.start("redis")
    compose.wait_until_healthy("redis")
    compose.run("init")
    compose.wait_until_healthy("init")
    for service in STAYING:
        compose.start(service)
    for service in STAYING:
        compose.wait_until_healthy(service)
    return compose


@pytest.fixture(scope="module")
def airflow(running):
    passwords = running.folder / "governance" / "passwords.json"
    api = AirflowApi(
        f"http://127.0.0.1:{running.ports['8080']}", json.loads(passwords.read_text("utf-8"))["admin"]
    )
    api.log_in()
    return api


def run_dag(api, dag_id, seconds=180):
    """Run a DAG and return the state that its run ends in, and its task instances."""
    until = time.monotonic() + seconds
    while dag_id not in [one["dag_id"] for one in api.call("GET", "dags", limit=100)["dags"]]:
        assert time.monotonic() < until, "the DAG processor has not found it"
        time.sleep(1)
    api.call("PATCH", f"dags/{dag_id}", {"is_paused": False})
    run = api.call("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"]
    while (state := api.call("GET", f"dags/{dag_id}/dagRuns/{run}")["state"]) not in ("success", "failed"):
        assert time.monotonic() < until, f"{dag_id} is {state}"
        time.sleep(1)
    return state, api.call("GET", f"dags/{dag_id}/dagRuns/{run}/taskInstances")["task_instances"]


def test_every_service_is_here_or_named(compose):
    assert set(SERVICES) == {"redis", "init", *STAYING, *NOT_HERE}


def test_every_health_check_passes(running):
    assert set(running.processes.running()) == {"redis", *STAYING}


def test_a_worker_pulls_a_source_and_the_register_holds_it(airflow, running):
    state, tasks = run_dag(airflow, "intake__landing_zone_csv")
    assert state == "success"
    assert {task["executor"] for task in tasks} <= {None, "CeleryExecutor"}
    engine = create_engine(running.database_urls["governance"])
    with engine.connect() as connection:
        loaded = connection.scalar(
            text("SELECT sum(loaded) FROM intake_run WHERE source = 'landing_zone_csv'")
        )
    engine.dispose()
    assert loaded > 0
    log = running.processes.log("worker").read_text("utf-8", "replace")
    assert "succeeded" in log, "the task did not pass through Celery"


def test_the_stand_in_is_observed_and_reconciled(airflow, running):
    assert run_dag(airflow, "observation")[0] == "success"
    assert run_dag(airflow, "reconciliation")[0] == "success"
    engine = create_engine(running.database_urls["governance"])
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM reconciliation_run")) > 0
    engine.dispose()
