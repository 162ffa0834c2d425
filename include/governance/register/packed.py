"""Rows in the binary format in which COPY takes them, written column by column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.register.canonical import characters

_BYTES = pa.large_binary()
_BEGAN = datetime(2000, 1, 1, tzinfo=UTC)
"""From where PostgreSQL counts."""


def rows(fixed: Mapping[str, Any], held: Mapping[str, pa.Array], many: int) -> memoryview:
    """Return `many` rows with the columns of `fixed`, and then those of `held`, in their order.

    `fixed`: what is never missing and of one size, numbers or bytes (`V`), one a row or one for all.
    `held`: bytes of any size, from the functions below; what is missing is NULL.
    """
    parts = [_heads(fixed, len(fixed) + len(held), many)]
    for column in held.values():
        sizes = pc.fill_null(pc.binary_length(column), -1)
        parts += [_binary(np.asarray(sizes).astype(">i4")), pc.fill_null(column, b"")]
    return characters(pc.binary_join_element_wise(*parts, pa.scalar(b"", _BYTES))).data


def text(column: pa.Array) -> pa.Array:
    """Return a column of text (`large_string`) as it is written."""
    return column.cast(_BYTES)


def jsonb(column: pa.Array) -> pa.Array:
    """Return a column of JSON text as it is written: the version of the format comes first."""
    return pc.binary_join_element_wise(pa.scalar(b"\1", _BYTES), text(column), pa.scalar(b"", _BYTES))


def timestamptz(column: pa.Array) -> pa.Array:
    """Return instants (`timestamp[us, UTC]`) as they are written."""
    written = _binary(moments(column.fill_null(_BEGAN)).astype(">i8"))
    return pc.if_else(column.is_null(), pa.scalar(None, _BYTES), written)


def moments(column: pa.Array) -> np.ndarray:
    """Return instants (`timestamp[us, UTC]`, none missing) as numbers, as PostgreSQL counts them."""
    return np.asarray(column.cast(pa.int64())) - int(_BEGAN.timestamp()) * 1_000_000


def moment(at: datetime) -> int:
    """Return an instant as a number."""
    return (at - _BEGAN) // timedelta(microseconds=1)


def _heads(fixed: Mapping[str, Any], columns: int, many: int) -> pa.Array:
    """Return what each row begins with: how many columns there are, and the fixed ones after their size."""
    kinds = {name: np.asarray(value).dtype for name, value in fixed.items()}
    sizes = {name: kind if kind.kind == "V" else np.dtype(">i8") for name, kind in kinds.items()}
    fields = [one for name, kind in sizes.items() for one in ((f"{name}_size", ">i4"), (name, kind))]
    heads = np.zeros(many, np.dtype([("columns", ">i2"), *fields]))
    heads["columns"] = columns
    for name, value in fixed.items():
        heads[f"{name}_size"] = sizes[name].itemsize
        heads[name] = value
    return _binary(heads)


def _binary(values: np.ndarray) -> pa.Array:
    """Return a packed array as bytes, one value each."""
    ends = np.arange(len(values) + 1, dtype=np.int64) * values.dtype.itemsize
    return pa.Array.from_buffers(_BYTES, len(values), [None, pa.py_buffer(ends), pa.py_buffer(values)])
