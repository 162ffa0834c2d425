"""Which rows fail an expectation whose meaning is simple: the same rows as Great Expectations finds.

Great Expectations counts failures fast and lists them slowly (58 us each), so a batch in which much is wrong
would take minutes. It stays the judge: these rows count only where they are as many as it counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pandas as pd

Arguments = dict[str, Any]


def is_known(kind: str) -> bool:
    """Tell whether this module knows an expectation: such a one looks at no columns but those it names."""
    return kind in _KINDS


def failing_rows(frame: pd.DataFrame, kind: str, arguments: Arguments, when: Arguments) -> list[int] | None:
    """Return the `row_no` of every failing row in order, or None where this module does not know the kind.

    `when`: column -> words; only rows that have one of them in each are looked at.
    """
    fails = _KINDS.get(kind)
    if fails is None:
        return None
    for column, words in when.items():
        frame = frame[frame[column].isin(list(words))]
    return [int(row) for row in frame["row_no"][fails(frame, arguments)]]


def _column(frame: pd.DataFrame, of: Arguments, name: str = "column") -> pd.Series:
    return cast("pd.Series", frame[of[name]])


def _missing(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    return _column(frame, of).isna()


def _present(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    return _column(frame, of).notna()


def _repeated(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    column = _column(frame, of)
    return column.notna() & column.duplicated(keep=False)


def _foreign(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    column = _column(frame, of)
    return column.notna() & ~column.isin(list(of["value_set"]))


def _outside(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    return _beyond(_column(frame, of), of)


def _length_outside(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    return _beyond(_column(frame, of).str.len(), of)


def _beyond(column: pd.Series, of: Arguments) -> pd.Series:
    """Present and below `min_value` or above `max_value`; a strict limit is itself outside."""
    outside: pd.Series = pd.Series(False, index=column.index)
    least, most = of.get("min_value"), of.get("max_value")
    if least is not None:
        outside |= column <= least if of.get("strict_min") else column < least
    if most is not None:
        outside |= column >= most if of.get("strict_max") else column > most
    return outside & column.notna()


def _unlike(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    column = _column(frame, of)
    return column.notna() & ~column.str.contains(of["regex"], regex=True, na=False)


def _different(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    first, second = _column(frame, of, "column_A"), _column(frame, of, "column_B")
    return _paired(first, second, of) & (first != second)


def _not_greater(frame: pd.DataFrame, of: Arguments) -> pd.Series:
    first, second = _column(frame, of, "column_A"), _column(frame, of, "column_B")
    greater = first >= second if of.get("or_equal") else first > second
    return _paired(first, second, of) & ~greater.fillna(False)


def _paired(first: pd.Series, second: pd.Series, of: Arguments) -> pd.Series:
    """Rows that are looked at: `ignore_row_if` says which are not."""
    rule = of.get("ignore_row_if", "both_values_are_missing")
    if rule == "either_value_is_missing":
        return first.notna() & second.notna()
    if rule == "both_values_are_missing":
        return first.notna() | second.notna()
    return pd.Series(True, index=first.index)


_KINDS: dict[str, Callable[[pd.DataFrame, Arguments], pd.Series]] = {
    "expect_column_values_to_not_be_null": _missing,
    "expect_column_values_to_be_null": _present,
    "expect_column_values_to_be_unique": _repeated,
    "expect_column_values_to_be_in_set": _foreign,
    "expect_column_values_to_be_between": _outside,
    "expect_column_value_lengths_to_be_between": _length_outside,
    "expect_column_values_to_match_regex": _unlike,
    "expect_column_pair_values_to_be_equal": _different,
    "expect_column_pair_values_a_to_be_greater_than_b": _not_greater,
}
