"""AWS as it is: immutable Parquet snapshots with a manifest that says what is known and what is not.

Read in this order: `observe` (the flow), `snapshot` (manifest and parts), `organizations` and `config`
(listings), `compliance` (evaluations by shard).

Datasets, each with columns and sort order in `datasets`:
organizations/accounts, units, policies, policy_targets; config/aggregator_sources, rules, rule_status,
evaluations.
"""
