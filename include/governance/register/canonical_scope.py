"""Scopes as the register keeps them: canonical, and quick to read where there are a hundred thousand.

`scope.Scope` is what people write: it takes what can be understood and says what is wrong. Here is what came
of it. What is plainly canonical is read as it stands, in a tenth of the time; whatever else is kept (an
earlier release, another writer) goes through `Scope` and raises its errors.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec

from governance.register.scope import SCOPES, About, Scope

Values = tuple[str, ...]


class CanonicalDimensions(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """The dimensions of `scope.Dimensions`; the values of each are in order, none twice."""

    organization: bool = False
    ou: Values = ()
    account: Values = ()
    region: Values = ()
    rule: Values = ()
    resource_type: Values = ()
    resource: Values = ()
    tag: dict[str, str] = {}
    control: Values = ()
    policy: Values = ()
    constraint: Values = ()
    principal: Values = ()
    action: Values = ()


class CanonicalScope(CanonicalDimensions, About, frozen=True):
    """One conjunction, with exclusions inside it."""

    exclude: tuple[CanonicalDimensions, ...] = ()

    def written(self) -> dict[str, Any]:
        """Return what is named, as plain data."""
        named: dict[str, Any] = msgspec.to_builtins(self)
        return named


_DECODER = msgspec.json.Decoder(tuple[CanonicalScope, ...])


def read(text: str | bytes) -> tuple[CanonicalScope, ...]:
    """Return the scopes that JSON text tells of; raises pydantic.ValidationError where one is malformed."""
    try:
        scopes = _DECODER.decode(text)
    except msgspec.ValidationError:
        return of(SCOPES.validate_json(text))
    return scopes if all(map(_is_plain, scopes)) else of(SCOPES.validate_json(text))


def of(scopes: tuple[Scope, ...]) -> tuple[CanonicalScope, ...]:
    """Return scopes that were checked, as they are kept."""
    return tuple(msgspec.convert(one.model_dump(exclude_defaults=True), CanonicalScope) for one in scopes)


def _is_plain(one: CanonicalScope) -> bool:
    """Tell whether a scope is canonical and nothing about it needs a closer look: it is one of AWS Config,
    without exclusions, and names a place; no value is empty or has space around it."""
    if one.exclude or one.control or one.policy or one.constraint or one.principal or one.action:
        return False
    for values in (one.ou, one.account, one.region, one.rule, one.resource_type, one.resource):
        for value in values:
            if not value or value.strip() != value:
                return False
        if len(values) > 1 and any(before >= after for before, after in pairwise(values)):
            return False
    return bool(one.organization or one.ou or one.account or one.resource or one.tag)
