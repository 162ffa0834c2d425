"""The index of a snapshot's evaluations as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from governance import evaluation_index
from governance.reconciliation.matching.arrays import Array, offsets

Read = Callable[..., pa.Table]
Part = TypeVar("Part")


class Facts:
    """Accounts, regions and deployments have the numbers of their places in the lists of that name.

    `deployed` are rule, creator, resource type; `seen` the places that hold evaluations, as two arrays.
    """

    def __init__(self, read: Read, later: Later) -> None:
        self._resources = later(lambda: Resources(read))
        self._cells = later(lambda: Cells(**_numbers(read("cell", *_names(Cells)))))
        self._groups = later(lambda: Groups.read(read))
        self._bad = later(lambda: Rows(**_numbers(read("bad", *_names(Rows)))))
        self._scattered = later(lambda: Rows(**_numbers(read("scattered", *_names(Rows)))))
        self.accounts: list[str] = read("seen_account", "id")["id"].to_pylist()
        self.regions: list[str] = read("seen_region", "name")["name"].to_pylist()
        deployed = read("deployed", "rule", "creator", "resource_type")
        self.deployed = list(zip(*(column.to_pylist() for column in deployed.columns), strict=True))
        self.seen = tuple(_numbers(read("seen_place", "account", "region")).values())
        self.has_repeated = len(read("repeated", "cell")) > 0

    @staticmethod
    @contextmanager
    def read(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path] | None) -> Iterator[Facts]:
        """Read them from the files of an index, the large ones beside other work; None: from `connection`."""
        if files is None:
            yield Facts(lambda *wanted: _of_tables(connection, *wanted), _at_once)
            return
        with ThreadPoolExecutor(2) as beside:
            yield Facts(lambda *wanted: _of_files(files, *wanted), lambda part: beside.submit(part).result)

    @property
    def cells(self) -> Cells:
        """The cells, by number."""
        return self._cells()

    @property
    def groups(self) -> Groups:
        """The groups of resources, by number."""
        return self._groups()

    @property
    def resources(self) -> Resources:
        """The resources, by number."""
        return self._resources()

    @property
    def bad(self) -> Rows:
        """The non-compliant rows."""
        return self._bad()

    @property
    def scattered(self) -> Rows:
        """The rows of cells that are not full."""
        return self._scattered()


class Later(Protocol):
    """Sees to it that a part is read, and returns how to get it."""

    def __call__(self, part: Callable[[], Part]) -> Callable[[], Part]:
        """Return what returns the part."""


def _at_once(part: Callable[[], Part]) -> Callable[[], Part]:
    found = part()
    return lambda: found


def _of_files(files: Mapping[str, Path], table: str, *columns: str) -> pa.Table:
    with pq.ParquetFile(files[table]) as file:
        return file.read(columns=list(columns))


def _of_tables(connection: duckdb.DuckDBPyConnection, table: str, *columns: str) -> pa.Table:
    rows = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {evaluation_index.TABLES[table]}"  # noqa: S608
    return connection.sql(rows).to_arrow_table()


def _names(kind: type[Any]) -> list[str]:
    return [one.name for one in fields(kind)]


@dataclass(frozen=True)
class Cells:
    """Pairs of a place and a deployed rule. `n`: its evaluations, `nc`: non-compliant ones; `is_full`: they
    are all resources of the group `grp`, else they are listed among the scattered rows."""

    account: Array
    region: Array
    deployment: Array
    grp: Array
    n: Array
    nc: Array
    is_full: Array

    @cached_property
    def bad(self) -> Array:
        """Where the non-compliant rows of each cell begin; one entry more than cells."""
        return offsets(self.nc)


@dataclass(frozen=True)
class Groups:
    """Resources of one account, region and type. `start`: the first of each; one entry more than groups."""

    account: Array
    region: Array
    type_: Array
    types: list[str]
    start: Array

    @staticmethod
    def read(read: Read) -> Groups:
        """Read them from the index."""
        table = read("resource_group", "account", "region", "resource_type", "n")
        types = table["resource_type"].dictionary_encode().unify_dictionaries().combine_chunks()
        if isinstance(types, pa.ChunkedArray):  # of no rows
            types = pa.array([], pa.string()).dictionary_encode()
        found = _numbers(table.select(["account", "region", "n"]))
        numbers = types.indices.to_numpy(zero_copy_only=False)
        start = offsets(found["n"])
        return Groups(found["account"], found["region"], numbers, types.dictionary.to_pylist(), start)

    @cached_property
    def first(self) -> Array:
        """The first resource of each account that holds any, by number; one entry more than accounts."""
        accounts = np.arange(int(self.account[-1]) + 2 if len(self.account) else 1)
        return self.start[np.searchsorted(self.account, accounts)]


_NO_IDS = pa.array([], pa.string())


class Resources:
    """Resources by number, which is their order by account, region, type, id.

    `tag_set` -1: its tags are not known; `grp`: its group; `by_id`: their numbers in the order of ids.
    """

    def __init__(self, read: Read) -> None:
        table = read("resource", "resource_id", "tag_set", "grp")
        ids = table["resource_id"]
        wide = ids.cast(pa.large_string()) if ids.nbytes >= 2**31 else ids
        self.ids: pa.Array = (
            wide.chunk(0) if wide.num_chunks == 1 else pa.concat_arrays([_NO_IDS, *wide.chunks])
        )
        self.tag_set: Array = table["tag_set"].fill_null(-1).to_numpy()
        self.grp: Array = table["grp"].to_numpy()
        self.by_id: Array = read("resource_by_id", "resource")["resource"].to_numpy()


@dataclass(frozen=True)
class Rows:
    """Listed evaluations, by cell and resource. `row`: its number in the snapshot."""

    row: Array
    cell: Array
    resource: Array

    @cached_property
    def keys(self) -> Array:
        """Cell and resource as one number, ascending."""
        return key(self.cell, self.resource)


def key(cell: Array, resource: Array) -> Array:
    """Return cell and resource as one number; `outcome` calls it item."""
    return (cell.astype("int64") << 32) | resource


def _numbers(table: pa.Table) -> dict[str, Array]:
    return {name: table[name].to_numpy() for name in table.column_names}
