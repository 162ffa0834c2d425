"""What is refused in composed YAML before a value of it is made: tags, repeated keys, bombs of aliases."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from governance.intake.readers.files.limits import DEEPEST, MOST_VALUES

_TAG = "tag:yaml.org,2002:"
NULL = f"{_TAG}null"
PLAIN = frozenset(f"{_TAG}{name}" for name in ("str", "seq", "map", "null", "merge"))
"""Tags that nobody wrote: those of text, lists, mappings, nothing, and `<<`."""


def unfolded(root: yaml.Node) -> str:
    """Return why a document must not be unfolded, else ''. Each node is looked at once, aliases included."""
    sizes: dict[int, int] = {}
    depths: dict[int, int] = {}
    entered: set[int] = set()
    stack = [root]
    while stack:
        node = stack[-1]
        if id(node) in sizes:
            stack.pop()
            continue
        parts = list(_parts(node))
        if id(node) not in entered:
            entered.add(id(node))
            for part in parts:
                if id(part) in entered and id(part) not in sizes:
                    return f"holds an alias in line {part.start_mark.line + 1} that leads to itself"
            stack += [part for part in parts if id(part) not in sizes]
            continue
        stack.pop()
        sizes[id(node)] = 1 + sum(sizes.get(id(part), 1) for part in parts)
        depths[id(node)] = 1 + max((depths.get(id(part), 0) for part in parts), default=0)
    if sizes[id(root)] > MOST_VALUES:
        return f"unfolds to more than {MOST_VALUES:,} values by its aliases"
    if depths[id(root)] > DEEPEST:
        return f"holds lists within each other beyond {DEEPEST} levels"
    return ""


def refused_tag(node: yaml.Node) -> str:
    """Return which tag of an entry is refused, else ''. A tag would make something else of the data."""
    for part in _walk(node):
        if part.tag not in PLAIN:
            shown = part.tag.replace(_TAG, "!!")[:80]
            return f"the tag {shown} in line {part.start_mark.line + 1} is refused: entries are plain data"
    return ""


def repeated_key(node: yaml.Node) -> str:
    """Return which key an entry names twice, else ''; all but the last of its values would be lost."""
    for part in _walk(node):
        if not isinstance(part, yaml.MappingNode):
            continue
        names = [key.value for key, _ in part.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            return f"the key {twice!r} is there twice in line {part.start_mark.line + 1} and below"
    return ""


def _walk(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every node once."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack += _parts(node)


def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
