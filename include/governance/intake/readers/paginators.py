"""Paginators: given the answer to one page, say how to ask for the next; and where the next pull starts.

No transport in here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from governance.errors import SourceUnavailableError


@dataclass
class TokenPages:
    """Follow `nextPageToken` until there is none. An empty page may carry one; a token never comes twice.

    >>> pages = TokenPages()
    >>> pages.parameters
    {}
    >>> pages.advance({"issues": [], "nextPageToken": "b", "isLast": False}), pages.parameters
    (True, {'nextPageToken': 'b'})
    >>> pages.advance({"issues": [1], "isLast": True})
    False
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def advance(self, answer: dict[str, Any]) -> bool:
        """Prepare the next page; False where this was the last."""
        token = answer.get("nextPageToken")
        if not token or answer.get("isLast") is True:
            return False
        if token in self._seen:
            raise SourceUnavailableError(
                "the source sends the same page token twice: its pages go in a circle"
            )
        self._seen.add(token)
        self.parameters = {"nextPageToken": token}
        return True


@dataclass
class OffsetPages:
    """Count `startAt` up to `total`, by what really came; a page may be shorter than asked for.

    >>> pages = OffsetPages(items="issues")
    >>> pages.parameters
    {'startAt': 0}
    >>> pages.advance({"startAt": 0, "total": 3, "issues": [1, 2]}), pages.parameters
    (True, {'startAt': 2})
    >>> pages.advance({"startAt": 2, "total": 3, "issues": [3]})
    False
    """

    items: str
    parameters: dict[str, Any] = field(default_factory=lambda: {"startAt": 0})

    def advance(self, answer: dict[str, Any]) -> bool:
        """Prepare the next page; False where this was the last."""
        came, total = len(answer.get(self.items) or ()), int(answer.get("total") or 0)
        start = self.parameters["startAt"] + came
        if start >= total:
            return False
        if not came:
            raise SourceUnavailableError(f"the source sends an empty page at {start} of {total}")
        self.parameters = {"startAt": start}
        return True


@dataclass
class LinkPages:
    """Follow `Link: rel="next"` until there is none; the link is the whole address of the next page.

    >>> pages = LinkPages("/repos/o/r/issues", {"state": "all"})
    >>> pages.advance("https://api/repositories/1/issues?page=2"), pages.path, pages.parameters
    (True, 'https://api/repositories/1/issues?page=2', None)
    >>> pages.advance(None)
    False
    """

    path: str
    parameters: dict[str, Any] | None = None
    _seen: set[str] = field(default_factory=set)

    def advance(self, link: str | None) -> bool:
        """Prepare the next page; False where this was the last."""
        if link is None:
            return False
        if link in self._seen:
            raise SourceUnavailableError("the source links to the same page twice: its pages go in a circle")
        self._seen.add(link)
        self.path, self.parameters = link, None
        return True


@dataclass
class KeysetPages:
    """Ask for what comes after the last row seen, in the order of a time and a unique id.

    What changes while it is read moves behind the last page and is met again; nothing is skipped. The words
    are those of ServiceNow's encoded queries, where `^OR` binds tighter than `^`.

    >>> pages = KeysetPages("sys_updated_on", "sys_id")
    >>> pages.condition
    ''
    >>> pages.advance([("2026-03-01 10:00:00", "b")]), pages.condition
    (True, 'sys_updated_on>=2026-03-01 10:00:00^sys_updated_on>2026-03-01 10:00:00^ORsys_id>b')
    >>> pages.order
    'ORDERBYsys_updated_on^ORDERBYsys_id'
    """

    time: str
    id: str
    last: tuple[str, str] | None = None

    @property
    def condition(self) -> str:
        """What holds for the rows that are still to come; '' for all."""
        if self.last is None:
            return ""
        at, row = self.last
        return f"{self.time}>={at}^{self.time}>{at}^OR{self.id}>{row}"

    @property
    def order(self) -> str:
        """The order that makes this right."""
        return f"ORDERBY{self.time}^ORDERBY{self.id}"

    def advance(self, rows: list[tuple[str, str]]) -> bool:
        """Prepare the page after `rows`; raises SourceUnavailableError where they lead nowhere."""
        last = rows[-1] if rows else None
        if last is None or (self.last is not None and (last == self.last or last[0] < self.last[0])):
            raise SourceUnavailableError(
                f"the source sends a page that ends at {last}, not after {self.last}:"
                " its pages go in a circle"
            )
        self.last = last
        return True


@dataclass
class UpdatedSince:
    """Incremental state: the latest update time seen; a pull starts an overlap before the last one's.

    The overlap forgives clocks that differ and records that were committed after their time stamp.

    >>> state = UpdatedSince.of({"updated": "2026-03-01T10:00:00+00:00"}, overlap_minutes=60)
    >>> state.start.isoformat()
    '2026-03-01T09:00:00+00:00'
    >>> state.saw(datetime.fromisoformat("2026-03-02T00:00:00+00:00")), state.saw(None), state.cursor
    (None, None, {'updated': '2026-03-02T00:00:00+00:00'})
    >>> UpdatedSince.of(None, overlap_minutes=60).start is None
    True
    """

    start: datetime | None
    latest: datetime | None

    @classmethod
    def of(cls, cursor: dict[str, Any] | None, overlap_minutes: int) -> UpdatedSince:
        """Return the state that the last complete pull left; without one everything is asked for."""
        latest = datetime.fromisoformat(cursor["updated"]) if cursor else None
        return cls(latest - timedelta(minutes=overlap_minutes) if latest else None, latest)

    def saw(self, at: datetime | None) -> None:
        """Note the update time of a record; None where it has none that can be read."""
        self.latest = max(filter(None, (self.latest, at)), default=None)

    @property
    def cursor(self) -> dict[str, Any] | None:
        """What the next pull needs to know; None where nothing was ever seen."""
        return {"updated": self.latest.isoformat()} if self.latest else None
