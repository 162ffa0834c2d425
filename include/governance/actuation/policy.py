"""What may be done to AWS at all: `policies/actuation.yaml`. Without the file nothing may."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from governance import documents
from governance.errors import GovernanceError
from governance.observation.rates import Rate
from governance.register.patterns import matches


def _default_is_named(rates: dict[str, float]) -> dict[str, float]:
    if "default" not in rates:
        raise ValueError("a rate named `default`, for every operation that is not listed")
    return rates


class RemediationExceptions(documents.Document):
    """Exceptions from remediation. Limits are of one run; exceeded, they stop it before its first call."""

    put: bool = False
    delete: bool = False
    accounts: tuple[str, ...] = ("*",)
    regions: tuple[str, ...] = ("*",)
    rules: tuple[str, ...] = ("*",)
    max_puts: int = Field(default=500, ge=0)
    max_deletes: int = Field(default=50, ge=0)

    def is_in_reach(self, account: str, region: str, rule: str) -> bool:
        """Tell whether this policy reaches a rule in a place at all."""
        wanted = ((self.accounts, account), (self.regions, region), (self.rules, rule))
        return all(any(matches(pattern, value) for pattern in patterns) for patterns, value in wanted)


class ActuationPolicy(documents.Document):
    """The whole of `actuation.yaml`.

    `member_role` is the name of the role that is assumed in other accounts than the one of the connection;
    None: only that account is acted in.
    """

    enabled: bool = False
    remediation_exceptions: RemediationExceptions = RemediationExceptions()
    member_role: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,64}$")] | None = None
    external_id: str | None = None
    calls_per_second: Annotated[dict[str, Rate], AfterValidator(_default_is_named)] = Field(
        default={"default": 1.0}
    )


def read(policies: Path) -> ActuationPolicy:
    """Read actuation.yaml of the folder `policies`; where there is none, everything is off.

    Raises DocumentError with every mistake.
    """
    path = policies / "actuation.yaml"
    return documents.read(path, ActuationPolicy) if path.exists() else ActuationPolicy()


def require_enabled(policy: ActuationPolicy) -> None:
    """Raise GovernanceError where nothing may be done at all."""
    if not policy.enabled:
        raise GovernanceError(
            "actuation is off: policies/actuation.yaml says `enabled: false`, or is not there; "
            "without --apply `governance act` prints what it would call"
        )
