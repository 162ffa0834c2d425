"""One call of an operation, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """What is asked, and where: `action` as IAM writes it, the account and region that the key acts in.

    `struck` names the faults that the handler itself has to act out: partial, stale.
    """

    action: str
    arguments: Mapping[str, Any]
    account: str
    region: str
    struck: frozenset[str] = frozenset()

    @property
    def place(self) -> tuple[str, str]:
        """Account and region."""
        return self.account, self.region


Handler = Callable[[Call], dict[str, Any]]
"""Takes a call whose arguments fit the model, returns the members of the answer; raises ServiceError."""
