"""The datasets of a snapshot: columns, types and sort order. All times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")


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


def dataset(service: str, name: str, order: str, /, **columns: pa.DataType) -> Dataset:
    """Return a dataset; `order` names its sort columns, separated by blanks."""
    return Dataset(service, name, pa.schema(list(columns.items())), tuple(order.split()))


TEXT = pa.string()

ACCOUNTS = dataset(
    "organizations", "accounts", "account",
    account=TEXT, name=TEXT, email=TEXT, state=TEXT,
    units=TEXT,  # ids from root to parent: 'r-ab12/ou-.../ou-...'; NULL where the place is not known
    joined_at=TIME,
)  # fmt: skip
UNITS = dataset(
    "organizations", "units", "unit",
    unit=TEXT, name=TEXT, parent=TEXT, path=TEXT,  # path: names below the root, 'Workloads/Prod'
)  # fmt: skip
POLICIES = dataset(
    "organizations", "policies", "type policy",
    policy=TEXT, name=TEXT, type=TEXT, aws_managed=pa.bool_(), content_sha256=TEXT, description=TEXT,
    content=TEXT,  # the document as JSON text, blanks and order of keys aside
)  # fmt: skip
POLICY_TARGETS = dataset(
    "organizations", "policy_targets", "policy target",
    policy=TEXT, target=TEXT, target_type=TEXT,
)  # fmt: skip
ADMINISTRATORS = dataset(
    "organizations", "delegated_administrators", "account",
    account=TEXT, name=TEXT, state=TEXT, since=TIME,
)  # fmt: skip
ORGANIZATION_TAGS = dataset(
    "organizations", "tags", "kind resource key",
    kind=TEXT,  # account, ou, policy, resourcepolicy or root
    resource=TEXT,  # its id
    key=TEXT, value=TEXT,
)  # fmt: skip
AGGREGATOR_SOURCES = dataset(
    "config", "aggregator_sources", "account region",
    account=TEXT, region=TEXT, status=TEXT, updated_at=TIME, error=TEXT,
)  # fmt: skip
RULES = dataset(
    "config", "rules", "rule",
    account=TEXT, region=TEXT, rule=TEXT, creator=TEXT, owner=TEXT, source_identifier=TEXT, state=TEXT,
)  # fmt: skip
RULE_STATUS = dataset(
    "config", "rule_status", "rule",
    account=TEXT, region=TEXT, rule=TEXT, last_evaluated_at=TIME, last_failed_at=TIME,
    first_activated_at=TIME, error=TEXT,
)  # fmt: skip
EVALUATIONS = dataset(
    "config", "evaluations", "account rule region resource_type resource_id",
    account=TEXT, region=TEXT, rule=TEXT,
    creator=TEXT,  # service principal of a service-linked rule, '' a rule of the customer, NULL not known
    resource_type=TEXT, resource_id=TEXT,
    compliance=TEXT,  # COMPLIANT or NON_COMPLIANT
    captured_at=TIME,
    tag_set=pa.int32(),  # row of config/tag_sets; NULL: the tags of the resource were not collected
)  # fmt: skip
TAG_SETS = dataset(
    "config", "tag_sets", "tag_set key",
    tag_set=pa.int32(), key=TEXT, value=TEXT,  # a set without rows: resources without tags
)  # fmt: skip
DELIVERIES = dataset(
    "config", "deliveries", "account region",
    account=TEXT, region=TEXT, delivered_at=TIME, key=TEXT, items=pa.int64(),
)  # fmt: skip
