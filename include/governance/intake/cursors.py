"""Where a pull starts, and the cursor it leaves: now and then everything is pulled, to see what is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from governance.intake.readers.aws.options import ServiceCatalogOptions
from governance.intake.readers.vocabulary import HttpOptions
from governance.intake.records import Pull
from governance.intake.spec import SourceSpec

_WHOLE = "whole_at"
EVERYTHING = "everything"
"""In a cursor: everything is listed again, and what is as it was is not drawn."""


def start_of(spec: SourceSpec, cursor: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    """Return where a pull starts, where the last whole pull is too long ago with everything.

    That is None, from the beginning; of records of Service Catalog, whose listing says what is as it was, the
    cursor that says so.
    """
    if cursor is None or not isinstance(spec.reader, (HttpOptions, ServiceCatalogOptions)):
        return cursor
    last = cursor.get(_WHOLE)
    if last is None or now - datetime.fromisoformat(last) >= timedelta(days=spec.reader.whole_every_days):
        return None if isinstance(spec.reader, HttpOptions) else {**cursor, EVERYTHING: True}
    return cursor


def end_of(pull: Pull, cursor: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    """Return the cursor that a pull leaves, with the time of the last whole pull."""
    if pull.cursor is None:
        return None
    last = now.isoformat() if pull.whole or pull.listed else (cursor or {}).get(_WHOLE)
    return {**pull.cursor, _WHOLE: last} if last else pull.cursor
