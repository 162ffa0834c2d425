"""Who is accountable for each request, by the ownership policy."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from governance.intake.columns import each_distinct, spread
from governance.register.ownership import OwnershipPolicy, Subject

NAMED_BY_SOURCE = "named by the source"
"""`owner_rule` of requests whose source says who is accountable."""


def resolve_owners(frame: pd.DataFrame, policy: OwnershipPolicy) -> pd.DataFrame:
    """Return the batch with `owner` and `owner_rule`; where nothing matches, the authority and no rule.

    Requests about the same subject are resolved once.
    """
    about, places = each_distinct(frame, ("target_type", "target", "scopes"))
    found = [_resolve(subject_of(*one), policy) for one in about]
    owner = spread([owner for owner, _ in found], places)
    rule = spread([rule for _, rule in found], places)
    named = frame["owner"].notna()
    return frame.assign(
        owner=frame["owner"].where(named, owner), owner_rule=rule.where(~named, NAMED_BY_SOURCE).astype("str")
    )


def _resolve(subject: Subject, policy: OwnershipPolicy) -> tuple[str, str | None]:
    rule = policy.resolve(subject)
    return rule.accountable, rule.name if policy.is_owned(rule) else None


def subject_of(target_type: Any, target: Any, scopes: Any) -> Subject:
    """Return what a request is about: its target, else the first account, unit and rule of its scopes.

    >>> subject_of("resource", "account/100000000012/s3/reports", None).account
    '100000000012'
    """
    path = target if isinstance(target, str) else None
    head, _, rest = (path or "").partition("/")
    named = json.loads(scopes) if isinstance(scopes, str) else []
    return Subject(
        target_type=target_type if isinstance(target_type, str) else None,
        path=path,
        account=(rest.split("/")[0] or None) if head == "account" else _first(named, "account"),
        control=_first(named, "rule"),
        ou=rest if head == "ou" else _unit(named),
    )


def _first(scopes: list[dict[str, Any]], dimension: str) -> str | None:
    values = (value for scope in scopes for value in scope.get(dimension, ()))
    return next(values, None)


def _unit(scopes: list[dict[str, Any]]) -> str | None:
    unit = _first(scopes, "ou")
    return None if unit is None or unit.startswith("ou-") else unit
