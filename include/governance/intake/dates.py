"""Dates as a source declares them: what does not fit is missing, never guessed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd


def parse(values: pd.Series, formats: tuple[str, ...], zone: ZoneInfo) -> pd.Series:
    """Parse text by the first of `formats` that fits; naive times are meant in `zone`.

    Returns `datetime64[us, UTC]`. NaT where nothing fits, and where a local time exists twice or not at all
    because clocks change: which of two hours was meant cannot be known.
    """
    result = pd.Series(pd.NaT, index=values.index, dtype="datetime64[us, UTC]")
    for form in formats:
        open_places = values.notna() & result.isna()
        if not open_places.any():
            break
        result.loc[open_places] = _parsed(values[open_places].astype("str"), form, zone)
    return result


def _parsed(texts: pd.Series, form: str, zone: ZoneInfo) -> pd.Series:
    if "%z" in form:
        return pd.to_datetime(texts, format=form, errors="coerce", utc=True).dt.as_unit("us")
    naive = pd.to_datetime(texts, format=form, errors="coerce")
    local = naive.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    return local.dt.tz_convert("UTC").dt.as_unit("us")
