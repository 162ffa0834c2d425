"""Read the issues of a Jira search with their changelogs, since the last pull or all of them.

Cloud: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ (search/jql)
Data Center: https://docs.atlassian.com/software/jira/docs/api/REST/9.17.0/ (search)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from governance.errors import SourceUnavailableError
from governance.intake.readers.http import JsonHttp
from governance.intake.readers.jira.history import first_key
from governance.intake.readers.jira.options import JiraOptions
from governance.intake.readers.paginators import OffsetPages, TokenPages, UpdatedSince
from governance.intake.records import Pull, Raw, Record

_SEARCH = {"cloud": "/rest/api/3/search/jql", "data_center": "/rest/api/2/search"}
_ALWAYS = ("created", "updated", "status", "reporter")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-\d+|\d+")


@dataclass(frozen=True)
class JiraReader:
    """`fields` are the issue fields to ask for; `time_zone` is where JQL's clock is read."""

    options: JiraOptions
    http: JsonHttp
    fields: tuple[str, ...]
    time_zone: str

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield one record per issue; the cursor afterwards holds the latest update time that was seen."""
        since = UpdatedSince.of(cursor, self.options.overlap_minutes)
        seen: set[tuple[str, str]] = set()
        for issue in self._issues(self._jql(since.start)):
            key, updated = _identity(issue), str((issue.get("fields") or {}).get("updated"))
            if (key, updated) in seen:
                continue  # issues move between pages while they are read; that is no second record
            seen.add((key, updated))
            pull.places.add(key)
            at = _time(updated)
            since.saw(at)
            yield Record(key, issue, None if at else f"updated is {updated!r}, which is no time of Jira's")
        pull.cursor = since.cursor
        pull.whole = cursor is None

    def trace(self, key: str) -> str:
        """Return what became of an issue that is no longer found; Jira knows it by every old key."""
        if not _KEY.fullmatch(key):
            return "its key cannot be looked up by itself"
        version = 3 if self.options.deployment == "cloud" else 2
        answer = self.http.ask(f"/rest/api/{version}/issue/{key}", {"fields": "status"}, accepted=(404, 410))
        if answer.status != 200:
            return f"Jira answers {answer.status}: it was deleted, or is hidden from our account"
        found = answer.peek()
        now = str(found.get("key", key)) if isinstance(found, dict) else key
        where = f"it was moved and is now {now}" if now != key else "it is still there"
        return f"{where}, outside of the source's search"

    def _jql(self, start: datetime | None) -> str:
        # Ordered by key, which never changes: an update meanwhile shifts no issue past a page already read.
        order = "ORDER BY key ASC"
        if start is None:
            return f"{self.options.jql} {order}"
        zone = ZoneInfo(self.options.user_time_zone or self.time_zone)
        since = f"{start.astimezone(zone):%Y-%m-%d %H:%M}"
        return f'{self.options.jql} AND updated >= "{since}" {order}'

    def _issues(self, jql: str) -> Iterator[Raw]:
        path = _SEARCH[self.options.deployment]
        asked = {
            "jql": jql,
            "fields": ",".join(sorted({*self.fields, *_ALWAYS})),
            "expand": "changelog",
            "maxResults": self.options.page_size,
        }
        pages = TokenPages() if self.options.deployment == "cloud" else OffsetPages("issues")
        while True:
            page = self.http.get(path, {**asked, **pages.parameters})
            if not isinstance(page, dict) or not isinstance(page.get("issues"), list):
                raise SourceUnavailableError("Jira answers a search without a list of issues")
            yield from map(self._complete, page["issues"])
            if not pages.advance(page):
                return

    def _complete(self, issue: Raw) -> Raw:
        """Add what the search left out: the rest of a long changelog, ids of fields named only by name."""
        changelog = issue.get("changelog") or {}
        histories = list(changelog.get("histories") or [])
        if int(changelog.get("total") or 0) > len(histories):
            histories = list(self._histories(issue["key"]))
        if any("fieldId" not in item for item in _items(histories)):
            histories = [self._with_ids(entry) for entry in histories]
        return {**issue, "changelog": {"histories": histories}}

    def _histories(self, key: str) -> Iterator[Raw]:
        version = 3 if self.options.deployment == "cloud" else 2
        pages = OffsetPages("values")
        while True:
            page = self.http.get(f"/rest/api/{version}/issue/{key}/changelog", dict(pages.parameters))
            if not isinstance(page, dict):
                raise SourceUnavailableError(f"Jira answers the changelog of {key} without a page")
            yield from page.get("values") or []
            if not pages.advance(page):
                return

    def _with_ids(self, entry: Raw) -> Raw:
        ids = self._field_ids
        items = [
            {"fieldId": ids.get(item.get("field"), item.get("field")), **item} for item in entry["items"]
        ]
        return {**entry, "items": items}

    @cached_property
    def _field_ids(self) -> dict[str, str]:
        """Field name -> id; Data Center writes only the name into its changelog."""
        version = 3 if self.options.deployment == "cloud" else 2
        found = self.http.get(f"/rest/api/{version}/field", {})
        return {str(field["name"]): str(field["id"]) for field in found if isinstance(field, dict)}


def _identity(issue: Raw) -> str:
    """The first key of an issue; today's where its changelog cannot be read, which the mapping reports."""
    try:
        return first_key(issue)
    except (ValueError, KeyError, TypeError):
        return str(issue.get("key", "?"))


def _items(histories: Iterable[Raw]) -> Iterator[Raw]:
    return (item for entry in histories for item in entry.get("items") or ())


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
