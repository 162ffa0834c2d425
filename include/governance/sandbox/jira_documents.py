"""How Jira writes an issue down: all fields or some, and long texts as an Atlassian document (Cloud)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from governance.sandbox.scenario.jira_issues import FIELDS

Issue = dict[str, Any]


def render(issue: Issue, fields: Sequence[str], version: Literal["2", "3"], expanded: bool) -> Issue:
    """Return an issue: its named fields (`*all`, `*navigable`, `-name`) and, expanded, its changelog."""
    chosen = {name: value for name, value in issue["fields"].items() if _is_wanted(name, fields)}
    if version == "3" and isinstance(chosen.get("description"), str):
        chosen["description"] = document(chosen["description"])
    site = issue["self"].replace("/rest/api/3/", f"/rest/api/{version}/")
    rendered: Issue = {"id": issue["id"], "key": issue["key"], "self": site}
    if chosen:
        rendered["fields"] = chosen
    if expanded:
        rendered["changelog"] = issue["changelog"]
    return rendered


def old_keys(issue: Issue) -> list[str]:
    """Return the keys that an issue had before it moved, by which Jira still finds it."""
    items = [item for entry in issue["changelog"]["histories"] for item in entry["items"]]
    return [item["fromString"] for item in items if item["field"] == "Key"]


def _is_wanted(name: str, fields: Sequence[str]) -> bool:
    if f"-{name}" in fields:
        return False
    return name in fields or "*all" in fields or "*navigable" in fields


def document(text: str) -> dict[str, Any]:
    """Return a text as an Atlassian document: one paragraph for each block between blank lines.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
    """
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": block}]}
        for block in text.split("\n\n")
        if block
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def fields(issues: Sequence[Issue]) -> list[dict[str, Any]]:
    """Return the fields that the issues have, with the names people see."""
    names = sorted({name for issue in issues for name in issue["fields"]} | FIELDS.keys())
    return [
        {"id": name, "key": name, "name": FIELDS.get(name, name), "custom": name in FIELDS} for name in names
    ]
