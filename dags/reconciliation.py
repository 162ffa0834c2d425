"""Reconciliation: the register against the latest snapshot, when both have news."""

from __future__ import annotations

from airflow.sdk import DAG, task

from governance_airflow import DEFAULTS, FINDINGS, OBSERVATIONS, REGISTER, START

DOC = """
### Reconciliation

Triggered by the assets `governance://register` and `governance://observations` once both have news. Joins the
live exceptions with the latest finished snapshot, writes one verdict per exception where it changed, and
opens, resolves and reopens findings.

**Safe to retry and clear.** The same snapshot, register and instant give the same verdicts and write nothing
twice.

| what you see | what to do |
| --- | --- |
| many UNKNOWN | evidence is missing, not the defect: see the snapshot's manifest, then observation |
| a verdict nobody expects | `governance findings show FND-...` says why, with its evidence |
"""

with DAG(
    dag_id="reconciliation",
    schedule=(REGISTER & OBSERVATIONS),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["governance", "reconciliation"],
    doc_md=DOC,
):

    @task(outlets=[FINDINGS])
    def reconcile() -> dict[str, object]:
        """Verdicts and findings."""
        from governance_tasks import run_reconciliation

        return run_reconciliation()

    reconcile()
