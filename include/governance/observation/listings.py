"""What a listing is: one dataset, the AWS operations that fill it, and how many calls of each that takes.

The plan of calls, the IAM policies and the collection itself are all read off the same declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.observation.calls import iam_prefix
from governance.observation.datasets import Dataset
from governance.observation.paging import Row


@dataclass(frozen=True)
class Size:
    """How large an organization is, for counting calls ahead; defaults are those of a large one.

    `results` are evaluations, `operations` those on controls, `documents` and `calendars` an account's own.
    `organization_tags` are those of accounts, units and policies (None: one each), `deliveries` the places
    whose configuration snapshot is read from the bucket, `visits` the places asked for their recorder,
    `remediation_visits` those asked for their remediations.
    """

    accounts: int
    regions: int = 4
    units: int = 50
    policies: int = 20
    rules: int = 100
    results: int = 0
    administrators: int = 5
    organization_rules: int = 50
    remediations: int = 50
    packs: int = 10
    organization_packs: int = 5
    zones: int = 1
    controls: int = 500
    baselines: int = 200
    operations: int = 200
    products: int = 500
    records: int = 2000
    portfolios: int = 20
    ops_items: int = 1000
    automations: int = 1000
    documents: int = 100
    calendars: int = 5
    compliance_types: int = 5
    organization_tags: int | None = None
    deliveries: int = 0
    visits: int = 0
    remediation_visits: int = 0


@dataclass(frozen=True)
class Listing:
    """One dataset that one place can list: `rows` draws it from a client, page by page.

    `calls` says per operation (its name in the API, also its IAM action) how many calls an organization of a
    size takes, so an operation that is not in it is not called. `region` is where the service answers, where
    that is not the hub's own.
    """

    dataset: Dataset
    rows: Callable[[Any], Iterator[Row]]
    calls: Callable[[Size], Mapping[str, int]]
    regional: bool = False
    asks: str = ""
    region: str | None = None

    @property
    def name(self) -> str:
        """Service and dataset: 'organizations/accounts'."""
        return f"{self.dataset.service}/{self.dataset.name}"

    @property
    def service(self) -> str:
        """The service that is asked, as boto3 names it; mostly that of the dataset."""
        return self.asks or self.dataset.service

    @property
    def actions(self) -> tuple[str, ...]:
        """IAM actions that the listing needs, such as `organizations:ListAccounts`."""
        prefix = iam_prefix(self.service)
        return tuple(f"{prefix}:{operation}" for operation in self.calls(Size(accounts=1)))


def pages(items: int, per_page: int) -> int:
    """Return how many pages a listing of `items` has; an empty one is asked for once.

    >>> pages(0, 20), pages(20, 20), pages(21, 20)
    (1, 1, 2)
    """
    return max(1, -(-items // per_page))
