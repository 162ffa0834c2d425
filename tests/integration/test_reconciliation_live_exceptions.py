"""Which exceptions are live is read from rows where they tell it, and from the history where they do not."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from governance.reconciliation import exceptions
from governance.reconciliation import policy as policy_files
from governance.register import canonical_scope
from reconciliation_worlds import NOW, exception, policies, register_requests

DAYS = (-41, -40, -12, -5, 0, 3, 20)


def scope(account: str) -> dict[str, list[str]]:
    return {"account": [account], "rule": ["r"]}


def observed(key: str, *days: int, **more: Any) -> list[dict[str, Any]]:
    """Return a request as it was seen on each of these days: a day later, another account."""
    return [
        exception(key, scope(f"{100_000_000_000 + day + 50}"), valid_at=NOW + timedelta(days=day), **more)
        for day in days
    ]


def from_history(register: Engine, now: Any) -> list[tuple[Any, ...]]:
    """Return what the history alone says of live exceptions at an instant."""
    query = (
        "SELECT request_number, owner, decided_at, valid_from, valid_until, scopes FROM request_as_of(:now)"
        " WHERE kind = 'exception' AND status IN ('approved', 'in_progress', 'fulfilled', 'expired')"
        " ORDER BY request_number"
    )
    with register.connect() as connection:
        rows = connection.execute(text(query), {"now": now}).all()
    return [(*row[:-1], canonical_scope.read(json.dumps(row.scopes))) for row in rows]


def live(register: Engine, folder: Path, now: Any, **more: Any) -> list[exceptions.LiveException]:
    _, limits = policy_files.read(policies(folder / "policies"))
    with register.connect() as connection:
        return exceptions.live(connection, now, limits, **more)


def told(one: exceptions.LiveException) -> tuple[Any, ...]:
    return (one.number, one.owner, one.decided_at, one.valid_from, one.valid_until, one.scopes)


@pytest.mark.parametrize("silent", [3, 60])
def test_an_exception_is_what_its_history_says_it_was(register: Engine, tmp_path: Path, silent: int) -> None:
    """Some were seen again later, of some (a few, and more than a few) nobody says when they were decided."""
    loads: list[list[dict[str, Any]]] = [
        observed("plain", -40), observed("seen again", -40, -10, 2), observed("later", 1),
        observed("moved on", -30) + observed("moved on", -8, status="fulfilled"),
        observed("withdrawn", -30) + observed("withdrawn", -6, status="withdrawn"),
        observed("undecided", -30, status="in_review", decided_at=None, decided_by=None),
        *(observed(f"silent {n}", -40 + n % 3, -2, decided_at=None) for n in range(silent)),
    ]  # fmt: skip
    for load in range(3):
        with register.begin() as connection:
            register_requests(connection, *(days[load] for days in loads if len(days) > load))
    for day in DAYS:
        at = NOW + timedelta(days=day)
        found = [told(one) for one in live(register, tmp_path, at)]
        assert found == from_history(register, at), f"day {day}"
    assert len(live(register, tmp_path, NOW)) == 3 + silent


def test_renewals_are_counted_along_the_chain_and_a_circle_ends(register: Engine, tmp_path: Path) -> None:
    """Two renewals are more than the shipped limits allow for a waiver of high risk."""
    chain = [exception("a", scope("1"), risk_level="high")]
    chain += [
        exception(key, scope("1"), risk_level="high", renewal_of=of) for key, of in ("ba", "cb", "dc", "ed")
    ]
    chain += [exception(key, scope("1"), risk_level="high", renewal_of=of) for key, of in ("xy", "yx")]
    with register.begin() as connection:
        register_requests(connection, *chain)
    flagged = ["RENEWALS_OVER_LIMIT" in one.flags for one in live(register, tmp_path, NOW)]
    assert flagged[0] is False
    assert flagged[4:] == [True, True, True]
    assert flagged == sorted(flagged)


def test_a_request_that_is_asked_about_counts_as_approved_now(register: Engine, tmp_path: Path) -> None:
    with register.begin() as connection:
        register_requests(
            connection, *observed("e", -40), *observed("asked", -3, status="in_review", decided_at=None)
        )
    assert [one.number for one in live(register, tmp_path, NOW)] == [1]
    (_, asked) = live(register, tmp_path, NOW, also=2)
    assert (asked.number, asked.decided_at, asked.problem) == (2, NOW, None)
