"""Observation: AWS as it is now, into one immutable snapshot."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task

from governance import resources
from governance.observation import rates
from governance_airflow import DEFAULTS, OBSERVATIONS, START, settings

POLICY = rates.read(resources.folder("policies", settings().config_dir))

DOC = """
### Observation

Reads Organizations, Config, Control Tower, Service Catalog and Systems Manager through the connection
`aws_default` into Parquet files below the lake. Evaluations and tags come from the bucket that AWS Config
delivers to and from the aggregator, one shard of accounts with all their regions per mapped task; accounts
that must be visited are mapped the same way. How often, and which listings once a day only, says
`policies/observation.yaml`. The manifest in the register says per dataset, account and
region whether the listing is COMPLETE, PARTIAL, FAILED or STALE; reconciliation treats whatever is not
complete as unknown. `governance observe --plan` counts the calls, `governance iam` prints the permissions.

**Safe to retry and clear.** A shard is one set of files; a lost shard is run again alone.

| what you see | what to do |
| --- | --- |
| `config_shard` failed | clear that one mapped task; until then its accounts are UNKNOWN, never clean |
| `member_visits` failed | clear that one mapped task; evaluations do not depend on it |
| datasets FAILED or PARTIAL | `governance doctor` names the missing IAM action or the region that is off |
"""

with DAG(
    dag_id="observation",
    schedule=CronTriggerTimetable(POLICY.cron, timezone="UTC"),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["governance", "observation"],
    doc_md=DOC,
):

    @task
    def hub() -> str:
        """Open the snapshot; list accounts, units, policies, rules, aggregator sources."""
        from governance_tasks import observe_hub

        return observe_hub()

    @task
    def plan(snapshot_id: str) -> list[dict[str, int]]:
        """Cut the accounts into shards."""
        from governance_tasks import plan_observation

        return plan_observation(snapshot_id)

    @task
    def plan_visits(snapshot_id: str) -> list[dict[str, int]]:
        """Cut the accounts to visit, each with its regions."""
        from governance_tasks import plan_visits as cut

        return cut(snapshot_id)

    @task
    def config_shard(shard: dict[str, int], snapshot_id: str) -> None:
        """Read the evaluations and tags of one shard."""
        from governance_tasks import observe_shard

        observe_shard(snapshot_id, shard)

    @task
    def member_visits(tour: dict[str, int], snapshot_id: str) -> None:
        """Visit the accounts of one tour."""
        from governance_tasks import visit_members

        visit_members(snapshot_id, tour)

    @task(outlets=[OBSERVATIONS], trigger_rule="none_skipped")
    def finish(snapshot_id: str) -> dict[str, object]:
        """Close the snapshot also where a shard was lost: its accounts are UNKNOWN, the others are known."""
        from governance_tasks import finish_observation

        return finish_observation(snapshot_id)

    @task(trigger_rule="none_failed")
    def all_shards_read() -> None:
        """Keep a lost shard visible: the run fails with it, although the snapshot was finished."""

    snapshot = hub()
    shards = config_shard.partial(snapshot_id=snapshot).expand(shard=plan(snapshot))
    tours = member_visits.partial(snapshot_id=snapshot).expand(tour=plan_visits(snapshot))
    [shards, tours] >> finish(snapshot)
    [shards, tours] >> all_shards_read()
