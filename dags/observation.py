"""Observation: AWS as it is now, into one immutable snapshot."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable, task

from governance_airflow import DEFAULTS, OBSERVATIONS

DOC = """
### Observation

Reads Organizations and AWS Config through the connection `aws_default` into Parquet files below the lake,
one shard of accounts per mapped task. The manifest in the register says per dataset, account and region
whether the listing is COMPLETE, PARTIAL, FAILED or STALE; reconciliation treats whatever is not complete as
unknown.

**Safe to retry and clear.** A shard is one set of files; a lost shard is run again alone.

| what you see | what to do |
| --- | --- |
| `config_shard` failed | clear that one mapped task; until then its accounts are UNKNOWN, never clean |
| datasets FAILED or PARTIAL | `governance doctor` names the missing IAM action or the region that is off |
"""

with DAG(
    dag_id="observation",
    schedule=CronTriggerTimetable("0 */6 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["governance", "observation"],
    doc_md=DOC,
):

    @task
    def organizations() -> str:
        """Open the snapshot and list accounts, units, policies."""
        from governance_tasks import observe_organizations

        return observe_organizations()

    @task
    def plan(snapshot_id: str) -> list[dict[str, object]]:
        """Cut the accounts into shards."""
        from governance_tasks import plan_observation

        return plan_observation(snapshot_id)

    @task
    def config_shard(shard: dict[str, object], snapshot_id: str) -> None:
        """Read AWS Config for one shard."""
        from governance_tasks import observe_config_shard

        observe_config_shard(snapshot_id, shard)

    @task(outlets=[OBSERVATIONS], trigger_rule="all_done")
    def finish(snapshot_id: str) -> dict[str, object]:
        """Close the snapshot; what failed stays named in its manifest."""
        from governance_tasks import finish_observation

        return finish_observation(snapshot_id)

    snapshot = organizations()
    shards = config_shard.partial(snapshot_id=snapshot).expand(shard=plan(snapshot))
    shards >> finish(snapshot)
