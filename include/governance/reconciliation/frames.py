"""Frames: read, and gone through row by row."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq


def read(file: Path) -> pd.DataFrame:
    """Return what a Parquet file holds; pandas takes three times as long to find out how to read it."""
    with pq.ParquetFile(file) as parquet:
        frame: pd.DataFrame = parquet.read(use_threads=False).to_pandas()
    return frame


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield each row with its columns as attributes: the type checker cannot know their types.

    >>> [row.a for row in rows(pd.DataFrame({"a": [1, 2], "b": ["x", None]}))]
    [1, 2]
    """
    if frame.empty:
        return  # most are, and pandas takes a millisecond to find out
    row = row_type(tuple(frame.columns))
    columns = [np.asarray(frame[name], dtype="object").tolist() for name in frame.columns]
    yield from map(row._make, zip(*columns, strict=True))


@cache
def row_type(columns: tuple[str, ...]) -> Any:
    """Return the type of a row with these columns; to make it takes longer than to fill a hundred."""
    return namedtuple("row", columns)
