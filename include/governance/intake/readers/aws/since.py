"""Where a pull by time of last change starts, and what it need not ask for again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass
class Since:
    """The cursor: the latest change that was seen, and the items that changed shortly before it.

    A pull starts `overlap` before the latest change, because AWS may list late what happened early; what was
    seen then in the same state is not drawn again, so that a pull without news costs one request.

    >>> since = Since.read(None, timedelta(hours=1))
    >>> since.is_news("oi-1", datetime(2026, 11, 16, 8)), since.start
    (True, None)
    >>> later = Since.read(since.cursor, timedelta(hours=1))
    >>> later.is_news("oi-1", datetime(2026, 11, 16, 8)), later.start
    (False, datetime.datetime(2026, 11, 16, 7, 0))
    """

    overlap: timedelta
    latest: datetime | None = None
    known: dict[str, str] = field(default_factory=dict)
    start: datetime | None = None
    """From where to ask; None for everything."""

    @classmethod
    def read(cls, cursor: dict[str, Any] | None, overlap: timedelta) -> Since:
        """Return where the last complete pull ended."""
        if not cursor:
            return cls(overlap)
        latest = datetime.fromisoformat(cursor["updated"])
        return cls(overlap, latest, dict(cursor.get("seen", {})), latest - overlap)

    def is_news(self, key: str, changed: datetime) -> bool:
        """Take note of an item; tell whether it was not seen in this state before."""
        self.latest = max(filter(None, (self.latest, changed)))
        known = self.known.get(key) == changed.isoformat()
        self.known[key] = changed.isoformat()
        return not known and (self.start is None or changed >= self.start)

    @property
    def cursor(self) -> dict[str, Any] | None:
        """Where the next pull starts; remembers what lies within the overlap."""
        if self.latest is None:
            return None
        edge = self.latest - self.overlap
        recent = {key: at for key, at in self.known.items() if datetime.fromisoformat(at) >= edge}
        return {"updated": self.latest.isoformat(), "seen": recent}
