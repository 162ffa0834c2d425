"""How fast AWS is asked: one pace per operation, from `policies/observation.yaml`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from governance import documents
from governance.documents import Document

Rate = Annotated[float, Field(gt=0, le=1000)]


def _default_is_named(rates: dict[str, float]) -> dict[str, float]:
    wrong = next((name for name in rates if name != "default" and name.count(":") != 1), None)
    if wrong is not None:
        raise ValueError(f"operations such as organizations:ListAccounts; {wrong!r} is none")
    if "default" not in rates:
        raise ValueError("a rate named `default`, for every operation that is not listed")
    return rates


class ObservationPolicy(Document):
    """The file: calls per second by `service:Operation`, and `default` for all others."""

    calls_per_second: Annotated[dict[str, Rate], AfterValidator(_default_is_named)]

    def rate(self, action: str) -> float:
        """Return the calls per second that an operation may take."""
        return self.calls_per_second.get(action, self.calls_per_second["default"])


def read(policies: Path) -> ObservationPolicy:
    """Read observation.yaml of the folder `policies`; raises DocumentError with every mistake."""
    return documents.read(policies / "observation.yaml", ObservationPolicy)


@dataclass
class Pace:
    """Keeps calls apart so that no operation exceeds its rate.

    `tasks` is how many tasks share the rate at the same time, `factor` multiplies it (0: no limit at all).
    """

    policy: ObservationPolicy
    tasks: int = 1
    factor: float = 1.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _free_at: dict[str, float] = field(default_factory=dict, init=False)

    def wait(self, action: str) -> None:
        """Return when the operation may be called again."""
        if not self.factor:
            return
        now = self.clock()
        begin = max(now, self._free_at.get(action, now))
        self._free_at[action] = begin + self.tasks / (self.policy.rate(action) * self.factor)
        if begin > now:
            self.sleep(begin - now)
