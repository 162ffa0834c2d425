"""Escalation: find what is overdue, tell each recipient once."""

from __future__ import annotations

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, task

from governance_airflow import DEFAULTS, FINDINGS, REGISTER, START

DOC = """
### Escalation

Computes from the register and the send ledger which rungs of the ladder are due, writes ledger and outbox in
one transaction, then sends the outbox. Deviations that nobody approved become drafts of exception requests,
one per owner and rule. Runs whenever the register or the findings changed, and every half hour besides,
because time passes too.

**Safe to retry, clear and overlap.** A rung is in the ledger once, a deviation in one draft each time it
opens; a message keeps its Message-ID.

| what you see | what to do |
| --- | --- |
| `send` failed, "does not answer" | the outbox keeps it; mend `smtp_default`, clear the task |
| messages stay pending | quiet hours of the recipient, or a temporary refusal: `governance outbox list` |
| messages failed | a permanent refusal (bounce): mend the address in `policies/ownership.yaml` |
"""

with DAG(
    dag_id="escalation",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/30 * * * *", timezone="UTC"), assets=REGISTER | FINDINGS
    ),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["governance", "escalation"],
    doc_md=DOC,
):

    @task
    def decide() -> dict[str, object]:
        """Write ledger and outbox."""
        from governance_tasks import run_escalation

        return run_escalation()

    @task
    def send() -> dict[str, object]:
        """Send what waits in the outbox."""
        from governance_tasks import send_outbox

        return send_outbox()

    decide() >> send()
