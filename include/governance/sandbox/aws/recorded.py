"""Answers that AWS once gave, served again: files `service.Operation_N.json` as recorders of boto3 keep them.

A file holds `{"status_code": 200, "data": {...}}`; an instant is `{"__class__": "datetime", "year": ...}`,
without a zone, which is UTC. The answers of one operation come in the order of their numbers, then again from
the first.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from governance.errors import GovernanceError
from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError


def handlers(folder: Path) -> dict[str, Handler]:
    """Return 'service:Operation' -> handler for every recording in a folder.

    Raises GovernanceError for a file whose name does not say what it answers.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.json"), key=_number):
        service, _, rest = path.stem.partition(".")
        operation, _, _ = rest.partition("_")
        found.setdefault(f"{service}:{operation}", []).append(path)
    return {
        action: _handler(itertools.cycle([read(path) for path in paths])) for action, paths in found.items()
    }


def read(path: Path) -> tuple[int, dict[str, Any]]:
    """Return HTTP status and data of a recording, instants as aware datetimes, without its metadata."""
    content = json.loads(path.read_text("utf-8"), object_hook=_instant)
    data = dict(content["data"])
    data.pop("ResponseMetadata", None)
    return int(content["status_code"]), data


def _number(path: Path) -> tuple[str, int]:
    stem, _, number = path.stem.rpartition("_")
    if "." not in stem or not number.isdigit():
        raise GovernanceError(f"{path.name}: the name of a recording is service.Operation_NUMBER.json")
    return stem, int(number)


def _handler(answers: Iterator[tuple[int, dict[str, Any]]]) -> Handler:
    def answer(_: Call) -> dict[str, Any]:
        status, data = next(answers)
        if status >= 300:
            raise ServiceError(data["Error"]["Code"], data["Error"]["Message"], status=status)
        return data

    return answer


def _instant(content: dict[str, Any]) -> Any:
    if content.get("__class__") != "datetime":
        return content
    return datetime(**{name: part for name, part in content.items() if name != "__class__"}, tzinfo=UTC)
