"""One DAG per source spec in `include/sources/`: pull, check, load. A wrong spec breaks only its own DAG."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, get_parsing_context, task

from governance.intake.spec import SourceSpec, read_specs
from governance.settings import INTAKE_POOL, Settings
from governance_airflow import DEFAULTS, REGISTER, START

DOC = """
### Intake: {title}

Pulls `{name}` with the reader `{reader}`, checks every record and loads what is right into the register.
Owner: **{owner}**. Mode: **{mode}**.

**Safe to retry, clear and overlap.** A record that was loaded before counts as *unchanged*.
`pulled = loaded + unchanged + quarantined` holds for every run, in the database.

| what you see | what to do |
| --- | --- |
| failed, "does not answer" or "refused" | nothing was written; mend `{connection}`, clear the task |
| scheduled and never queued | Airflow has no pool `intake`: `airflow pools set intake 4 "sources at once"` |
| success, quarantined > 0 | `governance quarantine list`; mend source or spec, replay |
| failed, "held" | the whole batch looks wrong; the message names the expectation. Its owner is told once |

Trigger with `{{"full": true}}` to pull everything again instead of what is new, with
`{{"full": true, "accept": "why"}}` to take a batch once whose volume or columns are unlike before.
"""


def intake_dag(spec: SourceSpec) -> DAG:
    """Build the DAG of one source."""
    with DAG(
        dag_id=f"intake__{spec.name}",
        schedule=CronTriggerTimetable(spec.schedule, timezone="UTC"),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args={**DEFAULTS, "owner": spec.owner},
        tags=["governance", "intake", spec.mode],
        doc_md=DOC.format(
            title=spec.title,
            name=spec.name,
            reader=spec.reader.type,
            owner=spec.owner,
            mode=spec.mode,
            connection=spec.connection,
        ),
        params={"full": False, "accept": ""},
    ) as dag:

        @task(outlets=[REGISTER], task_id="pull_check_load", pool=INTAKE_POOL)
        def pull_check_load(**context: object) -> dict[str, object]:
            from governance_tasks import run_intake

            given = context["params"]
            return run_intake(
                spec.name,
                full=bool(given["full"]),
                origin=context["run_id"],
                accepted=str(given["accept"] or ""),
            )

        pull_check_load()
    return dag


def broken_dag(name: str, problem: str) -> DAG:
    """Build a DAG that stands for a spec that cannot be read, and fails saying why."""
    with DAG(
        dag_id=f"intake__{name}",
        schedule=None,
        start_date=START,
        default_args={**DEFAULTS, "retries": 0},
        tags=["governance", "intake", "broken"],
        doc_md=f"### This source's spec cannot be read\n\n```\n{problem}\n```",
    ) as dag:

        @task(task_id="read_spec")
        def read_spec() -> None:
            raise ValueError(problem)

        read_spec()
    return dag


_wanted = get_parsing_context().dag_id
_specs, _broken = read_specs(Settings().config_dir)
for _spec in _specs:
    if _wanted in (None, f"intake__{_spec.name}"):
        globals()[f"intake__{_spec.name}"] = intake_dag(_spec)
for _name, _problem in _broken.items():
    if _wanted in (None, f"intake__{_name}"):
        globals()[f"intake__{_name}"] = broken_dag(_name, str(_problem))
