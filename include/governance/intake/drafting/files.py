"""Put a drafted spec and its sample where they belong: into the folder of specs, and `samples/` beside it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from governance.errors import GovernanceError
from governance.intake.drafting import reading
from governance.intake.drafting.desk import Desk
from governance.intake.drafting.draft import Draft, draft
from governance.intake.drafting.reading import Sample
from governance.intake.samples import FOLDER
from governance.intake.spec_schema import FILE, modeline, schema_text

KEPT = 100
"""So many records of a sample are kept beside the spec, where its lines can be told apart."""


@dataclass(frozen=True)
class Drafted:
    """What was written, and the draft itself."""

    spec_file: Path
    sample_file: Path
    draft: Draft


def new_source(name: str, sample_file: Path, folder: Path, desk: Desk, *, replace: bool = False) -> Drafted:
    """Draft `folder/name.yaml` from a sample and keep the sample; raises GovernanceError where it exists."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None:
        raise GovernanceError(
            f"name {name!r}: expected lower-case letters, digits and _, such as vendor_changes"
        )
    spec_file = folder / f"{name}.yaml"
    if spec_file.exists() and not replace:
        raise GovernanceError(f"{spec_file} exists: choose another name, or say --force to draft it again")
    sample = reading.read(sample_file, desk)
    drafted = draft(name, sample, desk, modeline=modeline(spec_file))
    kept = folder / FOLDER / f"{name}{''.join(sample_file.suffixes[-1:])}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    _keep(sample, kept)
    spec_file.write_text(drafted.text, "utf-8")
    if f"$schema={FILE}" in drafted.text:
        (folder / FILE).write_text(schema_text(), "utf-8")
    return Drafted(spec_file, kept, drafted)


def _keep(sample: Sample, kept: Path) -> None:
    """Copy the sample; of text with a record to a line, no more than the first records."""
    numbers = [line for record in sample.records if (line := record.locator.rpartition(":")[2]).isdigit()]
    if sample.reader["type"] != "csv" or len(numbers) <= KEPT or sample.path.suffix == ".gz":
        if sample.path.resolve() != kept.resolve():
            shutil.copyfile(sample.path, kept)
        return
    encoding = str(sample.reader.get("encoding", "utf-8"))
    with sample.path.open(encoding=encoding, errors="surrogateescape", newline="") as lines:
        first = [next(lines) for _ in range(int(numbers[KEPT]) - 1)]
    kept.write_text("".join(first), encoding, errors="surrogateescape", newline="")
