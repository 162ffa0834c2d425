"""From an issue and its changelog to what was true at each change: states are walked backwards from today's.

Every observation holds only what was known then, so a later pull of the same issue tells the same history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from governance.intake.records import Observation, Raw

_PERSON = ("accountId", "name", "key", "emailAddress", "displayName")


def observations(
    issue: Raw, fields: Iterable[str], dates: Iterable[str], nested: Iterable[str]
) -> list[Observation]:
    """Return what an issue tells, oldest first: its creation and every change of one of `fields`.

    `dates` are those whose raw value in the changelog is the date itself; `nested` those that hold an object
    (status, people, options) even where the issue shows nothing in them today.
    """
    wanted, plain, objects = set(fields), set(dates), set(nested)
    now = {name: _normal(value) for name, value in (issue.get("fields") or {}).items()}
    people = _people(issue)
    issue = {**issue, "key": first_key(issue), "@key": issue.get("key")}
    seen: list[Observation] = []
    for entry in reversed(_ordered(issue, wanted)):
        at = _instant(entry["created"])
        seen.append(_observation(issue, now, at, _who(entry.get("author")), entry))
        for item in reversed(entry["items"]):
            name = item.get("fieldId", item.get("field"))
            if name in wanted:
                now = {**now, name: _before(item, now.get(name), name in plain, name in objects, people)}
    created = _instant(now["created"])
    seen.append(_observation(issue, now, created, _who(now.get("reporter")), None))
    return seen[::-1]


def first_key(issue: Raw) -> str:
    """Return the key that an issue had when it was created.

    An issue that moves to another project gets another key, and its changelog remembers the one before.
    People know requests by keys, so the first one is the identity: a move makes no second request.
    """
    moves = [
        (_instant(entry["created"]), _number(entry.get("id")), str(item["fromString"]))
        for entry in (issue.get("changelog") or {}).get("histories") or ()
        for item in entry.get("items") or ()
        if _is_move(item)
    ]
    return min(moves)[2] if moves else str(issue.get("key", "?"))


def _is_move(item: Raw) -> bool:
    return (item.get("field") == "Key" or item.get("fieldId") == "issuekey") and bool(item.get("fromString"))


def _ordered(issue: Raw, wanted: set[str]) -> list[Raw]:
    """Changelog entries that touch a wanted field or move the issue, oldest first."""
    entries = (issue.get("changelog") or {}).get("histories") or []
    telling = [
        entry
        for entry in entries
        if any(i.get("fieldId", i.get("field")) in wanted or _is_move(i) for i in entry.get("items") or ())
    ]
    return sorted(telling, key=lambda entry: (_instant(entry["created"]), _number(entry.get("id"))))


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def _number(text: Any) -> int:
    return int(text) if str(text).isdigit() else 0


def _observation(issue: Raw, state: Raw, at: datetime, who: str | None, entry: Raw | None) -> Observation:
    fields = dict(state, updated=at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}{at:%z}")
    resolved = fields.get("resolutiondate")
    if resolved and _instant(resolved) > at:
        fields["resolutiondate"] = None  # nobody knew it then, and it is not in the changelog
    identity: Raw = {name: issue[name] for name in ("id", "key", "self") if name in issue}
    raw: Raw = {**identity, "fields": fields}
    if entry is not None:
        raw["history"] = {name: entry.get(name) for name in ("id", "created", "items")} | {"author": who}
    return Observation({**fields, **identity, "@url": _url(issue)}, at, who, raw)


def _before(item: Raw, value: Any, is_date: bool, is_object: bool, people: dict[str, Raw]) -> Any:
    """What the field held before this change, in the form the issue shows it in."""
    identity, text = item.get("from"), item.get("fromString")
    if identity is None and not text:
        return None
    if identity in people:
        return people[identity]
    if isinstance(value, list):
        return (text or "").split()
    if isinstance(value, dict) or is_object:
        return _named(text)
    return identity if is_date and identity else text


def _normal(value: Any) -> Any:
    """One form for what the issue shows and what its changelog remembers: people, named things, text."""
    if not isinstance(value, dict):
        return value
    if value.get("type") == "doc":
        return _text(value)
    if "displayName" in value:
        return {name: value[name] for name in _PERSON if name in value}
    name = value.get("value", value.get("name"))
    return _named(name) if isinstance(name, str) else value


def _named(text: Any) -> Raw:
    return {"name": text, "value": text, "displayName": text}


def _people(issue: Raw) -> dict[str, Raw]:
    """Everybody whom the issue shows in full, by account id (Cloud) and by name and key (Data Center)."""
    found: dict[str, Raw] = {}
    for user in _users(issue):
        person = _normal(user)
        for identity in ("accountId", "name", "key"):
            if user.get(identity):
                found[str(user[identity])] = person
    return found


def _users(issue: Raw) -> Iterator[Raw]:
    values = [*(issue.get("fields") or {}).values()]
    values += [entry.get("author") for entry in (issue.get("changelog") or {}).get("histories") or []]
    return (value for value in values if isinstance(value, dict) and "displayName" in value)


def _who(user: Any) -> str | None:
    if not isinstance(user, dict):
        return None
    return user.get("emailAddress") or user.get("displayName") or user.get("name")


def _url(issue: Raw) -> str | None:
    """Where a person reads the issue."""
    parts = urlsplit(str(issue.get("self") or ""))
    context = parts.path.partition("/rest/")[0]
    return f"{parts.scheme}://{parts.netloc}{context}/browse/{issue.get('@key')}" if parts.netloc else None


def _text(document: Raw) -> str:
    """Plain text of an Atlassian document.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
    """
    return "\n\n".join(filter(None, (_words(block).strip() for block in document.get("content") or ())))


def _words(node: Any) -> str:
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("type") == "hardBreak":
        return "\n"
    if node.get("type") in ("mention", "emoji", "inlineCard"):
        attributes = node.get("attrs") or {}
        return str(attributes.get("text") or attributes.get("url") or "")
    inside = "".join(_words(child) for child in node.get("content") or ())
    return inside + "\n" if node.get("type") in ("paragraph", "listItem", "heading") else inside
