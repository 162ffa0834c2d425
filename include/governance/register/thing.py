"""The typed thing that an addition asks for, and the targets of a change.

Every type of thing says what it is found by, where it belongs and what it must hold. Values are text; an
organizational unit is an id 'ou-ab12-cdefgh34', a root id, or names below the root: 'Workloads/Prod'. Other
words for the same are read: `unit` for `ou`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)


def _as_text(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    return value.strip() if isinstance(value, str) else value


def _as_object(value: Any) -> Any:
    """A form holds objects and lists as JSON text."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(f"JSON; this is not: {error}") from error
    return value


def _as_list(value: Any) -> Any:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [one.strip() for one in value.split(",") if one.strip()]
    return _as_object(value)


Text = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]
Unit = Annotated[Text | None, Field(validation_alias=AliasChoices("ou", "unit"))]
AccountId = Annotated[Text, Field(pattern=r"^\d{12}$")]


class Thing(BaseModel):
    """What every type has in common: a closed vocabulary, and one of `found_by` must be named."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    found_by: ClassVar[tuple[str, ...]] = ("name",)
    """The fields of which at least one says which thing is meant."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if not any(getattr(self, name) for name in self.found_by):
            raise ValueError(f"at least one of {', '.join(self.found_by)}")
        return self


class AccountThing(Thing):
    """An account, in a unit or below it; `product` and `artifact` say what the account factory was given."""

    found_by: ClassVar[tuple[str, ...]] = ("name", "email", "account", "provisioned_product")

    name: Text | None = None
    email: Text | None = None
    account: AccountId | None = None
    ou: Unit = None
    provisioned_product: Text | None = None
    product: Text | None = None
    artifact: Text | None = None


class ProductThing(Thing):
    """A provisioned product of Service Catalog; `product` and `artifact` are ids or names."""

    found_by: ClassVar[tuple[str, ...]] = ("name", "provisioned_product")

    name: Text | None = None
    provisioned_product: Text | None = None
    product: Text | None = None
    artifact: Text | None = None
    account: AccountId | None = None


class ControlThing(Thing):
    """A control of Control Tower on a unit, by name or ARN, with its parameters and regions."""

    found_by: ClassVar[tuple[str, ...]] = ("control",)

    control: Text
    ou: Annotated[Text, Field(validation_alias=AliasChoices("ou", "unit", "target"))]
    parameters: Annotated[dict[str, Any] | None, BeforeValidator(_as_object)] = None
    regions: Annotated[tuple[Text, ...] | None, BeforeValidator(_as_list)] = None


class RuleThing(Thing):
    """A Config rule, in every account of a unit, in one account, or wherever it is."""

    found_by: ClassVar[tuple[str, ...]] = ("rule",)

    rule: Text
    ou: Unit = None
    account: AccountId | None = None
    source_identifier: Text | None = None


class AttachmentThing(Thing):
    """A policy of the organization, by name or id, on a root, a unit or an account."""

    found_by: ClassVar[tuple[str, ...]] = ("policy",)

    policy: Text
    target: Text
    content_sha256: Annotated[Text | None, Field(pattern=r"^[0-9a-f]{64}$")] = None


class DocumentThing(Thing):
    """A document of Systems Manager, by name, with the version or the hash it must have."""

    found_by: ClassVar[tuple[str, ...]] = ("document",)

    document: Text
    account: AccountId | None = None
    hash: Text | None = None
    version: Text | None = None


THINGS: dict[str, type[Thing]] = {
    "account": AccountThing,
    "provisioned_product": ProductThing,
    "enabled_control": ControlThing,
    "config_rule": RuleThing,
    "policy_attachment": AttachmentThing,
    "ssm_document": DocumentThing,
}
"""Type of thing -> what may be said of it; the types are those of `request.THING_TYPES`."""

TARGETS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[Text, ...])
"""The targets of a change: ARNs, ids or paths, at least one character each."""


def read(thing_type: str, value: Any) -> Thing:
    """Return the thing that a request of that type names; raises ValidationError where it is malformed."""
    return THINGS[thing_type].model_validate(value)


def canonical(thing: Thing) -> str:
    """JSON text that is the same for the same thing, whatever words it was written in."""
    return json.dumps(thing.model_dump(mode="json", exclude_none=True), sort_keys=True, ensure_ascii=False)
