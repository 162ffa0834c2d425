"""AWS as it is: immutable Parquet snapshots with a manifest that says what is known and what is not.

Read in this order: `observe` (the flow), `snapshot` (manifest and parts), `plan` (every listing of the hub),
`compliance` (evaluations and tags by shard, from `delivery` and `aggregated`), `members` (visits).

Datasets have their columns and sort order where they are listed: `datasets`, `config_exceptions`,
`control_tower`, `service_catalog`, `systems_manager`.
"""
