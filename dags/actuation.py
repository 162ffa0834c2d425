"""Actuation: make AWS agree with the register. Created paused, and off until a policy says otherwise."""

from __future__ import annotations

from airflow.sdk import DAG, task

from governance_airflow import DEFAULTS, FINDINGS, START

DOC = """
### Actuation

Off in two ways: the DAG is created paused, and without `enabled: true` in `policies/actuation.yaml` its task
is skipped. After each reconciliation it puts exceptions from remediation that are approved and missing, and
deletes those that were put from here and are approved no longer, under the connection `aws_actuation`. Look
at `governance act` first: it prints what would be called.

**Safe to retry and clear.** The plan is made anew from what was observed and done; an intent is written
before every call, its outcome after it (`governance actions`).

| what you see | what to do |
| --- | --- |
| skipped | the policy is off: that is how it ships |
| `max_puts` or `max_deletes` exceeded | nothing was called: look at the plan, then raise the limit |
| a resource failed | AWS says why in the log; the next run tries it again, alone |
| "no answer of AWS" | retried by itself; what became of the call is found out first |
"""

with DAG(
    dag_id="actuation",
    schedule=FINDINGS,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    default_args=DEFAULTS,
    tags=["governance", "actuation"],
    doc_md=DOC,
):

    @task
    def act(run_id: str | None = None) -> dict[str, object]:
        """Carry out what the plan says."""
        from governance_tasks import run_actuation

        return run_actuation(f"airflow {run_id}")

    act()
