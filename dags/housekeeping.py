"""Housekeeping: prove the history every night, store who is accountable, score the sources."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task

from governance_airflow import DEFAULTS, START

DOC = """
### Housekeeping

Every night: recomputes the hash chain of the register's history, stores the ownership policy in
the register, and writes the scorecard of every source.

**Safe to retry and clear.** It reads the history and replaces one small table and one page.

| what you see | what to do |
| --- | --- |
| `verify_history` failed | somebody changed history: the message names the block. Keep evidence, restore |
"""

with DAG(
    dag_id="housekeeping",
    schedule=CronTriggerTimetable("30 2 * * *", timezone="UTC"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["governance", "housekeeping"],
    doc_md=DOC,
):

    @task(retries=0)
    def verify_history() -> None:
        """Fail where the hash chain is broken."""
        from governance_tasks import verify_history as verify

        verify()

    @task
    def store_ownership() -> None:
        """Write `policies/ownership.yaml` to the register."""
        from governance_tasks import store_ownership as store

        store()

    @task
    def score_sources() -> dict[str, object]:
        """Write the scorecard of every source to `<lake>/scorecards/latest.html`."""
        from governance_tasks import score_sources as score

        return score()

    verify_history()
    store_ownership()
    score_sources()
