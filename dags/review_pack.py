"""Review packs: weekly, monthly, quarterly."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, get_parsing_context, task

from governance_airflow import DEFAULTS, START

DOC = """
### Review pack, {cadence}

Computes every KPI of the pack as of the run and writes one self-contained HTML file to
`<lake>/packs/{cadence}/`. The task's result holds its path.

**Safe to retry and clear.** The pack of an instant is the same file, byte for byte, whenever it is rebuilt:
`governance pack --cadence {cadence} --as-of T`.
"""

CADENCES = {"weekly": "0 5 * * 1", "monthly": "0 5 1 * *", "quarterly": "0 5 1 1,4,7,10 *"}


def pack_dag(cadence: str, schedule: str) -> DAG:
    """Build the DAG of one cadence."""
    with DAG(
        dag_id=f"review_pack__{cadence}",
        schedule=CronTriggerTimetable(schedule, timezone="UTC"),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS,
        tags=["governance", "review", cadence],
        doc_md=DOC.format(cadence=cadence),
    ) as dag:

        @task
        def build() -> dict[str, object]:
            """Write the pack."""
            from governance_tasks import build_pack

            return build_pack(cadence)

        build()
    return dag


_wanted = get_parsing_context().dag_id
for _cadence, _schedule in CADENCES.items():
    if _wanted in (None, f"review_pack__{_cadence}"):
        globals()[f"review_pack__{_cadence}"] = pack_dag(_cadence, _schedule)
