"""A draft as the filled form of an exception: YAML that `governance requests submit --from` takes.

Of the form only labels and words are read here; everything else in it is the intake's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from governance import documents


def filled_form(draft_id: str, content: Mapping[str, str], templates: Path) -> str:
    """Return the form `templates/forms/exception.yaml` filled with `content` (field -> text).

    The id of the draft is the id of the submission: submitted twice, it is one request.
    """
    form = documents.loaded((templates / "forms" / "exception.yaml").read_text("utf-8"))
    filled = {"kind": form["kind"], "submission": draft_id}
    for one in form["fields"]:
        value = content.get(one["field"])
        if value is not None:
            filled[one["label"]] = _word(one, value)
    head = f"# {draft_id}: say why, change what is wrong, then: governance requests submit --from FILE\n"
    return head + yaml.dump(filled, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _word(one: Mapping[str, Any], value: str) -> str:
    """Return the word on the form that means `value`."""
    words = {meant: word for word, meant in one.get("choices", {}).items()}
    return str(words.get(value, value))


class _Dumper(yaml.SafeDumper):
    """Text over several lines stays readable as such."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
