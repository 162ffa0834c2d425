"""The charter: `policies/charter.yaml`, the outcomes the review meeting holds itself to."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from governance import documents
from governance.review.measures import BY_ID


class Outcome(documents.Document):
    """One target, in the unit of its measure."""

    measure: str
    target: float = Field(ge=0)
    direction: Literal["at_least", "at_most"]
    words: str

    @field_validator("measure")
    @classmethod
    def _measure_can_have_a_target(cls, name: str) -> str:
        fit = sorted(measure.id for measure in BY_ID.values() if measure.over != "count")
        if name not in fit:
            raise ValueError(f"a measure that can have a target: {', '.join(fit)}")
        return name

    @model_validator(mode="after")
    def _share_is_a_share(self) -> Self:
        if BY_ID[self.measure].unit == "share" and self.target > 1:
            raise ValueError(f"a target between 0 and 1 for {self.measure}, which is a share")
        return self

    def met(self, value: float) -> bool:
        """Tell whether `value` meets the target; meeting it exactly counts."""
        return value >= self.target if self.direction == "at_least" else value <= self.target


class Charter(documents.Document):
    """The whole file."""

    purpose: str
    outcomes: tuple[Outcome, ...]

    @model_validator(mode="after")
    def _one_target_each(self) -> Self:
        names = [outcome.measure for outcome in self.outcomes]
        if len(set(names)) < len(names):
            raise ValueError("one target per measure")
        return self

    def of(self, measure: str) -> Outcome | None:
        """Return the target of a measure, None where it has none."""
        return next((outcome for outcome in self.outcomes if outcome.measure == measure), None)


def read(policies: Path) -> Charter:
    """Read `charter.yaml` of a policies folder; raises DocumentError with every mistake."""
    return documents.read(policies / "charter.yaml", Charter)
