"""Files of a source, from a folder, a single file or an S3 prefix, each read to its end."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from governance.errors import SourceUnavailableError
from governance.intake.readers.files import limits
from governance.intake.readers.files.limits import StillWritingError, UnreadableFileError
from governance.quality.storable import storable


@dataclass(frozen=True)
class SourceFile:
    """One file: its name below the place, what tells this version of it, and a function that reads it whole.

    `read` raises StillWritingError, UnreadableFileError and SourceUnavailableError.
    """

    name: str
    version: str
    read: Callable[[], bytes]


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
        """Yield files of the folder and the folders in it, hidden ones left out; links must not lead out."""
        if self.path.is_file():
            yield _local(self.path, storable(self.path.name))
            return
        self.probe()
        home = self.path.resolve()
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if not _is_wanted(name, patterns) or not path.is_file():
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                yield _refused(storable(name), "is a link that leads out of its folder")
            else:
                yield _local(path, storable(name))

    def probe(self) -> None:
        """Raise SourceUnavailableError where there is neither a folder nor a file."""
        if not self.path.is_dir() and not self.path.is_file():
            raise SourceUnavailableError(f"{self.path} is not there: expected a folder or a file")


def _local(path: Path, name: str) -> SourceFile:
    try:
        found = path.stat()
    except OSError as error:
        raise SourceUnavailableError(f"{path} cannot be read: {error.strerror}") from error
    return SourceFile(name, f"{found.st_size}-{found.st_mtime_ns}", lambda: _settled(path))


def _settled(path: Path) -> bytes:
    """Read a file, and make sure that nobody wrote to it meanwhile."""
    try:
        before = path.stat()
        _bound(before.st_size)
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
        for entry in self._entries():
            key = entry["Key"]
            name = key.removeprefix(self.prefix).lstrip("/") or PurePosixPath(key).name
            if ".." in key.split("/"):
                if any(PurePosixPath(name).match(pattern) for pattern in patterns):
                    yield _refused(name, "has a key that leads out of its prefix")
            elif _is_wanted(name, patterns):
                yield SourceFile(name, entry["ETag"].strip('"'), partial(self._read, key, entry["Size"]))

    def probe(self) -> None:
        """Raise SourceUnavailableError where the bucket may not be listed; names the IAM action missing."""
        try:
            self.client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
        except (ClientError, BotoCoreError) as error:
            raise self._unavailable("s3:ListBucket", error) from error

    def _entries(self) -> list[dict[str, Any]]:
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix
            )
            found = [entry for page in pages for entry in page.get("Contents", ())]
        except (ClientError, BotoCoreError) as error:
            raise self._unavailable("s3:ListBucket", error) from error
        return sorted(found, key=lambda entry: str(entry["Key"]))

    def _read(self, key: str, size: int) -> bytes:
        _bound(size)
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


def _refused(name: str, why: str) -> SourceFile:
    def read() -> bytes:
        raise UnreadableFileError(f"{why}: it is not read")

    return SourceFile(name, "refused", read)


def _bound(size: int) -> None:
    if size > limits.LARGEST_BYTES:
        raise UnreadableFileError(f"has {size:,} bytes, at most {limits.LARGEST_BYTES:,} are read")


def unpacked(name: str, content: bytes) -> bytes:
    """Return the content of a file, unpacked where its name ends in .gz; raises UnreadableFileError."""
    if not name.endswith(".gz"):
        return content
    if not content:
        raise UnreadableFileError("is not a complete gzip file: it is empty")
    members: list[bytes] = []
    left = limits.LARGEST_BYTES
    while content:  # several members may follow each other, and zeros fill up the last block of some media
        unpack = zlib.decompressobj(wbits=31)
        try:
            members.append(unpack.decompress(content, left + 1))
        except zlib.error as error:
            raise UnreadableFileError(f"is not a complete gzip file: {error}") from error
        left -= len(members[-1])
        if left < 0:
            raise UnreadableFileError(f"unpacks to more than {limits.LARGEST_BYTES:,} bytes")
        if not unpack.eof:
            raise UnreadableFileError("is not a complete gzip file: it ends before its end")
        content = unpack.unused_data.lstrip(b"\0")
    return b"".join(members)


def _is_wanted(name: str, patterns: tuple[str, ...]) -> bool:
    path = PurePosixPath(name)
    return not any(part.startswith(".") for part in path.parts) and any(path.match(p) for p in patterns)
