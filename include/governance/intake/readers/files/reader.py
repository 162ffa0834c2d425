"""Read the files of a place: those that are new or changed, each to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.intake.blocks import Block, one_by_one
from governance.intake.readers.files.limits import StillWritingError, UnreadableFileError
from governance.intake.readers.files.options import FileOptions
from governance.intake.readers.files.places import Place, SourceFile, unpacked
from governance.intake.records import KnownFile, Pull, Record, TakenFile

Parse = Callable[[str, bytes, Any], Iterator[Record | Block]]
"""(name, content, options) -> the records of one file; raises UnreadableFileError before the first."""


@dataclass(frozen=True)
class FileReader:
    """All files of a place, by name. Those that are `known` in the version that lies there are not read."""

    options: FileOptions
    place: Place
    parse: Parse
    known: Mapping[str, KnownFile] = field(default_factory=dict)

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield the records of every file as its format finds them; their locators are `file:line`."""
        return one_by_one(self.blocks(pull, cursor))

    def blocks(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record | Block]:  # noqa: ARG002
        """Yield the same records, those that are alike as blocks where the format reads them so."""
        for file in self._to_read(pull):
            try:
                content = unpacked(file.name, file.read())
            except StillWritingError:
                pull.notes.append(f"{file.name} is still being written: left for the next run")
                continue
            except UnreadableFileError as error:
                yield from self._unreadable(pull, file, error)
                continue
            yield from self._of_file(pull, file, content)

    def _to_read(self, pull: Pull) -> list[SourceFile]:
        """Return what is new or changed; what is not is noted in `pull` before anything is read."""
        found = list(self.place.files(self.options.files))
        for file in found:
            before = self.known.get(file.name)
            if before is not None and before.version == file.version:
                pull.skipped[file.name] = before
        return [file for file in found if file.name not in pull.skipped]

    def _of_file(self, pull: Pull, file: SourceFile, content: bytes) -> Iterator[Record | Block]:
        found = 0
        try:
            for one in self.parse(file.name, content, self.options):
                found += len(one) if isinstance(one, Block) else 1
                yield one
        except UnreadableFileError as error:
            yield from self._unreadable(pull, file, error)
            return
        pull.places.add(file.name)
        pull.taken[file.name] = TakenFile(file.version, found)

    @staticmethod
    def _unreadable(pull: Pull, file: SourceFile, error: UnreadableFileError) -> Iterator[Record]:
        """One record stands for a file of which nothing is known; what it held before is not gone."""
        yield Record(f"{file.name}:{error.line}", {"@file": file.name, **error.raw}, f"the file {error}")
        pull.taken[file.name] = TakenFile(file.version, 1)
