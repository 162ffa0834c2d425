"""Why a record cannot be loaded, for a person to read."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Reason:
    """What is wrong in words; the field it is about and the expectation that found it, where there is one."""

    why: str
    field: str | None = None
    expectation: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return what is stored: only what there is to say."""
        return {name: value for name, value in asdict(self).items() if value is not None}


Reasons = dict[int, list[Reason]]
"""By record number."""
