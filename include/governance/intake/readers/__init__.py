"""Readers: one small class per kind of source, chosen by `reader.type` of the spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.connections import Connection
from governance.intake.records import Pull, Record
from governance.intake.spec import SourceSpec

if TYPE_CHECKING:
    import boto3

AwsSession = Callable[[Connection], "boto3.Session"]


@dataclass(frozen=True)
class Surroundings:
    """What a reader may use: the connection, AWS sessions, a local path instead of the spec's location."""

    connection: Connection | None
    aws: AwsSession
    path: Path | None
    now: datetime


def read(spec: SourceSpec, around: Surroundings, pull: Pull) -> Iterator[Record]:
    """Yield the records of a source; raises SourceUnavailableError where it cannot be read."""
    from governance.intake.readers import delimited, jira, registers  # noqa: PLC0415 (chosen below)

    readers: dict[str, Callable[[Any, Surroundings, Pull], Iterator[Record]]] = {
        "csv": delimited.read,
        "jira": jira.read,
        "yaml": registers.read,
    }
    yield from readers[spec.reader.type](spec, around, pull)
