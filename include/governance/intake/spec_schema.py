"""The JSON Schema of a spec, for editors: completion, help and red lines while a spec is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

from governance.intake.spec import SourceSpec

FILE = "source.schema.json"


def schema_text() -> str:
    """Return the schema as JSON text, the same for the same model; `docs/source.schema.json` is a copy."""
    schema = SourceSpec.model_json_schema(mode="validation")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A source of requests",
    }
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def modeline(spec_file: Path) -> str:
    """Return the line by which editors find the schema: that of docs/, else one beside the specs."""
    folder = spec_file.resolve().parent
    docs = next((up / "docs" / FILE for up in folder.parents if (up / "docs" / FILE).is_file()), None)
    place = os.path.relpath(docs, folder) if docs else FILE
    return f"# yaml-language-server: $schema={Path(place).as_posix()}"
