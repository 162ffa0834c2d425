"""Columns of text, made and taken apart without a look at every value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

_TEXT = pd.StringDtype(na_value=np.nan)


def text_column(values: Sequence[str | None] | pa.Array) -> pd.Series:
    """Return a column of type `str`; faster than pandas, which looks at every value."""
    held = values if isinstance(values, pa.Array) else pa.array(values, pa.large_string())
    return pd.Series(text_array(held))


def text_array(column: pa.Array) -> Any:
    """Return text (`large_string`) as pandas holds a column of type `str`, without a copy."""
    return _TEXT.__from_arrow__(column)  # type: ignore[attr-defined] # the stubs do not know it


def each_distinct(frame: pd.DataFrame, names: Sequence[str]) -> tuple[list[tuple[Any, ...]], np.ndarray]:
    """Return the distinct rows of some columns, and for each row which of them it is.

    >>> each_distinct(pd.DataFrame({"a": ["x", "x"], "b": ["1", None]}), ["a", "b"])
    ([('x', '1'), ('x', nan)], array([0, 1]))
    """
    codes = np.zeros(len(frame), dtype="int64")
    for name in names:
        found, words = pd.factorize(frame[name], use_na_sentinel=False)
        codes = codes * max(len(words), 1) + found
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rows = frame[list(names)].iloc[first]
    return list(zip(*(rows[name].tolist() for name in names), strict=True)), inverse


def spread(values: Sequence[str | None], places: np.ndarray) -> pd.Series:
    """Return a column of type `str` that holds at each row the value of its place."""
    return pd.Series(text_array(pa.array(values, pa.large_string()).take(pa.array(places))))
