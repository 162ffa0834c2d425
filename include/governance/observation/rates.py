"""How fast AWS is asked: one pace per operation, from `policies/observation.yaml`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

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


class DeliveryPolicy(Document):
    """How old a configuration snapshot in the delivery bucket may be before it counts as late."""

    max_age_hours: float = Field(default=26, gt=0, le=24 * 7)


class MemberPolicy(Document):
    """How accounts of the organization are visited, beside what the hub tells about them.

    `role` is the name of the role that the hub assumes, empty: nobody is visited. `recorders`: where recorder
    and delivery channel are asked; `unhealthy` are places whose aggregator source is not SUCCEEDED.
    `remediations`: patterns of accounts whose remediations and exceptions from them are listed; that costs a
    call per remediated rule in each of their regions. A session of a role that was itself assumed lasts an
    hour at most: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """

    role: str = Field(default="", pattern=r"^[\w+=,.@/-]*$", max_length=512)
    external_id: str | None = Field(default=None, min_length=2, max_length=1224)
    session_minutes: int = Field(default=60, ge=15, le=60)
    recorders: Literal["none", "unhealthy", "all"] = "unhealthy"
    remediations: tuple[str, ...] = ()


DAILY = (
    "organizations/accounts", "organizations/units", "organizations/policies", "organizations/policy_targets",
    "organizations/delegated_administrators", "organizations/tags", "controltower/enabled_controls",
    "servicecatalog/portfolios", "servicecatalog/shares", "servicecatalog/constraints", "ssm/documents",
)  # fmt: skip
"""Listings that hardly change in a day, and take most calls."""


class ObservationPolicy(Document):
    """The file: calls per second by `service:Operation`, and `default` for all others.

    AWS is observed every `every_hours`; the listings of the hub in `daily` (service/dataset) are asked for
    once a day and taken over by the other runs, as of then.
    """

    calls_per_second: Annotated[dict[str, Rate], AfterValidator(_default_is_named)]
    every_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24] = 6
    daily: tuple[str, ...] = DAILY
    delivery: DeliveryPolicy = DeliveryPolicy()
    members: MemberPolicy = MemberPolicy()

    @property
    def runs_per_day(self) -> int:
        """How often AWS is observed in a day."""
        return 24 // self.every_hours

    @property
    def cron(self) -> str:
        """When AWS is observed: five fields of cron, UTC."""
        return f"0 {'0' if self.every_hours == 24 else f'*/{self.every_hours}'} * * *"

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
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def wait(self, action: str) -> None:
        """Return when the operation may be called again."""
        if not self.factor:
            return
        with self._lock:
            now = self.clock()
            begin = max(now, self._free_at.get(action, now))
            self._free_at[action] = begin + self.tasks / (self.policy.rate(action) * self.factor)
        if begin > now:
            self.sleep(begin - now)
