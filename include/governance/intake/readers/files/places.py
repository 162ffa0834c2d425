"""Files of a source, from a folder, a single file or an S3 prefix, each read to its end."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from governance.errors import SourceUnavailableError

LARGEST_BYTES = 2 * 1024**3
"""A file larger than this, unpacked, is refused instead of filling the memory."""


@dataclass(frozen=True)
class SourceFile:
    """One file: its name below the place, and a function that reads it whole."""

    name: str
    read: Callable[[], bytes]


class StillWritingError(Exception):
    """The file changed while it was read: the next run takes it."""


class CutOffError(Exception):
    """The compressed file ends before it should."""


class Place(Protocol):
    """Where files are."""

    def files(self, patterns: tuple[str, ...]) -> Iterator[SourceFile]:
        """Yield the files that fit one of `patterns`, by name; raises SourceUnavailableError."""
        ...

    def probe(self) -> None:
        """Raise SourceUnavailableError where the place is not there or may not be listed."""
        ...


@dataclass(frozen=True)
class Folder:
    """A local folder, or one file whatever its name."""

    path: Path

    def files(self, patterns: tuple[str, ...]) -> Iterator[SourceFile]:
        """Yield files of the folder and the folders in it, hidden ones left out."""
        if self.path.is_file():
            yield SourceFile(self.path.name, lambda: _settled(self.path))
            return
        self.probe()
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if path.is_file() and _is_wanted(name, patterns):
                yield SourceFile(name, lambda path=path: _settled(path))  # type: ignore[misc]

    def probe(self) -> None:
        """Raise SourceUnavailableError where there is neither a folder nor a file."""
        if not self.path.is_dir() and not self.path.is_file():
            raise SourceUnavailableError(f"{self.path} is not there: expected a folder or a file")


def _settled(path: Path) -> bytes:
    """Read a file, and make sure that nobody wrote to it meanwhile."""
    try:
        before = path.stat()
        content = path.read_bytes()
        after = path.stat()
    except OSError as error:
        raise SourceUnavailableError(f"{path} cannot be read: {error.strerror}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or after.st_size != len(
        content
    ):
        raise StillWritingError(path.name)
    return content


@dataclass(frozen=True)
class S3Prefix:
    """Objects below `s3://bucket/prefix`, read with the client handed in."""

    client: Any
    bucket: str
    prefix: str

    @classmethod
    def parse(cls, client: Any, location: str) -> S3Prefix:
        """Return the prefix of an `s3://bucket/prefix` location."""
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        return cls(client, bucket, prefix)

    def files(self, patterns: tuple[str, ...]) -> Iterator[SourceFile]:
        """Yield objects by key; raises SourceUnavailableError in one line, IAM action included."""
        for key in self._keys():
            name = key.removeprefix(self.prefix).lstrip("/") or PurePosixPath(key).name
            if _is_wanted(name, patterns):
                yield SourceFile(name, lambda key=key: self._read(key))  # type: ignore[misc]

    def probe(self) -> None:
        """Raise SourceUnavailableError where the bucket may not be listed; names the IAM action missing."""
        try:
            self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            raise self._unavailable("s3:ListBucket", error) from error

    def _keys(self) -> list[str]:
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            return sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))
        except (ClientError, BotoCoreError) as error:
            raise self._unavailable("s3:ListBucket", error) from error

    def _read(self, key: str) -> bytes:
        try:
            return bytes(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except (ClientError, BotoCoreError, HTTPError) as error:
            raise self._unavailable("s3:GetObject", error) from error

    def _unavailable(self, action: str, error: Exception) -> SourceUnavailableError:
        place = f"s3://{self.bucket}/{self.prefix}"
        if not isinstance(error, ClientError):
            return SourceUnavailableError(f"{place} cannot be read: {' '.join(str(error).split())}")
        found = error.response["Error"]
        needs = f" (the role needs {action})" if found["Code"] in ("AccessDenied", "403") else ""
        return SourceUnavailableError(f"{place} cannot be read: {found['Code']}{needs}")


def unpacked(name: str, content: bytes) -> bytes:
    """Return the content of a file, unpacked where its name ends in .gz; raises CutOffError."""
    if not name.endswith(".gz"):
        return content
    unpack = zlib.decompressobj(wbits=31)
    try:
        text = unpack.decompress(content, LARGEST_BYTES)
        if unpack.eof and not unpack.unused_data:
            return text
        if len(text) >= LARGEST_BYTES:
            raise CutOffError(f"unpacks to more than {LARGEST_BYTES:,} bytes")
        return gzip.decompress(content)  # several members one after the other
    except (EOFError, zlib.error, OSError) as error:
        raise CutOffError(f"is not a complete gzip file: {error}") from error


def _is_wanted(name: str, patterns: tuple[str, ...]) -> bool:
    path = PurePosixPath(name)
    return not any(part.startswith(".") for part in path.parts) and any(path.match(p) for p in patterns)
