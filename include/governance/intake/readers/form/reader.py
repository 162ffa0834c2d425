"""Read submitted requests: one file is one request, every scalar the text that was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from governance.intake.records import Raw, Record

LARGEST_BYTES = 1024**2
"""A submission is text that a person wrote; a larger file is none."""


def parse(name: str, content: bytes, _options: Any) -> Iterator[Record]:
    """Yield the one request of a file; its locator is `file:1`."""
    yield Record(f"{name}:1", *submission(content))


def submission(content: bytes) -> tuple[Raw, str | None]:
    """Return what a file says, and what is wrong with it as a whole."""
    text = content[:LARGEST_BYTES].decode("utf-8-sig", errors="backslashreplace")
    if len(content) > LARGEST_BYTES:
        return {"@text": text[:1000]}, f"a submission has at most {LARGEST_BYTES} bytes"
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.BaseLoader)):
            return {"@text": text}, "a submission has no aliases (*name): every value is written out"
        found = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (BaseLoader makes text, lists and mappings)
    except (yaml.YAMLError, RecursionError) as error:
        return {"@text": text}, f"the file is not valid YAML: {' '.join(str(error).split())[:200]}"
    if not isinstance(found, dict):
        return {"@text": text}, "a submission is a mapping of fields"
    return json.loads(json.dumps({str(name): value for name, value in found.items()})), None
