"""Questions that a drafted spec leaves open: a value that begins with `ASK`, until a person answers it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from governance.errors import Problem

ASK = "ASK"


def ask(question: str) -> str:
    """Return the value that stands for an answer that is not there yet.

    >>> ask("whose clock?")
    'ASK: whose clock?'
    """
    return f"{ASK}: {question}"


def open_questions(path: Path, text: str) -> list[Problem]:
    """Return every question of a YAML file that nobody answered: file, line, key and the question."""
    if ASK not in text:
        return []
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return []  # whoever reads the file says what is wrong with it
    return [
        Problem(path, line, key, "an open question", f"an answer: {question or 'see the comment'}")
        for key, line, question in (_questions(root, "") if root is not None else ())
    ]


def _questions(node: yaml.Node, key: str) -> Iterator[tuple[str, int, str]]:
    if isinstance(node, yaml.ScalarNode):
        head, _, question = node.value.partition(":")
        if head.strip() == ASK:
            yield key, node.start_mark.line + 1, " ".join(question.split())
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _questions(item, key)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _questions(value, f"{key}.{name.value}" if key else str(name.value))
