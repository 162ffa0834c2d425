"""Draft exception requests for deviations that nobody approved, and tell their owners: once.

The drafts, the findings in them and the message are written in the transaction of the run, so a run that
dies leaves none of them, and one that is repeated finds nothing left to draft.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ARRAY, Connection, Integer, Text, bindparam, text

from governance import resources
from governance.escalation.draft import Draft, drafts_of
from governance.escalation.letters import Letters
from governance.register.request import RISK_LEVELS

Told = tuple[str, Draft]
"""A draft with its id."""


def draft_deviations(letters: Letters) -> int:
    """Draft a request for every cluster of new deviations; return how many were drafted.

    One message per owner and run; beyond `digests_per_run` owners the rest is summarised in one message.
    """
    authority = letters.policies.ownership.authority.accountable
    found = letters.connection.execute(
        text(resources.sql("escalation/undrafted.sql")), {"now": letters.now, "authority": authority}
    ).all()
    drafted = drafts_of(found, letters.policies.exception_limits, letters.now)
    by_owner = [
        (owner, [(_add(letters, one), one) for one in mine])
        for owner, mine in groupby(drafted, key=lambda one: one.owner)
    ]
    by_owner.sort(key=lambda pair: (-max(RISK_LEVELS.index(one.risk_level) for _, one in pair[1]), pair[0]))
    cap = letters.policies.ladder.mail.digests_per_run
    for owner, told in by_owner[:cap]:
        _mark(letters.connection, letters.drafts(owner, told), told)
    left_out = by_owner[cap:]
    if left_out:
        message = letters.drafts_overflow(left_out)
        _mark(letters.connection, message, [one for _, told in left_out for one in told])
    return len(drafted)


def _add(letters: Letters, one: Draft) -> str:
    statement = text(resources.sql("escalation/add_draft.sql")).bindparams(
        bindparam("numbers", type_=ARRAY(Integer)), bindparam("openings", type_=ARRAY(Integer))
    )
    draft_id = letters.connection.scalar(
        statement,
        {
            "owner": one.owner,
            "rule": one.rule,
            "content": json.dumps(one.content, ensure_ascii=False),
            "now": letters.now,
            "numbers": [finding.finding_number for finding in one.findings],
            "openings": [finding.opening for finding in one.findings],
        },
    )
    return str(draft_id)


def _mark(connection: Connection, message: int | None, told: Sequence[Told]) -> None:
    statement = text(resources.sql("escalation/tell_drafts.sql")).bindparams(
        bindparam("ids", type_=ARRAY(Text))
    )
    connection.execute(statement, {"message": message, "ids": [draft_id for draft_id, _ in told]})


def listing(connection: Connection, *, owner: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return the newest drafts, as `sql/escalation/drafts.sql` says."""
    query = text(resources.sql("escalation/drafts.sql"))
    return [dict(row) for row in connection.execute(query, {"owner": owner, "limit": limit}).mappings()]


def find(connection: Connection, draft_id: str) -> dict[str, Any] | None:
    """Return one draft, as `sql/escalation/draft.sql` says, or None."""
    query = text(resources.sql("escalation/draft.sql"))
    row = connection.execute(query, {"draft_id": draft_id}).mappings().one_or_none()
    return None if row is None else dict(row)
