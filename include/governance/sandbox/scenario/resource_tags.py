"""Tags of resources: drawn from their ids alone, so that nothing else in the scenario moves with them."""

from __future__ import annotations

from hashlib import sha256

import pandas as pd

from governance.sandbox.scenario import rules
from governance.sandbox.world import Account, Resource, Tags

_CLASSES = ("public", "internal", "internal", "confidential")
_UNTAGGED_IN = 5
"""Every so-manyth resource has no tags at all."""


def tags(evaluations: pd.DataFrame, accounts: tuple[Account, ...]) -> dict[Resource, Tags]:
    """Return the tags of the resources that have any, by account, region, resource type and id."""
    stages = {account.id: account.tags.get("stage", "shared") for account in accounts}
    names = {account.id: account.name.rsplit("-", 1)[0] for account in accounts}
    columns = ["account", "region", "resource_type", "resource_id"]
    found: dict[Resource, Tags] = {}
    for account, region, kind, name in (
        evaluations[columns].drop_duplicates().itertuples(index=False, name=None)
    ):
        number = sha256(f"{account}/{kind}/{name}".encode()).digest()
        if kind == rules.ACCOUNT or number[0] % _UNTAGGED_IN == 0:
            continue
        place = "global" if kind in rules.GLOBAL_TYPES else region
        found[account, place, kind, name] = {
            "stage": stages[account],
            "service": names[account],
            "data-class": _CLASSES[number[1] % len(_CLASSES)],
        }
    return found
