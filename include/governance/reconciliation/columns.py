"""Whole columns of text, put together without a loop over the rows."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def taken(texts: Sequence[str], number: pd.Series) -> pd.Series:
    """Return for each row the text of its number.

    >>> taken(["a", "b"], pd.Series([1, 0, 1])).tolist()
    ['b', 'a', 'b']
    """
    column = pa.array(texts, pa.large_string()).take(pa.array(number.to_numpy("int64")))
    return pd.Series(column.to_pandas(), index=number.index, dtype="str")


def joined(*parts: pd.Series | str) -> pd.Series:
    """Return the parts of each row as one text; a plain text is the same in every row.

    >>> joined(pd.Series(["a", "b"]), "|", pd.Series(["c", "d"])).tolist()
    ['a|c', 'b|d']
    """
    index = next(part.index for part in parts if isinstance(part, pd.Series))
    column = pc.binary_join_element_wise(*map(_texts, (*parts, "")))
    return pd.Series(column.to_pandas(), index=index, dtype="str")


def _texts(part: pd.Series | str) -> pa.Array | pa.Scalar:
    return pa.scalar(part, pa.large_string()) if isinstance(part, str) else pa.array(part, pa.large_string())
