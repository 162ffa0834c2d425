"""Which version of the story of the organization a folder holds: one that began with another is not mixed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from governance.errors import GovernanceError

_SCENARIO = Path(__file__).with_name("scenario")


def same_story(var_dir: Path) -> None:
    """Note the story that is told below `var_dir`; raise GovernanceError where it was another before.

    What a demo loaded and observed stays: a snapshot of its fixed instant is never taken twice.
    """
    told = var_dir / "sandbox" / "story"
    began = told.is_file() or (var_dir / "lake" / "snapshots").is_dir()
    if began and (not told.is_file() or told.read_text("utf-8") != _digest()):
        raise GovernanceError(
            f"{var_dir} holds a demo of another version, whose organization was another one: "
            "`make clean` removes it, or GOVERNANCE_VAR_DIR names another folder"
        )
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text(_digest(), "utf-8")


def _digest() -> str:
    found = hashlib.sha256()
    for file in sorted(_SCENARIO.rglob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()
