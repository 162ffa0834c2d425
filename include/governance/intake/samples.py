"""The sample of a source: a few records in the form the source delivers, kept in `samples/` beside its spec.

`samples/<name>.<ext>` is one file, `samples/<name>/` a folder of them. Readers of files read theirs as they
read the source. For readers that ask a network, a sample is the JSON of an answer: a list of records, or an
object that holds one; a kind of reader whose records look otherwise has a function `sample(spec, path)`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.connections import Connection
from governance.errors import GovernanceError
from governance.intake.readers.files.options import FileOptions
from governance.intake.readers.kind import Opening
from governance.intake.readers.registry import kind_of, open_reader
from governance.intake.records import Pull, Raw, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec

FOLDER = "samples"


def sample_path(spec_file: Path) -> Path:
    """Return where the sample of a spec lies; raises GovernanceError that says where it should."""
    folders = [spec_file.parent / FOLDER, spec_file.parent.parent / FOLDER]  # the second for examples/
    name = spec_file.stem
    for folder in folders:
        found = [path for path in folder.glob(f"{name}*") if path.name.split(".")[0] == name]
        if len(found) > 1:
            both = " and ".join(sorted(path.name for path in found))
            raise GovernanceError(f"{name} has several samples in {folder}: {both}; keep one, or a folder")
        if found:
            return found[0]
    raise GovernanceError(f"{name} has no sample: put a few of its records into {folders[0]}/{name}.<ext>")


def read_sample(spec: SourceSpec, path: Path) -> list[Record]:
    """Read a sample, or another file or folder in the same form, without a network."""
    if not path.exists():
        raise GovernanceError(f"{path} is not there: expected a file or a folder with records of {spec.name}")
    own = getattr(kind_of(spec), "sample", None)
    if own is not None:
        return list(own(spec, path))
    if isinstance(spec.reader, FileOptions) or not _is_json(path):
        return list(open_reader(spec, Opening(_no_connection, path)).records(Pull(), None))
    return [Record(_locator(spec, raw, place), raw) for place, raw in _answers(path)]


def _is_json(path: Path) -> bool:
    """Whether a sample is the JSON of answers, rather than files that the reader itself can read."""
    return path.suffix == ".json" or (path.is_dir() and any(path.rglob("*.json")))


def _no_connection(conn_id: str) -> Connection:
    raise GovernanceError(f"a sample is read without connections: {conn_id} was asked for")


def _answers(path: Path) -> list[tuple[str, Raw]]:
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    return [
        (f"{file.name}:{number}", record)
        for file in files
        for number, record in enumerate(_records(file), start=1)
    ]


def _records(file: Path) -> list[Raw]:
    try:
        answer: Any = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise GovernanceError(f"{file} is not JSON: {error}") from error
    lists = list(answer.values()) if isinstance(answer, dict) else [answer]
    found = [one for one in lists if isinstance(one, list) and all(isinstance(item, dict) for item in one)]
    if len(found) != 1:
        raise GovernanceError(f"{file}: found {len(found)} lists of records, expected one")
    return list(found[0])


def _locator(spec: SourceSpec, raw: Raw, place: str) -> str:
    """The key of a record, as readers of networks name it; else its place in the file."""
    parts = [raw.get(column) for column in spec.key]
    return "/".join(map(str, parts)) if all(parts) else place
