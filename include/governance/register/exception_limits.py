"""How long an exception may last and how often it may be renewed: `policies/exception_limits.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from governance import documents


class Limit(documents.Document):
    """How long and how often, for exceptions of a category and risk level (None: any)."""

    category: Literal["waiver", "mitigated", "false_positive", "not_applicable"] | None = None
    risk_level: Literal["low", "medium", "high", "critical"] | None = None
    max_days: float = Field(gt=0)
    max_renewals: int = Field(ge=0)


class ExceptionLimits(documents.Document):
    """The whole of `exception_limits.yaml`."""

    limits: tuple[Limit, ...]

    def of(self, category: str | None, risk_level: str | None) -> Limit | None:
        """Return the first limit that fits, None where none does."""
        return next(
            (
                limit
                for limit in self.limits
                if limit.category in (None, category) and limit.risk_level in (None, risk_level)
            ),
            None,
        )


def read(policies: Path) -> ExceptionLimits:
    """Read the limits of a policies folder; raises DocumentError with every mistake."""
    return documents.read(policies / "exception_limits.yaml", ExceptionLimits)
