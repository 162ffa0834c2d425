"""Jira, Cloud and Data Center: issues updated since the last pull, each with the history in its changelog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from governance.errors import SourceUnavailableError
from governance.intake.paging import NextPageToken, Paginator, StartAt
from governance.intake.readers.http import Service
from governance.intake.records import Observation, Pull, Record

if TYPE_CHECKING:
    from governance.intake.readers import Surroundings
    from governance.intake.spec import JiraReader, SourceSpec

SEARCH = {"cloud": "/rest/api/3/search/jql", "data_center": "/rest/api/2/search"}
TIME = "%Y-%m-%dT%H:%M:%S.%f%z"


def read(spec: SourceSpec, around: Surroundings, pull: Pull) -> Iterator[Record]:
    """Yield the issues updated since the last pull less an overlap; an issue seen twice is yielded once."""
    if around.connection is None:
        raise SourceUnavailableError(f"connection {spec.connection!r} is needed to read Jira")
    options: Any = spec.reader
    service = Service(around.connection)
    seen: dict[str, str] = {}
    newest = pull.since.get("updated")
    for page in _pages(service, options, newest):
        for issue in page:
            record = record_of_issue(issue, f"{service.client.base_url}".rstrip("/"))
            updated = str((issue.get("fields") or {}).get("updated")) if isinstance(issue, dict) else ""
            if seen.get(record.locator) == updated:
                continue
            seen[record.locator] = updated
            newest = max(newest or "", _utc(updated)) or None
            yield record
    pull.cursor = {"updated": newest} if newest else {}


def _pages(service: Service, options: JiraReader, since: str | None) -> Iterator[list[Any]]:
    jql = options.jql
    if since:
        begin = datetime.fromisoformat(since) - timedelta(minutes=options.overlap_minutes)
        jql = f'({jql}) AND updated >= "{begin:%Y-%m-%d %H:%M}"'
    parameters = {
        "jql": f"{jql} ORDER BY updated ASC, key ASC",
        "fields": ",".join(options.fields),
        "expand": "changelog",
        "maxResults": options.page_size,
    }
    paginator: Paginator = NextPageToken("issues") if options.flavour == "cloud" else StartAt("issues")
    yield from service.pages(SEARCH[options.flavour], parameters, paginator)


def _utc(text: str) -> str:
    try:
        return datetime.strptime(text, TIME).astimezone(UTC).isoformat()
    except ValueError:
        return ""


def record_of_issue(issue: Any, base_url: str) -> Record:
    """Return one issue as a record: its observations are the states its changelog tells, oldest first."""
    key = issue.get("key") if isinstance(issue, dict) else None
    fields = issue.get("fields") if isinstance(issue, dict) else None
    if not key or not isinstance(fields, dict):
        return Record(str(key or "issue without a key"), issue, problem="an issue without key or fields")
    now = {**{name: _plain(value) for name, value in fields.items()}, "key": key}
    now["url"] = f"{base_url or str(issue.get('self', '')).split('/rest/')[0]}/browse/{key}"
    histories = (issue.get("changelog") or {}).get("histories") or []
    return Record(key, issue, tuple(_observations(now, histories)))


def _observations(now: dict[str, Any], histories: list[dict[str, Any]]) -> Iterator[Observation]:
    """Walk the changelog backwards from today's state: each entry tells the state before it."""
    later_first = sorted(
        histories, key=lambda entry: (str(entry.get("created")), str(entry.get("id"))), reverse=True
    )
    found, state = [], dict(now)
    for entry in later_first:
        author = (entry.get("author") or {}).get("emailAddress")
        found.append(Observation({**state, "updated": entry.get("created")}, entry.get("created"), author))
        for item in reversed(entry.get("items") or []):
            _undo(state, item)
    created = now.get("created")
    reporter = (now.get("reporter") or {}) if isinstance(now.get("reporter"), dict) else {}
    found.append(Observation({**state, "updated": created}, created, reporter.get("emailAddress")))
    yield from reversed(found)


def _undo(state: dict[str, Any], item: dict[str, Any]) -> None:
    """Set a field back to what it was before a changelog item."""
    name = item.get("fieldId") or item.get("field") or ""
    before_text, before_id = item.get("fromString"), item.get("from")
    current = state.get(name)
    if isinstance(current, dict) or name in ("status", "assignee", "reporter", "issuetype"):
        state[name] = _object_before(name, current, before_text, before_id)
    else:
        state[name] = before_text if before_text is not None else before_id


def _object_before(name: str, current: Any, text: str | None, identifier: str | None) -> Any:
    if text is None and identifier is None:
        return None
    if name in ("assignee", "reporter"):
        address = next((word for word in (text, identifier) if word and "@" in word), None)
        return {"emailAddress": address, "displayName": text}
    label = "value" if isinstance(current, dict) and "value" in current else "name"
    return {label: text}


def _plain(value: Any) -> Any:
    """Turn Atlassian's document format into text; leave everything else."""
    if isinstance(value, dict) and value.get("type") == "doc":
        return "\n".join(_text(block) for block in value.get("content") or []).strip()
    return value


def _text(node: dict[str, Any]) -> str:
    if node.get("type") == "hardBreak":
        return "\n"
    return str(node.get("text") or "") + "".join(_text(child) for child in node.get("content") or [])
