"""The scope of an exception: what exactly is excepted.

A scope is a conjunction of dimensions; within one dimension any of its values may fit. Several scopes of
one request are alternatives. Order never matters. `*` and `?` are wildcards, anchored at both ends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)


def _as_sorted_tuple(value: Any) -> Any:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(sorted({str(item).strip() for item in value}))
    return value


def _refuse_blank(values: tuple[str, ...]) -> tuple[str, ...]:
    if any(not value for value in values):
        raise ValueError("values that are not blank")
    return values


Values = Annotated[tuple[str, ...], BeforeValidator(_as_sorted_tuple), AfterValidator(_refuse_blank)]


class Dimensions(BaseModel):
    """What may be named. Empty means: not restricted in this dimension."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    organization: bool = Field(default=False, description="The whole organization, said on purpose")
    ou: Values = Field(
        default=(),
        description="OU subtrees: an id 'ou-ab12-cdefgh34' or names below the root 'Workloads/Prod'",
    )
    account: Values = Field(default=(), description="12-digit account ids; wildcards allowed")
    region: Values = ()
    rule: Values = Field(default=(), description="Config rule names; wildcards allowed")
    resource_type: Values = ()
    resource: Values = Field(default=(), description="Resource ids or ARNs; wildcards allowed")
    tag: dict[str, str] = Field(default={}, description="All of these tags, values may hold wildcards")


class Scope(Dimensions):
    """One conjunction, with exclusions inside it: whatever fits any of `exclude` is not in scope."""

    exclude: tuple[Dimensions, ...] = ()

    @model_validator(mode="after")
    def _names_a_place(self) -> Scope:
        if not (self.organization or self.ou or self.account or self.resource or self.tag):
            raise ValueError(
                "at least one of organization, ou, account, resource, tag: no scope is everything by silence"
            )
        if Dimensions() in self.exclude:
            raise ValueError("exclusions that name something: an empty one would exclude everything")
        return self


SCOPES: TypeAdapter[tuple[Scope, ...]] = TypeAdapter(tuple[Scope, ...])


def canonical(scopes: Iterable[Scope]) -> str:
    """JSON text that is the same for the same scopes, whatever order they were written in."""
    dumped = (scope.model_dump(mode="json", exclude_defaults=True) for scope in scopes)
    return json.dumps(sorted(dumped, key=lambda scope: json.dumps(scope, sort_keys=True)), sort_keys=True)
