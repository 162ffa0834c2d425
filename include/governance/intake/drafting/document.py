"""Write a drafted spec as a person would: in the order of the documentation, with its evidence beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

WIDTH = 108


def text_of(value: Any) -> str:
    """Return a value as YAML on one line.

    >>> text_of("Requested By"), text_of(["-", "?"]), text_of({"column": "No", "map": {"a b": "c"}})
    ('Requested By', "['-', '?']", '{column: "No", map: {a b: c}}')
    """
    dumped = yaml.dump(
        value, Dumper=_Plain, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return dumped.removesuffix("\n").removesuffix("\n...")


class _Plain(yaml.SafeDumper):
    """Quotes words that YAML 1.1 takes for yes or no, and writes text without tricks."""


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    style = None if tag == "tag:yaml.org,2002:str" and "\n" not in text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _quoted)


def line(key: str, value: Any, why: str = "", indent: int = 0) -> str:
    """Return `key: value  # why`, the reason on a line of its own above where it does not fit beside it."""
    space = " " * indent
    written = f"{space}{text_of(key)}: {text_of(value)}"
    reason = comment(why)
    if not reason:
        return written
    if len(written) + len(reason) + 2 <= WIDTH:
        return f"{written}  {reason}"
    return f"{space}{reason}\n{written}"


def mapping(key: str, value: Any, why: str = "", indent: int = 0) -> list[str]:
    """Return a field source; one with a map is written as a block, a word to a line."""
    if not isinstance(value, dict) or len(text_of(value)) < 60:
        return [line(key, value, why, indent)]
    space = " " * indent
    reason = comment(why)
    lines = [f"{space}{text_of(key)}:" + (f"  {reason}" if reason else "")]
    for name, item in value.items():
        if isinstance(item, dict):
            lines += [f"{space}  {name}:", *(line(word, item[word], indent=indent + 4) for word in item)]
        else:
            lines.append(line(name, item, indent=indent + 2))
    return lines


def comment(why: str) -> str:
    """Return a reason as a comment: one line, nothing of a sample can end it."""
    words = " ".join("".join(c if c.isprintable() else " " for c in why).split())
    return f"# {words}" if words else ""


def block(lines: Iterable[str]) -> str:
    """Join lines."""
    return "\n".join(lines) + "\n"
