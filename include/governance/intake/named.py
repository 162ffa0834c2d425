"""What requests name: accounts, rules, owners; each is held against who knows, where somebody does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import pandas as pd

from governance.intake.columns import each_distinct, spread
from governance.intake.listings import Listings
from governance.intake.owners import NAMED_BY_SOURCE
from governance.intake.parts import Parts
from governance.intake.records import place_of
from governance.register.ownership import OwnershipPolicy

_ACCOUNT = re.compile(r"[0-9]{12}|(?=[0-9?*]*[?*])[0-9?*]{1,12}")


def judged(batch: pd.DataFrame, policy: OwnershipPolicy, listings: Listings) -> pd.DataFrame:
    """Return the batch with malformed_account, unknown_account, unknown_control, unknown_owner.

    Each holds the first name of the row that is wrong; missing where none is, or where nobody can tell.
    """
    pairs, places = each_distinct(batch, ("target", "scopes"))
    accounts = [_accounts(*pair) for pair in pairs]
    rules = [_rules(scopes) for _, scopes in pairs]
    found = {
        "malformed_account": [_first(names, lambda name: not _ACCOUNT.fullmatch(name)) for names in accounts],
        "unknown_account": _not_among(accounts, lambda: listings.accounts),
        "unknown_control": _not_among(rules, lambda: listings.controls),
    }
    told = {name: spread(names, places).set_axis(batch.index) for name, names in found.items()}
    return batch.assign(**told, unknown_owner=_unknown_owner(batch, policy))


def _not_among(rows: list[tuple[str, ...]], listed: Callable[[], frozenset[str] | None]) -> list[str | None]:
    """For each row the first name that is not listed; names with wildcards name nobody in particular."""
    exact = [tuple(name for name in names if not set("*?") & set(name)) for names in rows]
    known = listed() if any(exact) else None
    if known is None:
        return [None] * len(rows)
    return [_first(names, lambda name: name.lower() not in known) for names in exact]


def _first(names: Iterable[str], fits: Callable[[str], bool]) -> str | None:
    return next((name for name in names if fits(name)), None)


@lru_cache(maxsize=4096)
def _accounts(target: Any, scopes: Any) -> tuple[str, ...]:
    head, _, rest = target.partition("/") if isinstance(target, str) else ("", "", "")
    named = (rest.split("/")[0],) if head == "account" else ()
    return named + _dimension(scopes, "account")


def _rules(scopes: Any) -> tuple[str, ...]:
    return _dimension(scopes, "rule")


@lru_cache(maxsize=4096)
def _dimension(scopes: Any, name: str) -> tuple[str, ...]:
    if not isinstance(scopes, str):
        return ()
    return tuple(value for scope in json.loads(scopes) for value in scope.get(name, ()))


def _unknown_owner(batch: pd.DataFrame, policy: OwnershipPolicy) -> pd.Series:
    """Owners that the source names and the policy does not, in whatever role."""
    rules = (policy.authority, *policy.owners)
    known = {
        person.lower()
        for rule in rules
        for person in (rule.accountable, rule.contact, rule.manager, *rule.responsible)
    }
    named = batch["owner"].where(batch["owner_rule"] == NAMED_BY_SOURCE)
    return named.where(~named.str.lower().isin(list(known))).astype("str")


def records_of_key(batch: pd.DataFrame, parts: Parts) -> pd.Series:
    """Return how many different records of its key the file of each row of a snapshot holds.

    A record that came twice (the same locator, or the same content) is one.
    """
    keyed = batch[batch["source_key"].notna()].drop_duplicates("record_no")
    if not keyed["source_key"].duplicated().any():
        return pd.Series(1, index=batch.index, dtype="int64")
    repeated = keyed[keyed["source_key"].duplicated(keep=False)]
    hashes = parts.hashes(repeated["record_no"].tolist())
    seen: dict[tuple[str, str], dict[str, bytes]] = {}
    for number, key, locator in zip(
        repeated["record_no"], repeated["source_key"], repeated["locator"], strict=True
    ):
        seen.setdefault((place_of(locator), key), {})[locator] = hashes[number]
    differing = {at: len(set(found.values())) for at, found in seen.items()}
    places = batch["locator"].map(place_of)
    counts = [differing.get(at, 1) for at in zip(places, batch["source_key"], strict=True)]
    return pd.Series(counts, index=batch.index, dtype="int64")
