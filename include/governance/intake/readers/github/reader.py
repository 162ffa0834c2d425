"""Read the issues of a repository, since the last pull or all of them, with the events of each.

https://docs.github.com/en/rest/issues/issues#list-repository-issues
https://docs.github.com/en/rest/issues/events#list-issue-events
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from governance.errors import SourceUnavailableError
from governance.intake.readers.github.history import EVENTS, instant
from governance.intake.readers.github.options import GithubOptions
from governance.intake.readers.http import JsonHttp
from governance.intake.readers.paginators import LinkPages, UpdatedSince
from governance.intake.records import Pull, Raw, Record

ACCEPT = "application/vnd.github+json"
_KEPT = (
    "id", "node_id", "number", "title", "state", "state_reason", "body", "labels", "user", "assignee",
    "created_at", "closed_at", "updated_at", "html_url", "milestone", "type",
)  # fmt: skip
"""What of an issue is kept: the rest are links, counts of comments and reactions, which change every day."""
_PERSON = ("login", "id", "type")
_EVENT = ("id", "event", "created_at", "state_reason", "rename")


@dataclass(frozen=True)
class GithubReader:
    """The issues of one repository; pull requests, listed among them, are left out and counted."""

    options: GithubOptions
    http: JsonHttp

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield one record per issue; the cursor afterwards holds the latest update time that was seen."""
        since = UpdatedSince.of(cursor, self.options.overlap_minutes)
        seen: set[tuple[Any, Any]] = set()
        pull_requests: set[Any] = set()
        for issue in self._items(self._first_page(since.start)):
            if "pull_request" in issue:
                pull_requests.add(issue.get("number"))
                continue
            state = issue.get("number"), issue.get("updated_at")
            if state in seen and None not in state:
                continue  # issues move between pages while they are read; that is no second record
            seen.add(state)
            at = _time(issue.get("updated_at"))
            since.saw(at)
            yield self._record(issue, at, pull)
        if pull_requests:
            pull.notes.append(f"{len(pull_requests)} pull requests are no issues and were left out")
        pull.cursor = since.cursor
        pull.whole = cursor is None

    def trace(self, key: str) -> str:
        """Return what became of an issue that is no longer found, in words."""
        number = key.rpartition("#")[2].rpartition("/")[2]
        if not number.isdigit():
            return "its key names no issue number to look up"
        answer = self.http.ask(f"{self._repository}/issues/{number}", accepted=(301, 404, 410))
        if answer.status == 301:
            return f"it was transferred to {self._moved(str(answer.target))}"
        if answer.status == 200:
            return "it is still there, and no longer fits the labels of the source"
        return (
            f"GitHub answers {answer.status}: it was deleted"
            if answer.status == 410
            else ("GitHub answers 404: it was deleted, or is hidden from our account")
        )

    def _moved(self, address: str) -> str:
        """The page of an issue at its new address, where our account may see it."""
        try:
            found = self.http.ask(address, accepted=(301, 403, 404, 410))
        except SourceUnavailableError:
            return address
        body = found.peek()
        page = body.get("html_url") if isinstance(body, dict) and found.status == 200 else None
        return str(page or address)

    @property
    def _repository(self) -> str:
        return f"/repos/{self.options.repository}"

    def _first_page(self, start: datetime | None) -> LinkPages:
        # Ordered by creation, which never changes: an update meanwhile shifts no issue past a page already
        # read. What a deletion meanwhile shifts, the next whole pull finds.
        asked: dict[str, Any] = {"state": "all", "sort": "created", "direction": "asc"}
        asked["per_page"] = self.options.page_size
        if self.options.labels:
            asked["labels"] = ",".join(self.options.labels)
        if start is not None:
            asked["since"] = f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return LinkPages(f"{self._repository}/issues", asked)

    def _items(self, pages: LinkPages) -> Iterator[Raw]:
        """Yield what a listing holds, page by page; an empty page may have a next one."""
        while True:
            answer = self.http.ask(pages.path, pages.parameters)
            items = answer.document
            if not isinstance(items, list):
                raise SourceUnavailableError("GitHub answers a listing without a list")
            yield from (item if isinstance(item, dict) else {"@item": item} for item in items)
            if not pages.advance(answer.next_link):
                return

    def _record(self, issue: Raw, at: datetime | None, pull: Pull) -> Record:
        locator = f"{self.options.repository}#{issue.get('number', '?')}"
        pull.places.add(locator)
        if at is None:
            updated = issue.get("updated_at")
            return Record(locator, issue, f"updated_at is {updated!r}, which is no time of GitHub's")
        if not isinstance(issue.get("number"), int):
            return Record(locator, issue, "the issue has no number")
        told = kept(issue)
        if self.options.history:
            pages = LinkPages(f"{self._repository}/issues/{issue['number']}/events", {"per_page": 100})
            told[EVENTS] = [_event(event) for event in self._items(pages)]
        return Record(locator, told)


def kept(issue: Raw) -> Raw:
    """Return what of an issue is kept, people by login, labels by name in the order of the alphabet."""
    told = {name: issue[name] for name in _KEPT if name in issue}
    for name in ("user", "assignee"):
        if isinstance(told.get(name), dict):
            told[name] = _person(told[name])
    if isinstance(told.get("labels"), list):
        names = [label.get("name") if isinstance(label, dict) else label for label in told["labels"]]
        told["labels"] = [{"name": name} for name in sorted(map(str, names))]
    for name in ("milestone", "type"):
        if isinstance(told.get(name), dict):
            told[name] = told[name].get("title") or told[name].get("name")
    return told


def _event(event: Raw) -> Raw:
    told: Raw = {name: event[name] for name in _EVENT if name in event}
    for name in ("actor", "assignee"):
        if isinstance(event.get(name), dict):
            told[name] = _person(event[name])
    if isinstance(event.get("label"), dict):
        told["label"] = {"name": event["label"].get("name")}
    return told


def _person(user: Raw) -> Raw:
    return {name: user[name] for name in _PERSON if name in user}


def _time(text: Any) -> datetime | None:
    try:
        return instant(text)
    except ValueError:
        return None
