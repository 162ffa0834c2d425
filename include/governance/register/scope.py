"""The scope of an exception: what exactly is excepted.

A scope is a conjunction of dimensions; within one dimension any of its values may fit. Several scopes of
one request are alternatives. Order never matters. `*` and `?` are wildcards, anchored at both ends.

What is excepted from says which plane of AWS a scope is about: a `rule` (or nothing) AWS Config, a `control`
Control Tower, a `policy` Organizations, a `constraint` Service Catalog.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

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


Plane = Literal["config", "control_tower", "organizations", "service_catalog"]
GUARDRAILS: dict[str, Plane] = {
    "control": "control_tower",
    "policy": "organizations",
    "constraint": "service_catalog",
}
"""The dimension that names what is excepted from, outside AWS Config, and the plane it is of."""
LET_THROUGH = ("principal", "action", "resource", "region", "tag")
"""What a parameter of a control or a condition of a policy lets through: one of them to a scope."""


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
    control: Values = Field(
        default=(), description="Control Tower: names or ARNs of controls; `ou` says where they are enabled"
    )
    policy: Values = Field(
        default=(), description="Organizations: names or ids of service or resource control policies"
    )
    constraint: Values = Field(
        default=(),
        description="Service Catalog: ids or types of constraints; `resource`: product or portfolio",
    )
    principal: Values = Field(default=(), description="ARNs that a control or a policy lets through")
    action: Values = Field(default=(), description="IAM actions that a control or a policy lets through")


class About:
    """What a scope is about, told by the dimensions it names."""

    __slots__ = ()

    @property
    def plane(self) -> Plane:
        """Which plane of AWS the scope is about."""
        named: Any = self
        if not (named.control or named.policy or named.constraint):
            return "config"  # which most are
        return next(GUARDRAILS[name] for name in GUARDRAILS if getattr(named, name))

    @property
    def lets_through(self) -> str | None:
        """The dimension that says what a control or a policy lets through; None: accounts or units."""
        return next((name for name in LET_THROUGH if getattr(self, name)), None)


class Scope(Dimensions, About):
    """One conjunction, with exclusions inside it: whatever fits any of `exclude` is not in scope."""

    exclude: tuple[Dimensions, ...] = ()

    @model_validator(mode="after")
    def _is_about_one_plane(self) -> Scope:
        if self.plane == "config" and not (self.principal or self.action or self.exclude):
            return self
        named = [name for name in GUARDRAILS if getattr(self, name)]
        beside = ("rule", "resource_type") if named else ("principal", "action")
        foreign = [*named[1:], *(name for name in beside if getattr(self, name))]
        foreign += [
            f"exclude.{name}" for one in self.exclude for name in (*GUARDRAILS, *beside) if getattr(one, name)
        ]
        if foreign:
            plane = f"{named[0]} says what is excepted from" if named else "no control or policy is named"
            raise ValueError(f"dimensions of one plane: {plane}, so {foreign[0]} cannot stand beside it")
        return self

    @model_validator(mode="after")
    def _names_what_is_let_through(self) -> Scope:
        if self.plane == "config":
            return self
        several = [name for name in LET_THROUGH if getattr(self, name)]
        if self.plane in ("control_tower", "organizations") and (len(several) > 1 or len(self.tag) > 1):
            raise ValueError(
                f"one of {', '.join(LET_THROUGH)} to a scope of a control or policy: write several"
            )
        if self.plane == "control_tower" and not (several and (self.ou or self.organization)):
            raise ValueError(f"beside control where (ou, organization) and one of {', '.join(LET_THROUGH)}")
        if self.plane == "organizations" and not (several or self.account or self.ou):
            raise ValueError(f"beside policy one of account, ou, {', '.join(LET_THROUGH)}")
        if self.plane == "service_catalog" and not (self.resource or self.organization):
            raise ValueError("beside constraint the product or portfolio as resource, or organization")
        return self

    @model_validator(mode="after")
    def _names_a_place(self) -> Scope:
        if self.plane == "config" and not (
            self.organization or self.ou or self.account or self.resource or self.tag
        ):
            raise ValueError(
                "at least one of organization, ou, account, resource, tag: no scope is everything by silence"
            )
        if self.exclude and Dimensions() in self.exclude:
            raise ValueError("exclusions that name something: an empty one would exclude everything")
        return self


SCOPES: TypeAdapter[tuple[Scope, ...]] = TypeAdapter(tuple[Scope, ...])


def canonical(scopes: Iterable[Scope]) -> str:
    """JSON text that is the same for the same scopes, whatever order they were written in."""
    dumped = (scope.model_dump(mode="json", exclude_defaults=True) for scope in scopes)
    return json.dumps(sorted(dumped, key=lambda scope: json.dumps(scope, sort_keys=True)), sort_keys=True)
