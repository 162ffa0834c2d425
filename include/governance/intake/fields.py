"""How a spec says where a canonical field comes from."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from governance.documents import Document
from governance.intake.notations import Notation
from governance.register.request import (
    CATEGORIES,
    JSON_FIELDS,
    KINDS,
    RISK_LEVELS,
    STATUSES,
    TARGET_TYPES,
    TEXT_FIELDS,
    THING_TYPES,
    TIME_FIELDS,
)

MAPPED_FIELDS = (*(name for name in TEXT_FIELDS if name != "owner_rule"), *TIME_FIELDS, *JSON_FIELDS, "actor")
"""What `fields:` of a spec may name. Key, kind and status have sections of their own."""

CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "status": STATUSES,
    "target_type": TARGET_TYPES,
    "risk_level": RISK_LEVELS,
    "category": CATEGORIES,
    "thing_type": THING_TYPES,
}
"""Fields with a closed vocabulary."""


def as_columns(value: Any) -> Any:
    """One column name, or several of which the first that holds a value counts."""
    return [value] if isinstance(value, str) else value


def _text_keys(value: Any) -> Any:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(as_columns, json_schema_input_type=str | list[str])]
Map = Annotated[dict[str, str], BeforeValidator(_text_keys, json_schema_input_type=dict[str, str])]


class FieldSource(Document):
    """Where one field comes from: a column (or the first of several with a value), or a constant.

    `a.b` reaches into nested records. `@file` is the name of the record's file without its extension.
    """

    column: Columns = ()
    constant: str | None = None
    default: str | None = Field(default=None, description="Where the column holds nothing")
    map: Map | None = Field(default=None, description="Word of the source -> word of the register")
    ignore_case: bool = Field(default=False, description="Look words up whatever their case")
    prefix: str = Field(default="", description="Written before every value")
    split: str | None = Field(default=None, min_length=1, description="Cut text into a list at this")
    json_text: bool = Field(default=False, alias="json", description="The column holds JSON as text")
    notation: Notation | None = Field(
        default=None, description="scopes or pairs: the column holds them as people write them by hand"
    )
    dates: tuple[str, ...] = Field(
        default=(), description="Date formats of this field, instead of the source's"
    )

    @model_validator(mode="after")
    def _column_or_constant(self) -> Self:
        if bool(self.column) == (self.constant is not None):
            raise ValueError("either a column or a constant")
        return self

    @property
    def words(self) -> dict[str, str]:
        """The map, its keys ready to be looked up."""
        return {key.casefold() if self.ignore_case else key: word for key, word in (self.map or {}).items()}


def as_source(value: Any) -> Any:
    """The short form: a column name alone, or a list of them."""
    return {"column": value} if isinstance(value, (str, list)) else value


Short = str | list[str] | FieldSource
"""What a person may write for it."""
Source = Annotated[FieldSource, BeforeValidator(as_source, json_schema_input_type=Short)]


def check_field(name: str, source: FieldSource) -> None:
    """Raise ValueError where `source` cannot fill the canonical field `name`."""
    if name not in MAPPED_FIELDS:
        raise ValueError(f"fields of a request; {name!r} is none of {', '.join(MAPPED_FIELDS)}")
    if (source.json_text or source.split or source.notation) and name not in JSON_FIELDS:
        raise ValueError(f"json and split only for {', '.join(JSON_FIELDS)}, not {name!r}")
    if source.dates and name not in TIME_FIELDS:
        raise ValueError(f"dates only for times, not {name!r}")
    check_words(name, source)


def check_words(name: str, source: FieldSource) -> None:
    """Raise ValueError where the spec itself writes a word that the register does not know."""
    choices = CHOICES.get(name)
    written = [*(source.map or {}).values(), *(w for w in (source.constant, source.default) if w is not None)]
    for word in written if choices else ():
        if word not in (choices or ()):
            raise ValueError(f"for {name} one of {', '.join(choices or ())}; {word!r} is none of them")
