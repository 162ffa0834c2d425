"""Which exceptions are live, and in which phase of their life.

Live are approved exceptions and those a source has moved on to in_progress, fulfilled or expired: whether
they still count is read from their interval [valid_from, valid_until), never from the status. Not live are
requests that were not approved, and those that were withdrawn, revoked or closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from pydantic import ValidationError
from sqlalchemy import BigInteger, Connection, bindparam, text

from governance import resources
from governance.reconciliation import frames
from governance.register import canonical_scope
from governance.register.canonical_scope import CanonicalScope
from governance.register.exception_limits import ExceptionLimits, Limit

Array = np.ndarray[Any, np.dtype[Any]]
Phase = Literal["upcoming", "active", "expired"]


class Approved(msgspec.Struct, frozen=True, gc=False):
    """What an exception matched when it was approved: in the first snapshot since, as of `at` (UTC).

    `most` is the largest number of items that is tolerated.
    """

    matched: int
    at: datetime
    snapshot_id: str
    most: int


class LiveException(msgspec.Struct, frozen=True, gc=False):
    """One live exception as the register has it. `problem` says in words why it is invalid, else None.

    `scopes` are those of AWS Config, `elsewhere` those of other planes. `approved` None: it cannot grow, or
    no snapshot since its approval was judged before.
    """

    number: int
    request_id: str
    owner: str | None
    risk_level: str | None
    target: str | None
    decided_at: datetime | None
    valid_from: datetime | None
    valid_until: datetime | None
    scopes: tuple[CanonicalScope, ...]
    phase: Phase
    problem: str | None
    flags: tuple[str, ...]
    elsewhere: tuple[CanonicalScope, ...] = ()
    approved: Approved | None = None


def live(
    connection: Connection, now: datetime, limits: ExceptionLimits, also: int | None = None
) -> list[LiveException]:
    """Return the exceptions that are live at `now`, by number.

    `also` is the number of an exception that is among them whatever its status, as if approved at `now`.
    """
    question = text(resources.sql("reconciliation/live_exceptions.sql"))
    found = connection.execute(
        question.bindparams(bindparam("also", type_=BigInteger)), {"now": now, "also": also}
    )
    bounds_of = cache(lambda category, risk: _Bounds.by(limits.of(category, risk)))
    # looked into quicker than those of SQLAlchemy
    rows = map(frames.row_type(tuple(found.keys()))._make, found.all())
    return [_read(row, now, bounds_of(row.category, row.risk_level)) for row in rows]


def _read(row: Any, now: datetime, bounds: _Bounds | None) -> LiveException:
    decided_at = row.decided_at if row.is_live else now
    begin, end = row.valid_from or decided_at, row.valid_until
    scopes, problem = _scopes(row.scopes)
    if row.is_live and not row.decided_by:
        problem = "nobody is named who approved it"
    elif begin is None or end is None:
        problem = "it has no beginning or no end"
    elif end <= begin:
        problem = "it ends before it begins"
    if problem:
        scopes = ()
    elsewhere = tuple([one for one in scopes if one.plane != "config"])
    return LiveException(
        number=row.request_number,
        request_id=row.request_id,
        owner=row.owner,
        risk_level=row.risk_level,
        target=row.target,
        decided_at=decided_at,
        valid_from=begin,
        valid_until=end,
        scopes=tuple([one for one in scopes if one.plane == "config"]) if elsewhere else scopes,
        phase=_phase(begin, end, now),
        problem=problem,
        flags=() if bounds is None else _flags(row, begin, bounds),
        elsewhere=elsewhere,
    )


def _scopes(told: str | None) -> tuple[tuple[CanonicalScope, ...], str | None]:
    """Return the scopes that JSON text tells of, or what is wrong with them in words."""
    try:
        scopes = canonical_scope.read("[]" if told is None or told == "null" else told)
    except ValidationError as error:
        detail = error.errors()[0]
        place = ".".join(str(part) for part in detail["loc"])
        return (), f"its scope is malformed: {place}: {detail['msg']}"
    return scopes, None if scopes else "it has no scope"


def _phase(begin: datetime | None, end: datetime | None, now: datetime) -> Phase:
    if begin is None or end is None or now >= end:
        return "expired"
    return "upcoming" if now < begin else "active"


class _Bounds(NamedTuple):
    """A limit, as quick to hold against ten thousand exceptions as may be."""

    longest: timedelta
    renewals: int

    @staticmethod
    def by(limit: Limit | None) -> _Bounds | None:
        """Return those of a limit, if there is one."""
        return None if limit is None else _Bounds(timedelta(days=limit.max_days), limit.max_renewals)


def _flags(row: Any, begin: datetime | None, bounds: _Bounds) -> tuple[str, ...]:
    flags = []
    if begin and row.valid_until and row.valid_until - begin > bounds.longest:
        flags.append("DURATION_OVER_LIMIT")
    if row.renewals > bounds.renewals:
        flags.append("RENEWALS_OVER_LIMIT")
    return tuple(flags)


def ranks(decided: Array, number: Array, of: Array, place: Array, rule: Array) -> Array:
    """Return the place of each scope in the one total order; smaller wins.

    Per exception: `decided`, its approval in microseconds since 1970, and its `number`. Per scope: `of` the
    index of its exception, `place` and `rule` how specific it is. The order: place (resource, tag, account,
    OU, root), rule (exact, pattern, any), latest approval, lowest number.
    """
    keys = np.stack([place.astype("int64") * _RULE_LEVELS + rule.astype("int64"), -decided[of], number[of]])
    in_order = bool(np.all(keys[2, :-1] <= keys[2, 1:]))  # of what is equal else, the first comes first then
    order = np.lexsort(keys[1::-1] if in_order else keys[::-1])
    ordered = keys[:, order]
    place_of = np.empty(len(of), dtype="int64")
    place_of[order] = np.cumsum(np.any(np.diff(ordered, axis=1, prepend=ordered[:, :1]) != 0, axis=0))
    return place_of


_RULE_LEVELS = 3
"""How many levels there are of how specific a scope is by its rules."""


def microseconds(instants: Sequence[datetime | None]) -> Array:
    """Microseconds since 1970 (UTC); an approval without an instant counts as 1970.

    >>> microseconds([datetime.fromisoformat("1970-01-01T00:00:01Z"), None]).tolist()
    [1000000, 0]
    """
    since = [None if instant is None else instant - _EPOCH for instant in instants]
    column = pa.array(since, pa.duration("us")).cast(pa.int64()).fill_null(0)
    counted: Array = column.to_numpy(zero_copy_only=False)
    return counted


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
