"""How services cut a listing into pages: each way is one small class.

>>> pages = NextPageToken(items="issues")
>>> pages.after({"issues": [1], "nextPageToken": "t1", "isLast": False})
{'nextPageToken': 't1'}
>>> pages.after({"issues": [], "isLast": True})
>>> StartAt(items="issues").after({"issues": [1, 2], "startAt": 4, "total": 10})
{'startAt': 6}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from governance.errors import SourceUnavailableError


class Paginator(Protocol):
    """`after` says which parameters ask for the page after this one, or None where it was the last."""

    items: str

    def after(self, page: dict[str, Any]) -> dict[str, Any] | None:
        """Return the parameters of the next page, or None."""


@dataclass
class NextPageToken:
    """A token in each page; an empty page may carry one, and the same token twice would never end."""

    items: str
    seen: set[str] = field(default_factory=set)

    def after(self, page: dict[str, Any]) -> dict[str, Any] | None:
        """Return the next token, until `isLast` or no token."""
        token = page.get("nextPageToken")
        if page.get("isLast") or not token:
            return None
        if token in self.seen:
            raise SourceUnavailableError(
                f"the service repeats the page token {token!r}: the listing never ends"
            )
        self.seen.add(token)
        return {"nextPageToken": token}


@dataclass
class StartAt:
    """An offset and a total. A page shorter than asked for is fine, an empty one before the end is not."""

    items: str

    def after(self, page: dict[str, Any]) -> dict[str, Any] | None:
        """Return the next offset, until the total is reached."""
        reached = int(page.get("startAt", 0)) + len(page[self.items])
        total = int(page["total"])
        if reached >= total:
            return None
        if not page[self.items]:
            raise SourceUnavailableError(f"the service says {total} items and shows none after {reached}")
        return {"startAt": reached}
