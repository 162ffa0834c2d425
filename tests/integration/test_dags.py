"""Every DAG imports, is light to parse, and tells its owner, its tags and its runbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from conftest import ROOT

PARSE = """
import json, sys
from airflow.sdk import DAG, Asset, task
from airflow.dag_processing.dagbag import DagBag
sys.path.append(sys.argv[2])
with DAG("nothing"):
    task(task_id="nothing", outlets=[Asset("nothing://")])(lambda: None)()  # what Airflow loads for any task
before = set(sys.modules)
bag = DagBag(sys.argv[1])
heavy = {"pandas", "boto3", "great_expectations", "duckdb", "altair", "pyarrow"} & (set(sys.modules) - before)
print(json.dumps({
    "heavy": sorted(heavy),
    "errors": bag.import_errors,
    "dags": [
        {"id": dag.dag_id, "tags": sorted(dag.tags), "doc": dag.doc_md or "",
         "owners": sorted({task.owner for task in dag.tasks}), "tasks": sorted(dag.task_ids),
         "pools": sorted({task.pool for task in dag.tasks}), "catchup": dag.catchup, "max_active_runs": dag.max_active_runs,
         "paused": dag.is_paused_upon_creation}
        for dag in bag.dags.values()
    ],
}))
"""


def parse(tmp_path, **variables):
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        **variables,
    }
    command = [sys.executable, "-c", PARSE, str(ROOT / "dags"), str(ROOT / "plugins")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    return parse(tmp_path_factory.mktemp("airflow"))


def test_no_dag_has_an_import_error(parsed):
    assert parsed["errors"] == {}


def test_all_dags_of_the_design_are_there(parsed):
    assert sorted(dag["id"] for dag in parsed["dags"]) == [
        "actuation",
        "escalation",
        "housekeeping",
        "intake__exception_register",
        "intake__form",
        "intake__governance_mailbox",
        "intake__landing_zone_csv",
        "intake__ops_items",
        "intake__platform_jira",
        "intake__platform_requests",
        "intake__procedure_changes",
        "intake__process_changes",
        "intake__service_catalog",
        "intake__service_desk",
        "observation",
        "reconciliation",
        "review_pack__monthly",
        "review_pack__quarterly",
        "review_pack__weekly",
    ]


def test_parsing_imports_nothing_heavy(parsed):
    assert parsed["heavy"] == []


def test_every_dag_has_owner_tags_and_a_runbook(parsed):
    for dag in parsed["dags"]:
        assert dag["owners"] != ["airflow"], dag["id"]
        assert "governance" in dag["tags"], dag["id"]
        assert "retry" in dag["doc"], dag["id"]
        assert "| what you see | what to do |" in dag["doc"] or dag["id"].startswith("review"), dag["id"]


def test_the_sources_share_a_pool_and_nothing_else_does(parsed):
    for dag in parsed["dags"]:
        assert dag["pools"] == (["intake"] if dag["id"].startswith("intake__") else ["default_pool"]), dag[
            "id"
        ]


def test_no_dag_catches_up_or_overlaps_itself(parsed):
    assert {(dag["catchup"], dag["max_active_runs"]) for dag in parsed["dags"]} == {(False, 1)}


def test_the_one_that_changes_aws_is_paused_until_somebody_says_otherwise(parsed):
    assert [dag["id"] for dag in parsed["dags"] if dag["paused"]] == ["actuation"]


def test_acting_is_skipped_while_the_policy_is_off(monkeypatch, tmp_path):
    """What ships: no register is opened, no connection asked for."""
    from airflow.sdk.exceptions import AirflowSkipException

    import governance_tasks

    monkeypatch.setattr(governance_tasks, "register", None)
    with pytest.raises(AirflowSkipException, match=r"actuation\.yaml"):
        governance_tasks.run_actuation("airflow test")


def test_a_wrong_spec_breaks_only_its_own_dag(tmp_path):
    sources = tmp_path / "config" / "sources"
    sources.mkdir(parents=True)
    good = (ROOT / "include" / "sources" / "exception_register.yaml").read_text("utf-8")
    (sources / "exception_register.yaml").write_text(good)
    (sources / "crooked.yaml").write_text("name: crooked\nreader: {type: telegraph}\n")
    found = parse(tmp_path, GOVERNANCE_CONFIG_DIR=str(tmp_path / "config"))
    by_id = {dag["id"]: dag for dag in found["dags"]}
    assert "intake__exception_register" in by_id
    assert by_id["intake__crooked"]["tasks"] == ["read_spec"]
    assert "crooked.yaml" in by_id["intake__crooked"]["doc"]
