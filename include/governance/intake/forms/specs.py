"""The spec that reads a form back, for each way on which a filled one arrives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from governance.intake.drafting.document import block, line, mapping
from governance.intake.forms.definition import DATE, TIME, Form, FormField
from governance.intake.forms.templates import NUMBER, SUBMITTED
from governance.intake.questions import ask


@dataclass(frozen=True)
class Way:
    """How filled forms of one sort arrive. `prefix` stands before a label in the columns of its reader."""

    reader: dict[str, Any]
    key: str
    status: Any
    prefix: str = ""
    own: dict[str, Any] = field(default_factory=dict)
    """Fields that the reader fills by itself."""
    dates: tuple[str, ...] = (DATE, TIME)
    shape: str = "snapshot"


_WORKFLOW = {"Open": "submitted", "In Review": "in_review", "Approved": "approved", "Declined": "rejected",
             "Done": "fulfilled", "Closed": "closed"}  # fmt: skip
_CREATED = {"submitted_at": SUBMITTED}
WAYS: dict[str, Way] = {
    "csv": Way({"type": "csv"}, NUMBER, {"constant": "submitted"}, own=_CREATED),
    "xlsx": Way(
        {"type": "xlsx", "sheet": "Requests"}, NUMBER, {"constant": "submitted"}, own=_CREATED,
        dates=(DATE, TIME, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"),
    ),
    "github": Way(
        {"type": "github", "repository": ask("owner/name of the repository")}, "number",
        {"column": "@status", "map": {"open": "submitted", "closed": "closed"}}, "form.",
        {"title": "title", "submitted_at": "created_at", "source_updated_at": "updated_at",
         "source_url": "@url"},
        (DATE, TIME, "%Y-%m-%dT%H:%M:%S%z"),
    ),
    "email": Way(
        {"type": "imap"}, "thread", {"constant": "submitted"}, "form.",
        {"submitted_at": "date", "source_updated_at": "updated"}, (DATE, TIME, "%Y-%m-%dT%H:%M:%S%z"),
        "event_log",
    ),
    "jira": Way(
        {"type": "jira", "jql": ask("which issues, such as project = GOV")}, "key",
        {"column": "status.name", "map": _WORKFLOW}, ask("id of the custom field "),
        {"title": "summary", "submitted_at": "created", "source_updated_at": "updated", "source_url": "@url"},
        (DATE, TIME, "%Y-%m-%dT%H:%M:%S.%f%z"),
    ),
}  # fmt: skip


def spec_name(form: Form, way: str) -> str:
    """Return the name of the spec of a form that arrives in this way."""
    return f"form_{form.kind}_{way}"


def spec_text(form: Form, way: str, *, owner: str | None = None, time_zone: str | None = None) -> str:
    """Return the spec as YAML; what only the reader of it can know is marked ASK."""
    how, name = WAYS[way], spec_name(form, way)
    fields = {one.field: _source(one, how, way) for one in form.fields} | how.own
    return block([
        f"# Reads filled forms for {form.kind}s. Made by `governance requests forms` from their definition.",
        line("name", name),
        line("title", f"{form.title} ({way})"),
        line("owner", owner or ask("mail address of whoever hears of quarantined records")),
        line("connection", name),
        line("schedule", "@hourly"),
        line("mode", "shadow"),
        line("shape", how.shape),
        "",
        line("reader", how.reader),
        line("time_zone", time_zone or ask("on whose clock people write, such as Europe/Berlin")),
        line("dates", list(how.dates)),
        "",
        line("key", how.key),
        line("kind", form.kind),
        *mapping("status", how.status),
        "",
        "fields:",
        *(text for field_name, source in fields.items() for text in mapping(field_name, source, indent=2)),
    ])  # fmt: skip


def _source(one: FormField, how: Way, way: str) -> Any:
    column = how.prefix + one.label
    if way == "jira" and one.choices:
        column = f"{column}, with .value behind it"
    if one.choices:
        return {"column": column, "map": dict(one.choices), "ignore_case": True}
    if one.type in ("scopes", "pairs"):
        return {"column": column, "notation": one.type}
    return {"column": column, "split": "\n"} if one.type == "list" else column
