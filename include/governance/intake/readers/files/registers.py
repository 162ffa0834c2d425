"""Read YAML registers: every entry becomes a record that knows its file and line."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from governance.intake.readers.files.limits import DEEPEST, LARGEST_REGISTER, UnreadableFileError, kept
from governance.intake.readers.files.options import YamlOptions
from governance.intake.readers.files.yaml_nodes import NULL, PLAIN, refused_tag, repeated_key, unfolded
from governance.intake.records import Raw, Record


class _AsWritten(yaml.SafeLoader):
    """Scalars stay the text that was written: no date, number or `no` is turned into something else."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own attribute)
        first: [pair for pair in pairs if pair[0] in (NULL, "tag:yaml.org,2002:merge")]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def records_of(name: str, content: bytes, options: YamlOptions) -> Iterator[Record]:
    """Yield every entry of a file; raises UnreadableFileError, which keeps the whole text."""
    if len(content) > LARGEST_REGISTER:
        raise UnreadableFileError(f"has {len(content):,} bytes, at most {LARGEST_REGISTER:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        shown = content.decode("utf-8-sig", errors="backslashreplace")
        raise UnreadableFileError("is not valid UTF-8 on this line", line, _whole(shown)) from error
    try:
        yield from _entries(name, text, options.ignore)
    except yaml.YAMLError as error:
        line, found = _where(error)
        why = f"is not valid YAML, line {line}: {found}"
        raise UnreadableFileError(why, line, _whole(text)) from error
    except RecursionError as error:
        why = f"holds lists within each other beyond {DEEPEST} levels"
        raise UnreadableFileError(why, raw=_whole(text)) from error


def _entries(name: str, text: str, ignore: tuple[str, ...]) -> list[Record]:
    """Compose all before the first entry is handed out: a broken file yields none of its entries."""
    loader = _AsWritten(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return []
        problem = unfolded(root)
        if problem:
            raise UnreadableFileError(problem, raw=_whole(text))
        found = list(_lists(loader, root, ignore))
        return [_entry(name, text, loader, node, problem) for node, problem in found]
    finally:
        loader.dispose()


def _lists(
    loader: _AsWritten, root: yaml.Node, ignore: tuple[str, ...]
) -> Iterator[tuple[yaml.Node, str | None]]:
    """Yield the nodes of entries, and of what stands where a list of entries should."""
    if root.tag not in PLAIN:
        yield root, None
        return
    sections = root.value if isinstance(root, yaml.MappingNode) else [(None, root)]
    for key, node in sections:
        section = loader.construct_object(key, deep=True) if key is not None else "the file"
        if isinstance(node, yaml.SequenceNode) and node.tag in PLAIN:
            yield from ((item, None) for item in node.value if section not in ignore)
        elif section not in ignore and node.tag != NULL:
            yield node, f"{section} holds {_kind(node)} where a list of entries is expected"


def _entry(name: str, text: str, loader: _AsWritten, node: yaml.Node, problem: str | None) -> Record:
    locator = f"{name}:{node.start_mark.line + 1}"
    refused = refused_tag(node) or repeated_key(node)
    if refused:
        written = text[node.start_mark.index : node.end_mark.index]
        return Record(locator, {"@entry": kept(written.rstrip())}, refused)
    value = loader.construct_object(node, deep=True)
    if problem is None and isinstance(value, dict):
        return Record(locator, {str(key): item for key, item in value.items()})
    return Record(locator, {"@entry": value}, problem or f"{_kind(node)} where an entry is expected")


def _kind(node: yaml.Node) -> str:
    if node.tag == NULL:
        return "nothing"
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


def _whole(text: str) -> Raw:
    return {"@text": kept(text)}


def _where(error: yaml.YAMLError) -> tuple[int, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    found = getattr(error, "problem", None) or str(error).splitlines()[0]
    return (mark.line + 1 if mark else 1), " ".join(str(found).split())
