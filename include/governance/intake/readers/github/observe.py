"""What an issue says: its own fields, those of its form, and its labels, at each of its states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.intake.readers.github import form
from governance.intake.readers.github.history import EVENTS, instant, label_names, states, status_word
from governance.intake.records import Observation, Raw

LABEL, FORM = "@label:", "form."


@dataclass(frozen=True)
class Glossary:
    """What a spec wants to know: the form's headings, the words of its status, and prefixes of labels."""

    headings: Sequence[str]
    words: Sequence[str]
    prefixes: Sequence[str]

    @classmethod
    def of(cls, headings: Sequence[str], words: Iterable[str], columns: Iterable[str]) -> Glossary:
        """Return the glossary of a spec that draws on `columns`."""
        prefixes = [column.removeprefix(LABEL) for column in columns if column.startswith(LABEL)]
        return cls(headings, list(words), sorted(set(prefixes)))

    def columns(self, issue: Raw) -> Raw:
        """Return the columns of one state; raises ValueError where form or labels can be read in two ways."""
        found: Raw = {**issue, "@status": status_word(issue, self.words), "@url": issue.get("html_url")}
        found["@labels"] = label_names(issue)
        for prefix in self.prefixes:
            found[f"{LABEL}{prefix}"] = _label(issue, prefix)
        answers = form.fields(_text(issue.get("body")), self.headings)
        return found | {f"{FORM}{heading}": answer for heading, answer in answers.items()}


def observations(issue: Raw, glossary: Glossary) -> list[Observation]:
    """Return what an issue and its events tell, oldest first; without events, what it says now."""
    if EVENTS not in issue:
        return [Observation(glossary.columns(issue), instant(issue["updated_at"]))]
    told = [_observation(glossary, *state) for state in states(issue)]
    return told[::-1]


def _observation(
    glossary: Glossary, state: Raw, at: datetime, who: str | None, events: list[Raw]
) -> Observation:
    raw: Raw = {**state, "updated_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    columns = glossary.columns(raw)
    if events:
        raw["history"] = events
    return Observation(columns, at, who, raw)


def _label(issue: Raw, prefix: str) -> str | None:
    found = [name.removeprefix(prefix) for name in label_names(issue) if name.startswith(prefix)]
    if len(found) > 1:
        raise ValueError(f"two labels begin with {prefix!r}: {', '.join(found)}; which of them counts?")
    return found[0].strip() if found else None


def _text(body: Any) -> str | None:
    if body is not None and not isinstance(body, str):
        raise ValueError("the body is no text")
    return body
