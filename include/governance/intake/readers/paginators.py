"""Paginators: given the answer to one page, say how to ask for the next. No transport in here."""

from __future__ import annotations

from dataclasses import dataclass, field
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
class MarkerPages:
    """Send back the marker of AWS until there is none; `asked` and `answered` are how the service calls it.

    >>> pages = MarkerPages(asked="PageToken", answered="NextPageToken")
    >>> pages.advance({"RecordDetails": [], "NextPageToken": "b"}), pages.parameters
    (True, {'PageToken': 'b'})
    >>> pages.advance({"RecordDetails": [1]})
    False
    """

    asked: str = "NextToken"
    answered: str = "NextToken"
    parameters: dict[str, Any] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def advance(self, answer: dict[str, Any]) -> bool:
        """Prepare the next page; False where this was the last."""
        marker = answer.get(self.answered)
        if not marker:
            return False
        if marker in self._seen:
            raise SourceUnavailableError(
                "the source sends the same page token twice: its pages go in a circle"
            )
        self._seen.add(marker)
        self.parameters = {self.asked: marker}
        return True
