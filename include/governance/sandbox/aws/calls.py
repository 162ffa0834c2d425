"""One call of an operation, as its handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """What is asked, and where: `action` as IAM writes it, the account and region that the key acts in."""

    action: str
    arguments: Mapping[str, Any]
    account: str
    region: str


Handler = Callable[[Call], dict[str, Any]]
"""Takes a call whose arguments fit the model, returns the members of the answer; raises ServiceError."""
