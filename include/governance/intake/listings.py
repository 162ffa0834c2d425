"""What the latest observation of AWS lists: accounts and rules. Read only when a request names one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import Connection, text

from governance import resources

_GENERATED = re.compile(r"^(?:securityhub-|OrgConfigRule-)?(.+?)(?:-conformance-pack)?-[a-z0-9]{6,9}$")
"""Names that AWS gives to rules of Security Hub, organization rules and conformance packs."""


class Listings:
    """Names that exist, in lower case; None where no complete listing says so: then nobody knows."""

    def __init__(self, files: Sequence[Any] = ()) -> None:
        self._files = files

    @cached_property
    def accounts(self) -> frozenset[str] | None:
        """Account ids of the organization."""
        return self._names("accounts", "account")

    @cached_property
    def controls(self) -> frozenset[str] | None:
        """Rules, with and without the parts of their name that AWS generated."""
        deployed, evaluated = self._names("rules", "rule"), self._names("evaluations", "rule")
        if deployed is None or evaluated is None:
            return None
        names = deployed | evaluated
        return names | {found[1] for name in names if (found := _GENERATED.match(name))}

    def _names(self, dataset: str, column: str) -> frozenset[str] | None:
        files = [file for file in self._files if file.dataset == dataset]
        if not files or not all(file.complete for file in files):
            return None
        try:
            tables = [_column(file.location, file.path, column) for file in files if file.path]
        except OSError:
            return None  # the files are gone: nobody knows
        return frozenset(str(name).lower() for names in tables for name in names if name)


def _column(location: str, path: str, column: str) -> list[Any]:
    place = f"{location.rstrip('/')}/{path}"
    if "://" not in place:
        return _unique(place, column)
    import fsspec  # noqa: PLC0415 (only for a lake on S3)

    with fsspec.open(place, "rb") as file:
        return _unique(file, column)


def _unique(source: Any, column: str) -> list[Any]:
    names: list[Any] = pq.read_table(source, columns=[column])[column].unique().to_pylist()
    return names


def latest(connection: Connection, now: datetime) -> Listings:
    """Return the listings of the latest observation that was finished by `now`; nothing is read yet."""
    query = text(resources.sql("intake/latest_listings.sql"))
    return Listings(connection.execute(query, {"now": now}).all())
