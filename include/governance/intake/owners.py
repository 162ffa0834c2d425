"""Who is accountable for each row of a batch."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from governance.register.ownership import OwnershipPolicy, Subject


def owners(frame: pd.DataFrame, policy: OwnershipPolicy) -> tuple[list[str | None], list[str | None]]:
    known: dict[Subject, tuple[str, str | None]] = {}
    owners: list[str | None] = []
    rules: list[str | None] = []
    for target_type, target, scopes in zip(
        frame["target_type"], frame["target"], frame["scopes"], strict=True
    ):
        subject = subject_of(_text_or_none(target_type), _text_or_none(target), _text_or_none(scopes))
        if subject not in known:
            rule = policy.resolve(subject)
            known[subject] = (rule.accountable, rule.name if policy.is_owned(rule) else None)
        owners.append(known[subject][0])
        rules.append(known[subject][1])
    return owners, rules


def subject_of(target_type: str | None, target: str | None, scopes: str | None) -> Subject:
    """Tell what somebody must be accountable for: the target path, else what the first scope names."""
    scope: dict[str, Any] = (json.loads(scopes) or [{}])[0] if scopes else {}
    account = target.split("/")[1] if target and target.startswith("account/") and "/" in target else None
    units = [unit for unit in scope.get("ou", []) if not unit.startswith("ou-")]
    return Subject(
        target_type=target_type,
        path=target,
        account=account or _only(scope.get("account", [])),
        control=_only(scope.get("rule", [])),
        ou=_only(units),
    )


def _only(values: list[str]) -> str | None:
    return values[0] if len(values) == 1 else None


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None
