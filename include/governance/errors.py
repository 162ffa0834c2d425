"""Errors that a person can act on: where, what was found, what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class GovernanceError(Exception):
    """Base of every error raised here on purpose. Its text is one line, fit for a log or an e-mail."""


class SourceUnavailableError(GovernanceError):
    """A source could not be read now; the register is as it was and the next run tries again."""


class RegisterUnavailableError(GovernanceError):
    """The register could not be reached; nothing was written."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file that a person writes."""

    path: Path
    line: int | None
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        """`file:line: key: found ..., expected ...`."""
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        key = f" {self.key}:" if self.key else ""
        return f"{place}:{key} found {self.found}, expected {self.expected}"


class DocumentError(GovernanceError):
    """A configuration file is wrong; `problems` lists every mistake in it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
