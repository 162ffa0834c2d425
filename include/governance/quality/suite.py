"""What is expected of a batch, as people write it: a name, a Great Expectations type, and words.

The canonical suite is `canonical.yaml` beside this file, and for each kind a file of its name; a spec adds
more in the same form.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from governance import documents
from governance.documents import Document
from governance.register.request import BATCH_COLUMNS, KINDS

DERIVED_COLUMNS = (
    "kinds_of_key", "registered_kind", "foreign_field", "absent_column", "records_of_key",
    "malformed_account", "unknown_account", "unknown_control", "unknown_owner",
)  # fmt: skip
"""Columns that the gate adds to a batch before it is checked:

kinds_of_key      how many kinds the batch gives to this source key
registered_kind   the kind under which the register knows it
foreign_field     a field with a value that requests of this kind do not have
absent_column     a column the source should have and this record has not
records_of_key    how many different records of this key the file of a snapshot holds; 1 in an event log
malformed_account an account that the request names and that is no account
unknown_account   one that a complete listing of the organization does not hold
unknown_control   a rule or control that complete listings do not hold
unknown_owner     an owner named by the source whom the ownership policy does not name
"""

_CHECKED = frozenset((*BATCH_COLUMNS, *DERIVED_COLUMNS))
Severity = Literal["quarantine", "hold", "note"]
Words = Annotated[tuple[str, ...], BeforeValidator(lambda v: [v] if isinstance(v, str) else v)]


class Check(Document):
    """One expectation. `quarantine` keeps the failing records out, `hold` the whole batch, `note` nothing."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: str = Field(
        pattern=r"^expect_[a-z_]+$", description="Name of the expectation in Great Expectations"
    )
    kwargs: dict[str, Any] = Field(default={})
    when: dict[str, Words] = Field(default={}, description="Only rows whose column has one of these words")
    severity: Severity = "quarantine"
    words: str = Field(min_length=1, description="What is right, for the person who must mend the record")

    @field_validator("kwargs")
    @classmethod
    def _columns_exist(cls, kwargs: dict[str, Any]) -> dict[str, Any]:
        for name, value in kwargs.items():
            if name.startswith("column") and isinstance(value, str) and value not in _CHECKED:
                raise ValueError(f"columns of the canonical batch; {value!r} is none of them")
        return kwargs

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at."""
        return tuple(
            str(self.kwargs[name]) for name in ("column", "column_A", "column_B") if name in self.kwargs
        )


class Suite(Document):
    """The whole file. With a `kind`, every expectation is about requests of that kind only."""

    kind: Literal["addition", "change", "exception"] | None = None
    expectations: tuple[Check, ...]

    @field_validator("expectations")
    @classmethod
    def _ids_are_unique(cls, checks: tuple[Check, ...]) -> tuple[Check, ...]:
        ids = [check.id for check in checks]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"ids that are unique; {name!r} stands twice")
        return checks


@cache
def canonical_suite(kinds: tuple[str, ...] = KINDS) -> tuple[Check, ...]:
    """Return the expectations of every canonical batch in which requests of these kinds may occur."""
    checks = list(_read("canonical").expectations)
    for kind in kinds:
        suite = _read(kind)
        checks += [
            check.model_copy(update={"when": {"kind": (kind,), **check.when}}) for check in suite.expectations
        ]
    return tuple(checks)


def _read(name: str) -> Suite:
    return documents.read(Path(__file__).with_name(f"{name}.yaml"), Suite)
