"""Evidence: files that came with records, stored below the lake under their own hash, never unpacked or
opened.

The name of a file decides nothing: where it lies follows from what is in it, and the same file lies there
once.
Files are stored while records are read, before anything is loaded: one without a row in `evidence` came with
a run that failed, and the next run takes it up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import Connection, text

from governance import resources
from governance.intake.mapping import key_of
from governance.intake.records import Record
from governance.intake.spec import SourceSpec


@dataclass(frozen=True)
class EvidenceStore:
    """Where evidence lies: `evidence/ab/abcd...` below a lake, a folder or an `s3://` prefix."""

    lake: str

    def keep(self, content: bytes) -> dict[str, Any]:
        """Store bytes once and return their hash, size and path below the lake."""
        name = sha256(content).hexdigest()
        path = f"evidence/{name[:2]}/{name}"
        if "://" in self.lake:
            self._keep_remote(f"{self.lake}/{path}", content)
        else:
            self._keep_local(Path(self.lake) / path, content)
        return {"sha256": name, "size": len(content), "path": path}

    def read(self, path: str) -> bytes:
        """Return the bytes at a path that `keep` gave."""
        if "://" not in self.lake:
            return (Path(self.lake) / path).read_bytes()
        import fsspec  # noqa: PLC0415 (only for a lake on S3)

        with fsspec.open(f"{self.lake}/{path}", "rb") as file:
            return bytes(file.read())

    def _keep_local(self, target: Path, content: bytes) -> None:
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
            part.write(content)
        Path(part.name).replace(target)  # whole or not at all, whoever else stores the same

    def _keep_remote(self, place: str, content: bytes) -> None:
        import fsspec  # noqa: PLC0415 (only for a lake on S3)

        system, target = fsspec.core.url_to_fs(place)
        if not system.exists(target):
            with system.open(target, "wb") as file:
                file.write(content)


def remember(
    connection: Connection, spec: SourceSpec, records: Sequence[Record], *, run_id: int, at: datetime
) -> None:
    """Note which files came with which record; safe to repeat."""
    rows = [
        {
            **asdict(one), "source": spec.name, "source_key": key_of(record, spec), "locator": record.locator,
            "run_id": run_id, "recorded_at": at,
        }
        for record in records
        for one in record.evidence
    ]  # fmt: skip
    if rows:
        connection.execute(text(resources.sql("intake/evidence.sql")), rows)
