"""Who owns a source: the key `owner` of its spec. Everything else in a spec is the intake's business."""

from __future__ import annotations

from pathlib import Path

from governance import documents


def source_owners(sources: Path) -> dict[str, str]:
    """Return source name -> owner's address for the specs in a folder that name an owner."""
    specs = {path.stem: documents.loaded(path.read_text("utf-8")) for path in sorted(sources.glob("*.yaml"))}
    return {
        str(spec.get("name", name)): str(spec["owner"])
        for name, spec in specs.items()
        if isinstance(spec, dict) and spec.get("owner")
    }
