"""Who is accountable for many resources at once: each rule of the policy is tried on columns, not on rows.

A rule fits a resource where it fits the account (with its unit), the control and the path. The first two are
asked once per account and once per control, the path only where both fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from governance.reconciliation.columns import joined, taken
from governance.reconciliation.directory import Directory
from governance.reconciliation.scopes import like
from governance.register.ownership import Match, OwnershipPolicy, OwnershipRule, Subject

Array = np.ndarray[Any, np.dtype[Any]]


def accountable(items: pd.DataFrame, directory: Directory, owners: OwnershipPolicy) -> pd.Series:
    """Return the accountable person of each item (columns: account, control, resource_type, resource_id).

    The answer is that of `OwnershipPolicy.resolve`: the most specific rule that fits, or the authority.
    """
    account, accounts = pd.factorize(items.account)
    control, controls = pd.factorize(items.control)
    places = [Subject("resource", account=str(one), ou=directory.unit_path(str(one))) for one in accounts]
    subjects = [Subject("resource", control=str(one)) for one in controls]
    path = _Paths(items)
    answer = np.zeros(len(items), dtype="int64")
    for number, rule in _least_specific_first(owners):
        match = rule.match
        fits = _fits(match.model_copy(update={"path": None, "control": None}), places)[account]
        fits &= _fits(Match(control=match.control), subjects)[control]
        if match.path is not None and fits.any():
            fits &= path.fit(match.path)
        answer[fits] = number
    names = [owners.authority.accountable, *(rule.accountable for rule in owners.owners)]
    return taken(names, pd.Series(answer, index=items.index))


def _least_specific_first(owners: OwnershipPolicy) -> list[tuple[int, OwnershipRule]]:
    """Return the rules by place in the file, from 1; of equals the first comes last, because it wins."""
    numbered = list(enumerate(owners.owners, 1))
    return sorted(numbered, key=lambda pair: (pair[1].match.specificity(), -pair[0]))


def _fits(match: Match, subjects: Sequence[Subject]) -> Array:
    if match == Match():
        return np.ones(len(subjects), dtype=bool)
    return np.array([match.fits(subject) for subject in subjects], dtype=bool)


class _Paths:
    """The resources as paths, as requests name their targets: account/ID/SERVICE/RESOURCE."""

    def __init__(self, items: pd.DataFrame) -> None:
        self._items = items

    def fit(self, pattern: str) -> Array:
        """Tell of each path whether it fits."""
        if "account/".startswith(pattern[:8].replace("?", "*").partition("*")[0]):
            fits: Array = pc.match_like(self._written, like(pattern)).to_numpy(zero_copy_only=False)
            return fits
        return np.zeros(len(self._items), dtype=bool)

    @cached_property
    def _written(self) -> pa.Array:
        kind, kinds = pd.factorize(self._items.resource_type)
        services = [one.split("::")[1].lower() if "::" in one else one for one in kinds]
        service = taken(services, pd.Series(kind, index=self._items.index))
        paths = joined("account/", self._items.account, "/", service, "/", self._items.resource_id)
        return pa.array(paths, pa.large_string())
