"""Registers kept as YAML files: a list of entries, or sections that hold lists of entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from governance.intake.readers.places import File, files
from governance.intake.records import Pull, Record

if TYPE_CHECKING:
    from governance.intake.readers import Surroundings
    from governance.intake.spec import SourceSpec


def read(spec: SourceSpec, around: Surroundings, _pull: Pull) -> Iterator[Record]:
    """Yield every entry with file and line; a file that is not YAML is one record, whole, with its error."""
    options: Any = spec.reader
    for file in files(options.location, options.glob, around):
        yield from _entries(file)


def _entries(file: File) -> Iterator[Record]:
    try:
        text = file.content.decode("utf-8-sig")
        document = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        yield Record(file.name, {"file": file.name}, problem=f"{file.name}: not UTF-8: {error.reason}")
        return
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        place = f"{file.name}:{mark.line + 1}" if mark else file.name
        why = " ".join(str(getattr(error, "problem", None) or error).split())
        yield Record(place, {"file": file.name, "text": text}, problem=f"{place}: not YAML: {why}")
        return
    if document is not None:
        yield from _walk(file.name, "", document)


def _walk(name: str, section: str, node: yaml.Node) -> Iterator[Record]:
    """Lists hold entries, mappings hold sections; anything else is no register."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield _entry(name, section, item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _walk(name, str(key.value), value)
    elif node.value not in ("", "null", "~"):
        yield _refused(name, node, "a list of entries")


def _entry(name: str, section: str, node: yaml.Node) -> Record:
    if not isinstance(node, yaml.MappingNode):
        return _refused(name, node, "a mapping")
    loader = _Loader("")
    try:
        values = loader.construct_document(node)
    except yaml.YAMLError as error:
        place = f"{name}:{node.start_mark.line + 1}"
        why = getattr(error, "problem", None) or str(error)
        return Record(place, {"file": name}, problem=f"{place}: {why}")
    finally:
        loader.dispose()
    values = {str(key): value for key, value in values.items()}
    locator = f"{name}:{node.start_mark.line + 1}"
    return Record.flat(locator, {**values, "_file": name, "_section": section})


def _refused(name: str, node: yaml.Node, expected: str) -> Record:
    place = f"{name}:{node.start_mark.line + 1}"
    found = f"found {node.tag.rsplit(':', 1)[-1]}, expected {expected}"
    return Record(place, {"file": name, "text": str(node.value)}, problem=f"{place}: {found}")


class _Loader(yaml.SafeLoader):
    """Safe, and leaves dates, numbers and booleans as they are written: the spec says what they mean."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
