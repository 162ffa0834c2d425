"""Find what is due and write ledger and outbox in one transaction; `delivery` sends.

A run may be repeated, killed, delayed by a week or run twice at once: the ledger knows each rung once, so
nothing is lost and nothing is said twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from governance import resources
from governance.escalation import policies as policy_files
from governance.escalation.digest import digests
from governance.escalation.drafts import draft_deviations
from governance.escalation.due import CLOCK, Due, due
from governance.escalation.letters import Letters
from governance.escalation.policies import Policies
from governance.escalation.render import Templates


@dataclass(frozen=True)
class Escalated:
    """What one run decided.

    `rungs` counts requests told by rung, `superseded` the rungs told by a later one instead; `digests`,
    `overflow` (digests summarised beyond the cap) and `quarantine` count messages, `undelivered` the refused
    messages somebody is told of, `stopped` the sources whose batch is held or whose pulls fail, `drafts` the
    exception requests drafted for deviations.
    """

    rungs: Mapping[str, int] = field(default_factory=dict)
    superseded: Mapping[str, int] = field(default_factory=dict)
    digests: int = 0
    overflow: int = 0
    quarantine: int = 0
    undelivered: int = 0
    stopped: int = 0
    drafts: int = 0


def escalate(
    engine: Engine,
    *,
    now: datetime,
    policies: Path,
    templates: Path | None = None,
    source_owners: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> Escalated:
    """Record every rung that is due at `now` and queue one digest per recipient.

    `policies` and `templates` are folders (default for the latter: the shipped one); `source_owners` maps a
    source to who hears of its quarantined records (default: the ownership authority). Two runs at once wait
    for each other. With `dry_run` everything is computed and nothing is kept. Raises DocumentError where a
    policy is wrong.
    """
    read = policy_files.read(policies)
    rendered = Templates(templates or resources.folder("templates"))
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.escalation'))"))
        letters = Letters(connection, read, rendered, now)
        result = _run(letters, source_owners or {})
        if dry_run:
            transaction.rollback()
    return result


def _run(letters: Letters, source_owners: Mapping[str, str]) -> Escalated:
    connection, policies, now = letters.connection, letters.policies, letters.now
    found = due(connection, policies, now)
    all_digests = digests(found, policies)
    cap = policies.ladder.mail.digests_per_run
    carried = {digest.recipient: letters.digest(digest) for digest in all_digests[:cap]}
    left_out = all_digests[cap:]
    if left_out:
        summary = letters.overflow(left_out)
        carried.update({digest.recipient: summary for digest in left_out})
    drafts = draft_deviations(letters)
    entries = [entry for item in found for entry in _entries(item, policies, now, carried)]
    if entries:
        connection.execute(text(resources.sql("escalation/record.sql")), entries)
    return Escalated(
        rungs=dict(Counter(item.tell.rung.rung for item in found)),
        superseded=dict(Counter(step.rung.rung for item in found for step in item.superseded)),
        digests=len(all_digests) - len(left_out),
        overflow=len(left_out),
        quarantine=_tell_quarantined(letters, source_owners),
        undelivered=_tell_undelivered(letters),
        stopped=_tell_stopped(letters, source_owners),
        drafts=drafts,
    )


def _entries(
    item: Due, policies: Policies, now: datetime, carried: Mapping[str, int | None]
) -> Iterator[dict[str, Any]]:
    """Yield the ledger entries of one request: the rung told, and those it supersedes."""
    for step in (*item.superseded, item.tell):
        recipient = item.who.address(step.rung.audience, policies.ladder)
        yield {
            "request_number": item.request.request_number,
            "clock": CLOCK,
            "cycle": item.cycle,
            "rung": step.rung.rung,
            "audience": step.rung.audience,
            "recipient": recipient,
            "reached_at": step.at,
            "due_at": item.due_at,
            "as_of": now,
            "message": carried[recipient] if step is item.tell else None,
        }


def _tell_quarantined(letters: Letters, source_owners: Mapping[str, str]) -> int:
    rows = letters.connection.execute(
        text(resources.sql("escalation/newly_quarantined.sql")), {"now": letters.now}
    ).mappings()
    authority = letters.policies.ownership.authority.accountable
    by_source = [
        (source, [dict(item) for item in items])
        for source, items in groupby(rows, key=lambda row: row["source"])
    ]
    return sum(
        letters.quarantine(source, source_owners.get(source, authority), items) is not None
        for source, items in by_source
    )


def _tell_stopped(letters: Letters, source_owners: Mapping[str, str]) -> int:
    """Tell the owner of a source once per episode that its batch is held, or that its pulls fail."""
    query = text(resources.sql("escalation/stopped_sources.sql"))
    authority = letters.policies.ownership.authority.accountable
    return sum(
        letters.stopped(source_owners.get(stop["source"], authority), dict(stop)) is not None
        for stop in letters.connection.execute(query, {"now": letters.now}).mappings()
    )


def _tell_undelivered(letters: Letters) -> int:
    refused = letters.connection.execute(text(resources.sql("escalation/undelivered.sql"))).all()
    if refused:
        letters.undelivered(refused)
    return len(refused)
