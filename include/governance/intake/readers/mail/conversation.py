"""What the mailbox asks the register, and what it leaves there: threads, and bounces of our own messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from governance import resources
from governance.intake.readers.kind import Settled
from governance.intake.readers.mail import threads
from governance.intake.readers.mail.threads import Known
from governance.intake.records import Raw, Record


def complete(connection: Connection, source: str, records: Sequence[Record]) -> list[Record]:
    """Return the records with the thread of each message and what was said in it before."""
    ids, tags = threads.asked_about(records)
    if not ids:
        return list(records)
    placed = threads.assign(records, source, _known(connection, source, ids, tags))
    keys = {record.context["thread"] for record in placed if record.context is not None}
    said: dict[str, list[tuple[Raw, bool]]] = defaultdict(list)
    for row in _ask(connection, "mail_threads", source=source, keys=sorted(keys)):
        if "content" in row.raw:  # all but messages that could not be read
            said[row.source_key].append((row.raw, row.is_registered))
    return threads.together(placed, said)


def _known(connection: Connection, source: str, ids: Iterable[str], tags: Iterable[str]) -> Known:
    names = sorted(ids)
    lying: dict[str, str] = {}
    for row in _ask(connection, "mail_known", source=source, ids=names):
        lying.setdefault(row.message_id, row.source_key)
    tagged = _ask(connection, "mail_tagged", tags=sorted(tags))
    ours: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for row in _ask(connection, "mail_ours", bracketed=[f"<{name}>" for name in names]):
        requests = ours.setdefault(row.message_id, (row.subject, []))[1]
        if row.source is not None:
            requests.append((row.source, row.source_key))
    return Known(lying, {row.request_id: (row.source, row.source_key) for row in tagged}, ours)


def settle(connection: Connection, source: str, settled: Settled) -> None:
    """Remember the thread of every message that passed, and feed bounces of our own messages back."""
    rows = [
        {
            "source": source,
            "message_id": record.raw["message_id"],
            "content": record.raw["content"],
            "source_key": record.context["thread"],
            "run_id": settled.run_id,
        }
        for number, record in enumerate(settled.records)
        if number not in settled.failed and record.context is not None
    ]
    if rows:
        connection.execute(text(resources.sql("intake/mail_message.sql")), rows)
    for record in settled.records:
        if record.dismissed and record.raw["class"] == "bounce":
            _feed_back(connection, record)


def _feed_back(connection: Connection, record: Record) -> None:
    """Mark the message of ours that a bounce is about; a delay is no failure."""
    said = record.raw.get("bounce", {})
    if not said.get("original") or said.get("action", "failed") != "failed":
        return
    parameters = {
        "message_id": f"<{said['original']}>",
        "recipient": said.get("recipient"),
        "why": f"bounced: {said.get('why') or said.get('status') or 'its server gives no reason'}",
        "at": record.raw.get("date"),
    }
    if parameters["at"] is not None:
        connection.execute(text(resources.sql("intake/mail_bounced.sql")), parameters)


def _ask(connection: Connection, question: str, **parameters: Any) -> Iterable[Any]:
    if not all(parameters.values()):
        return ()
    return connection.execute(text(resources.sql(f"intake/{question}.sql")), parameters).fetchall()
