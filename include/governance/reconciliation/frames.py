"""Rows of a frame, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield each row with its columns as attributes: the type checker cannot know their types."""
    if frame.empty:
        return  # most are, and pandas takes a millisecond to find out
    yield from frame.astype("object").itertuples(index=False)  # text would be unpacked value by value
