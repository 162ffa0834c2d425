"""Places: accounts that hold resources, each in every region, and whether evidence of them is fresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product

import numpy as np
import pandas as pd

from governance.reconciliation.policy import EvidenceLimits

HOLDING = frozenset({"ACTIVE", "SUSPENDED"})
"""States in which an account holds resources: of these evidence is needed. A suspended one is closed to its
users, its resources stay."""


@dataclass(frozen=True)
class Clock:
    """By which instant, and by which limits, evidence is fresh."""

    now: datetime
    limits: EvidenceLimits


def of(
    accounts: pd.DataFrame, sources: pd.DataFrame, evaluated: pd.DataFrame, files: set[str], clock: Clock
) -> pd.DataFrame:
    """Every account that holds resources in every region of the aggregator, whether heard of or not."""
    holding = set(accounts.account[accounts.state.isin(HOLDING)] if len(accounts) else sources.account)
    named = evaluated[(evaluated.account != "*") & (evaluated.region != "*")]
    regions = {*sources.region.tolist(), *named.region.tolist()}
    of_named = zip(named.account.tolist(), named.region.tolist(), strict=True)
    heard = dict(zip(of_named, _reasons(named, files, clock), strict=True))
    places = sorted({*product(holding, regions), *heard})
    reason = [heard.get(place, "not observed") for place in places]
    return pd.DataFrame(
        {
            "account": pd.Series([account for account, _ in places], dtype="str"),
            "region": pd.Series([region for _, region in places], dtype="str"),
            "fresh": np.array([words is None for words in reason], dtype=bool),
            "reason": pd.Series(reason, dtype="object"),
            "needed": np.array([account in holding for account, _ in places], dtype=bool),
        }
    )


def _reasons(told: pd.DataFrame, files: set[str], clock: Clock) -> list[str | None]:
    """Say of each of these rows of the manifest why it is not fresh evidence; None: it is."""
    since = clock.limits.config_since(clock.now)
    is_recent = (pd.to_datetime(told.evidence_at, utc=True) >= since).tolist()
    rows = zip(told.status.tolist(), told.message.tolist(), told.path.tolist(), is_recent, strict=True)
    return [
        f"{status}: {message if isinstance(message, str) else 'no reason given'}" if status != "COMPLETE"
        else "its file is missing or changed" if path not in files
        else None if recent else "evidence older than its limit"
        for status, message, path, recent in rows
    ]  # fmt: skip
