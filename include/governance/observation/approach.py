"""How AWS is asked: with which retries, how fast, and where else than the hub."""

from __future__ import annotations

from dataclasses import dataclass, field

from botocore.config import Config

from governance.observation.calls import Calls
from governance.observation.rates import ObservationPolicy, Pace


def _usual() -> ObservationPolicy:
    return ObservationPolicy(calls_per_second={"default": 5})


@dataclass(frozen=True)
class Approach:
    """`client_config` overrides the adaptive retries; without a `pace` nothing waits.

    `deliveries` is the folder or `s3://bucket/prefix` that AWS Config delivers its snapshots to; empty: the
    aggregator is asked for everything. `policy` says how old a delivery may be and which accounts are
    visited: none, unless it names a role.
    """

    client_config: Config | None = None
    pace: Pace | None = None
    deliveries: str = ""
    policy: ObservationPolicy = field(default_factory=_usual)

    def calls(self) -> Calls:
        """Return a count of calls that keeps the pace."""
        return Calls(self.pace)
