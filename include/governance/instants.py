"""The instants that people write on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from governance.errors import GovernanceError


def read_instant(written: str, option: str = "--at") -> datetime:
    """Return what an option says, in UTC: ISO 8601, UTC where no offset is named.

    >>> read_instant("2026-11-16T09:00+01:00").isoformat(), read_instant("2026-11-16").isoformat()
    ('2026-11-16T08:00:00+00:00', '2026-11-16T00:00:00+00:00')
    """
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise GovernanceError(
            f"{option}: found {written!r}, expected ISO 8601 such as 2026-11-16T08:00Z"
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
