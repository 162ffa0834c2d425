"""The definition of a request form: `templates/forms/<kind>.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from governance import documents, resources
from governance.documents import Document
from governance.intake.fields import CHOICES, MAPPED_FIELDS
from governance.register.request import JSON_FIELDS, KINDS, TIME_FIELDS
from governance.register.scope import Scope

FieldType = Literal["line", "text", "mail", "choice", "date", "time", "list", "scopes", "pairs"]
_LINES = ("text", "list", "scopes", "pairs")
DATE, TIME = "%Y-%m-%d", "%Y-%m-%d %H:%M"


class FormField(Document):
    """One field: what it is called on the form, and which field of a request it fills."""

    field: str
    label: str = Field(pattern=r"^[^:\n#]+$", max_length=60)
    type: FieldType
    help: str = Field(min_length=1)
    required: bool
    choices: dict[str, str] = Field(default={}, description="Word on the form -> word of the register")
    example: str = ""

    @property
    def has_lines(self) -> bool:
        """Whether its answer may take several lines."""
        return self.type in _LINES

    @property
    def sample(self) -> str:
        """A right answer, as a person would write it."""
        return self.example or next(iter(self.choices), "")

    @model_validator(mode="after")
    def _fits_its_field(self) -> Self:
        if self.field not in MAPPED_FIELDS:
            raise ValueError(f"fields of a request; {self.field!r} is none")
        if bool(self.choices) != (self.type == "choice") or (self.field in CHOICES) != (
            self.type == "choice"
        ):
            raise ValueError(f"choices for type choice and closed vocabularies alone, not for {self.field}")
        for word in self.choices.values():
            if word not in CHOICES[self.field]:
                raise ValueError(
                    f"words of the register; {word!r} is none of {', '.join(CHOICES[self.field])}"
                )
        if (self.field in TIME_FIELDS) != (self.type in ("date", "time")):
            raise ValueError(f"type date or time for times alone, not for {self.field}")
        if (self.field in JSON_FIELDS) != (self.type in ("list", "scopes", "pairs")):
            raise ValueError(
                f"type list, scopes or pairs for {', '.join(JSON_FIELDS)} alone, not {self.field}"
            )
        return self


class Form(Document):
    """The whole file."""

    kind: Literal["addition", "change", "exception"]
    title: str = Field(min_length=1)
    intro: str
    fields: tuple[FormField, ...]

    @model_validator(mode="after")
    def _labels_are_told_apart(self) -> Self:
        labels = [one.label.casefold() for one in self.fields]
        names = [one.field for one in self.fields]
        for known in (labels, names):
            twice = next((one for one in known if known.count(one) > 1), None)
            if twice:
                raise ValueError(f"labels and fields that are unique; {twice!r} stands twice")
        # in an e-mail a line that begins with a label ends the answer before it
        inside = set(labels) & set(Scope.model_fields)
        if inside:
            raise ValueError(f"labels that are no dimension of a scope; {', '.join(inside)} is one")
        if not {"title", "requester"} <= set(names):
            raise ValueError("a title and a requester among the fields")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels in their order."""
        return tuple(one.label for one in self.fields)


def read_form(kind: str, config_dir: Path | None = None) -> Form:
    """Read the form of a kind; raises DocumentError with every mistake in it."""
    return documents.read(resources.folder("templates", config_dir) / "forms" / f"{kind}.yaml", Form)


def read_forms(config_dir: Path | None = None) -> tuple[Form, ...]:
    """Read the form of every kind."""
    return tuple(read_form(kind, config_dir) for kind in KINDS)
