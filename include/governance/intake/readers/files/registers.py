"""Read a folder of YAML registers: every entry becomes a record that knows its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from governance.intake.readers.files.options import YamlOptions
from governance.intake.readers.files.places import Place, StillWritingError
from governance.intake.records import Pull, Record


class _AsWritten(yaml.SafeLoader):
    """Scalars stay the text that was written: no date, number or `no` is turned into something else."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own attribute)
        first: [pair for pair in pairs if pair[0] in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class YamlReader:
    """All registers of a place. A file that is not valid YAML is one unreadable record, kept whole."""

    options: YamlOptions
    place: Place

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:  # noqa: ARG002
        """Yield every entry of every file as a record whose locator is `file:line`."""
        for file in self.place.files(self.options.files):
            try:
                content = file.read()
            except StillWritingError:
                pull.notes.append(f"{file.name} is still being written: left for the next run")
                continue
            yield from self._of_file(pull, file.name, content)

    def _of_file(self, pull: Pull, name: str, content: bytes) -> Iterator[Record]:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            shown = content.decode("utf-8-sig", errors="backslashreplace")
            yield Record(f"{name}:{line}", _whole(name, shown), "not valid UTF-8 on this line")
            return
        try:
            yield from _entries(name, text, self.options.ignore)
            pull.places.add(name)
        except yaml.YAMLError as error:
            line, found = _where(error)
            yield Record(
                f"{name}:{line}", _whole(name, text), f"the file is not valid YAML, line {line}: {found}"
            )


def _entries(name: str, text: str, ignore: tuple[str, ...]) -> Iterator[Record]:
    loader = _AsWritten(text)
    try:
        root = loader.get_single_node()
        # composed to the end before the first entry is handed out: a broken file yields none of its entries
        found = list(_lists(loader, root, ignore)) if root is not None else []
        yield from [_entry(name, loader, node, problem) for node, problem in found]
    finally:
        loader.dispose()


def _lists(
    loader: _AsWritten, root: yaml.Node, ignore: tuple[str, ...]
) -> Iterator[tuple[yaml.Node, str | None]]:
    """Yield the nodes of entries, and of what stands where a list of entries should."""
    sections = root.value if isinstance(root, yaml.MappingNode) else [(None, root)]
    for key, node in sections:
        section = loader.construct_object(key, deep=True) if key is not None else "the file"
        if isinstance(node, yaml.SequenceNode):
            yield from ((item, None) for item in node.value)
        elif section not in ignore and node.tag != "tag:yaml.org,2002:null":
            yield node, f"{section} holds {_kind(node)} where a list of entries is expected"


def _entry(name: str, loader: _AsWritten, node: yaml.Node, problem: str | None) -> Record:
    locator = f"{name}:{node.start_mark.line + 1}"
    value = loader.construct_object(node, deep=True)
    if problem is None and isinstance(value, dict):
        return Record(locator, {str(key): item for key, item in value.items()})
    return Record(locator, {"@entry": value}, problem or f"{_kind(node)} where an entry is expected")


def _kind(node: yaml.Node) -> str:
    if node.tag == "tag:yaml.org,2002:null":
        return "nothing"
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "text"


def _whole(name: str, text: str) -> dict[str, Any]:
    return {"@file": name, "@text": text}


def _where(error: yaml.YAMLError) -> tuple[int, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    found = getattr(error, "problem", None) or str(error).splitlines()[0]
    return (mark.line + 1 if mark else 1), " ".join(str(found).split())
