"""What a filled form says, whoever filled it in and however: a file, an e-mail's text, or options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from governance.errors import GovernanceError
from governance.intake.form_text import form_fields, form_kind
from governance.intake.forms.definition import Form
from governance.intake.readers.form.reader import submission
from governance.register.request import KINDS

_ABOUT = ("kind", "submission", "submitted")


def read_answers(path: Path) -> dict[str, Any]:
    """Return the names and values of a filled form: YAML or JSON, else the text of an e-mail template."""
    if not path.is_file():
        raise GovernanceError(f"{path} is not there: expected a filled form")
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        raw, problem = submission(path.read_bytes())
        if problem:
            raise GovernanceError(f"{path}: {problem}")
        return raw
    text = path.read_text("utf-8", errors="replace")
    kind = form_kind(text)
    return {"@text": text, **({"kind": kind} if kind else {})}


def kind_of(answers: Mapping[str, Any], said: str | None) -> str:
    """Return the kind of a filled form; raises GovernanceError where nobody says it."""
    kind = said or str(answers.get("kind") or "")
    if kind not in KINDS:
        raise GovernanceError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
    return kind


def answers_of(form: Form, given: Mapping[str, Any]) -> dict[str, str]:
    """Return register field -> text. Names may be fields or labels of the form, choices its words.

    Raises GovernanceError for a name that is neither.
    """
    found = dict(form_fields(str(given["@text"]), form.labels)) if "@text" in given else {}
    found |= {str(name): _text(value) for name, value in given.items() if name != "@text"}
    return {"kind": form.kind} | dict(_answer(form, name, value) for name, value in found.items())


def missing(form: Form, answers: Mapping[str, str]) -> list[str]:
    """Return the labels of required fields that hold nothing."""
    return [one.label for one in form.fields if one.required and not answers.get(one.field, "").strip()]


def _answer(form: Form, name: str, value: str) -> tuple[str, str]:
    spoken = " ".join(name.replace("_", " ").casefold().split())
    for one in form.fields:
        if name == one.field or spoken in (one.label.casefold(), one.field.replace("_", " ")):
            words = {word.casefold(): meant for word, meant in one.choices.items()}
            return one.field, words.get(value.strip().casefold(), value)
    if name in _ABOUT:
        return name, value
    known = ", ".join([*form.labels, *_ABOUT])
    raise GovernanceError(f"{name!r} is no field of the form for {form.kind}s; there are {known}")


def _text(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
