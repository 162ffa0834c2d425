"""The datasets of a snapshot: columns, types and sort order. All times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Dataset:
    """One kind of rows; parts are sorted by all of `order`, so equal rows give equal bytes."""

    service: str
    name: str
    schema: pa.Schema
    order: tuple[str, ...]

    def table(self, rows: list[dict[str, Any]]) -> pa.Table:
        """Return the rows as a sorted table without duplicates of the sort key (the last one stays)."""
        unique = {tuple(row[column] for column in self.order): row for row in rows}
        table = pa.Table.from_pylist(list(unique.values()), schema=self.schema)
        return table.sort_by([(column, "ascending") for column in self.order])


def _dataset(service: str, name: str, order: str, /, **columns: pa.DataType) -> Dataset:
    return Dataset(service, name, pa.schema(list(columns.items())), tuple(order.split()))


_TEXT = pa.string()

ACCOUNTS = _dataset(
    "organizations", "accounts", "account",
    account=_TEXT, name=_TEXT, email=_TEXT, state=_TEXT,
    units=_TEXT,  # ids from root to parent: 'r-ab12/ou-.../ou-...'; NULL where the place is not known
    joined_at=_TIME,
)  # fmt: skip
UNITS = _dataset(
    "organizations", "units", "unit",
    unit=_TEXT, name=_TEXT, parent=_TEXT, path=_TEXT,  # path: names below the root, 'Workloads/Prod'
)  # fmt: skip
POLICIES = _dataset(
    "organizations", "policies", "type policy",
    policy=_TEXT, name=_TEXT, type=_TEXT, aws_managed=pa.bool_(), content_sha256=_TEXT, description=_TEXT,
)  # fmt: skip
POLICY_TARGETS = _dataset(
    "organizations", "policy_targets", "policy target",
    policy=_TEXT, target=_TEXT, target_type=_TEXT,
)  # fmt: skip
AGGREGATOR_SOURCES = _dataset(
    "config", "aggregator_sources", "account region",
    account=_TEXT, region=_TEXT, status=_TEXT, updated_at=_TIME, error=_TEXT,
)  # fmt: skip
RULES = _dataset(
    "config", "rules", "rule",
    account=_TEXT, region=_TEXT, rule=_TEXT, creator=_TEXT, owner=_TEXT, source_identifier=_TEXT, state=_TEXT,
)  # fmt: skip
RULE_STATUS = _dataset(
    "config", "rule_status", "rule",
    account=_TEXT, region=_TEXT, rule=_TEXT, last_evaluated_at=_TIME, last_failed_at=_TIME,
    first_activated_at=_TIME, error=_TEXT,
)  # fmt: skip
EVALUATIONS = _dataset(
    "config", "evaluations", "account rule region resource_type resource_id",
    account=_TEXT, region=_TEXT, rule=_TEXT,
    creator=_TEXT,  # service principal of a service-linked rule, '' a rule of the customer, NULL not known
    resource_type=_TEXT, resource_id=_TEXT,
    compliance=_TEXT,  # COMPLIANT or NON_COMPLIANT
    captured_at=_TIME,
    tag_set=pa.int32(),  # row of config/tag_sets; NULL: the tags of the resource were not collected
)  # fmt: skip
