"""AWS as it is: immutable Parquet snapshots with a completeness manifest."""
