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

from governance.reconciliation.matching.arrays import Array, offsets
from governance.reconciliation.matching.source import Files, Source, Tables, arrays, whole

Part = TypeVar("Part")


class Facts:
    """Accounts, regions, types and deployments have the numbers of their places in the lists of that name.

    `deployed` are rule, creator, resource type; `seen` places that hold evaluations, as two arrays.
    """

    def __init__(self, source: Source, later: Later) -> None:
        self.accounts: list[str] = source.table("seen_account", "id")["id"].to_pylist()
        self.regions: list[str] = source.table("seen_region", "name")["name"].to_pylist()
        self.types: list[str] = source.table("seen_type", "name")["name"].to_pylist()
        deployed = source.table("deployed", "rule", "creator", "resource_type")
        self.deployed = list(zip(*(column.to_pylist() for column in deployed.columns), strict=True))
        self.seen = tuple(arrays(source, "seen_place", "account", "region").values())
        self.has_repeated = len(source.table("repeated", "cell")) > 0
        # the large ones meanwhile, those first that take longest or are waited for first
        self._resources = later(lambda: Resources(source))
        self._cells = later(lambda: Cells.read(source, has_regions=len(self.regions) > 1))
        self._groups = later(lambda: Groups.read(source))
        self._bad = later(lambda: Listed(**arrays(source, "bad", *_names(Listed))))
        self._scattered = later(lambda: Listed(**arrays(source, "scattered", *_names(Listed))))

    @staticmethod
    @contextmanager
    def read(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path] | None) -> Iterator[Facts]:
        """Read them from the files of an index, the large ones beside other work; None: from `connection`."""
        if files is None:
            yield Facts(Tables(connection), _at_once)
            return
        with ThreadPoolExecutor(2) as beside:
            yield Facts(Files(files), lambda part: beside.submit(part).result)

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
    def bad(self) -> Listed:
        """The non-compliant rows."""
        return self._bad()

    @property
    def scattered(self) -> Listed:
        """The rows of cells that are not full."""
        return self._scattered()


class Later(Protocol):
    """Sees to it that a part is read, and returns how to get it."""

    def __call__(self, part: Callable[[], Part]) -> Callable[[], Part]:
        """Return what returns the part."""


def _at_once(part: Callable[[], Part]) -> Callable[[], Part]:
    found = part()
    return lambda: found


def _names(kind: type[Any]) -> list[str]:
    return [one.name for one in fields(kind)]


@dataclass(frozen=True)
class Cells:
    """Pairs of a place and a deployed rule. `n`: its evaluations; `nc`: non-compliant ones, of the bad rows
    from `first_bad` on; `is_full`: they are all resources of the group `grp`, else they are listed among the
    scattered rows."""

    account: Array
    region: Array
    deployment: Array
    grp: Array
    n: Array
    nc: Array
    is_full: Array
    first_bad: Array

    @staticmethod
    def read(source: Source, has_regions: bool) -> Cells:
        """Read them from the index; where there is one region, its number is not read a million times."""
        names = [name for name in _names(Cells) if has_regions or name != "region"]
        found = arrays(source, "cell", *names)
        one = {"region": np.broadcast_to(np.int32(0), len(found["n"]))}
        return Cells(**(one | found))


@dataclass(frozen=True)
class Groups:
    """Resources of one account, region and type. `start`: the first of each; one entry more than groups."""

    account: Array
    region: Array
    type_: Array
    start: Array

    @staticmethod
    def read(source: Source) -> Groups:
        """Read them from the index."""
        account, region, type_, n = arrays(
            source, "resource_group", "account", "region", "type", "n"
        ).values()
        return Groups(account, region, type_, offsets(n))

    @cached_property
    def first(self) -> Array:
        """The first resource of each account that holds any, by number; one entry more than accounts."""
        accounts = np.arange(int(self.account[-1]) + 2 if len(self.account) else 1)
        return self.start[np.searchsorted(self.account, accounts)]


class Resources:
    """Resources by number, which is their order by account, region, type, id.

    `tag_set` -1: its tags are not known; `grp`: its group; `by_id`: their numbers in the order of ids.
    """

    def __init__(self, source: Source) -> None:
        self._ids = whole(source.table("resource", "resource_id")["resource_id"])
        found = arrays(source, "resource", "tag_set", "grp")
        self.tag_set, self.grp = found["tag_set"], found["grp"]
        self.by_id = arrays(source, "resource_by_id", "resource")["resource"]

    def ids(self, resources: Array) -> pa.Array:
        """Return the ids of these resources."""
        return self._ids.take(pa.array(resources))


@dataclass(frozen=True)
class Listed:
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
