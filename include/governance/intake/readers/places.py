"""Files of a source, from a folder or from S3, whole and with a name a person can find."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from governance.errors import SourceUnavailableError

if TYPE_CHECKING:
    from governance.intake.readers import Surroundings


@dataclass(frozen=True)
class File:
    """One file: its name, and its bytes, or why they could not be read."""

    name: str
    content: bytes
    problem: str | None = None


def files(location: str | None, glob: str, around: Surroundings) -> Iterator[File]:
    """Yield the files of a place in order of name: the path given by hand, the spec's location, or the
    connection's `extra.path`."""
    place = str(around.path or location or (around.connection and around.connection.extra.get("path")) or "")
    if not place:
        raise SourceUnavailableError(
            "no place to read: set `location` of the reader, or `path` in the connection's extra"
        )
    found = _objects(place, glob, around) if place.startswith("s3://") else _folder(Path(place), glob)
    for name, content in found:
        yield _unpacked(name, content)


def _folder(place: Path, glob: str) -> Iterator[tuple[str, bytes]]:
    if not place.exists():
        raise SourceUnavailableError(f"{place}: found nothing there, expected a folder or a file")
    paths = [place] if place.is_file() else sorted(path for path in place.glob(glob) if path.is_file())
    for path in paths:
        try:
            yield path.name, path.read_bytes()
        except OSError as error:
            raise SourceUnavailableError(f"{path}: {error.strerror}") from error


def _objects(place: str, glob: str, around: Surroundings) -> Iterator[tuple[str, bytes]]:
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    connection = around.connection
    assert connection is not None  # noqa: S101 (a location on S3 is only read through a connection)
    try:
        client: Any = around.aws(connection).client(
            "s3", endpoint_url=connection.extra.get("endpoint_url"), config=_path_style()
        )
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                name = entry["Key"].rsplit("/", 1)[-1]
                if name and fnmatchcase(name, glob):
                    yield entry["Key"], client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise SourceUnavailableError(f"{place}: {error.operation_name}: {code}") from error
    except BotoCoreError as error:
        raise SourceUnavailableError(f"{place}: {error}") from error


def _path_style() -> Any:
    from botocore.config import Config  # noqa: PLC0415 (only for S3)

    return Config(s3={"addressing_style": "path"}, retries={"mode": "adaptive", "max_attempts": 6})


def _unpacked(name: str, content: bytes) -> File:
    if not name.endswith(".gz"):
        return File(name, content)
    try:
        return File(name, gzip.decompress(content))
    except (OSError, EOFError, zlib.error) as error:
        return File(name, b"", f"{name}: cannot be unpacked ({error}): is it written completely?")
