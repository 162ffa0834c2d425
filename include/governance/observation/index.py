"""The index of a snapshot's evaluations, written once when the snapshot is closed (see `evaluation_index`).

The manifest names one file, `config/evaluation_index/index.json`: which parts the index was made of and
which files it consists of, each with its sha256. So it can be told from the register whether an index is the
one that was written, and whether it still fits the parts. It is no evidence of its own: whoever finds it
missing or changed builds it again from the parts.
"""

from __future__ import annotations

import json
import tempfile
from hashlib import file_digest
from pathlib import Path

import duckdb

from governance import evaluation_index
from governance.observation.datasets import EVALUATIONS
from governance.observation.snapshot import Evidence, Snapshot

PATH = f"config/{evaluation_index.NAME}/index.json"

MEMORY = "1GB"
"""What building may take before it spills to disk."""


def write_index(snapshot: Snapshot, memory: str = MEMORY) -> bool:
    """Write the index of the snapshot's evaluations; return whether there was anything to write.

    An index of the same parts is kept as it is. Parts that are missing or not as recorded are left out, and
    the index says so: it does not fit a reader who finds other parts.
    """
    rows = snapshot.manifest(EVALUATIONS).dropna(subset=["path"])
    recorded = dict(sorted(set(zip(rows.path, rows.sha256, strict=True))))
    if not recorded or _parts_of(snapshot) == recorded:
        return False
    with tempfile.TemporaryDirectory(prefix="governance-index-") as scratch:
        parts = _verified(snapshot, recorded, Path(scratch))
        digests = _write_tables(snapshot, [parts[path] for path in parts], Path(scratch), memory)
    content = {"parts": {path: recorded[path] for path in parts}, "files": digests}
    digest = snapshot.lake.write(f"{snapshot.folder}/{PATH}", json.dumps(content, indent=1).encode())
    row = Evidence("config", evaluation_index.NAME, evidence_at=snapshot.as_of, path=PATH, sha256=digest)
    snapshot.record([row])
    return True


def _parts_of(snapshot: Snapshot) -> dict[str, str]:
    """Return the parts of the index that is there, by path; none where there is no index."""
    try:
        content = json.loads(snapshot.lake.read(f"{snapshot.folder}/{PATH}"))
    except FileNotFoundError:
        return {}
    parts: dict[str, str] = content["parts"]
    return parts


def _verified(snapshot: Snapshot, recorded: dict[str, str], scratch: Path) -> dict[str, Path]:
    """Return files that hold the recorded bytes, by the path of their part."""
    found = {}
    for number, (path, digest) in enumerate(recorded.items()):
        place = f"{snapshot.folder}/{path}"
        file = Path(snapshot.lake.location) / place if snapshot.lake.is_local else scratch / f"part-{number}"
        try:
            if not snapshot.lake.is_local:
                file.write_bytes(snapshot.lake.read(place))
            with file.open("rb") as content:
                if file_digest(content, "sha256").hexdigest() == digest:
                    found[path] = file
        except FileNotFoundError:
            continue
    return found


def _write_tables(snapshot: Snapshot, parts: list[Path], scratch: Path, memory: str) -> dict[str, str]:
    """Build the index, put its files into the lake, and return the sha256 of each by path."""
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute("SET temp_directory = $folder", {"folder": str(scratch / "spill")})
        evaluation_index.build(connection, parts)
        files = evaluation_index.write(connection, scratch)
    return {
        path: snapshot.lake.write(f"{snapshot.folder}/{path}", file.read_bytes())
        for table, file in files.items()
        for path in [evaluation_index.path_of(table)]
    }
