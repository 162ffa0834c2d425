"""The outbox: messages as they will be sent, written in the same transaction as what they speak of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from governance import resources
from governance.escalation.ladder import Mail

Kind = Literal["digest", "overflow", "quarantine", "draft"]


@dataclass(frozen=True)
class Message:
    """One e-mail. `key` names it for ever: the same key is the same message and is queued once."""

    key: str
    kind: Kind
    recipient: str
    subject: str
    body_text: str
    body_html: str


def queue(connection: Connection, message: Message, mail: Mail, *, now: datetime, zone: str) -> int | None:
    """Write `message`, to leave after the quiet hours of `zone`; None if its key was there."""
    number = connection.scalar(
        text(resources.sql("escalation/queue.sql")),
        {
            "message_key": message.key,
            "message_id": f"<{sha256(message.key.encode()).hexdigest()[:32]}@{mail.domain}>",
            "kind": message.kind,
            "recipient": message.recipient,
            "subject": message.subject,
            "body_text": message.body_text,
            "body_html": message.body_html,
            "as_of": now,
            "not_before": mail.quiet_hours.over_at(now, zone) if mail.quiet_hours else now,
        },
    )
    return None if number is None else int(number)


def messages(connection: Connection, *, status: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return the newest messages without their bodies, as `sql/escalation/outbox.sql` says."""
    query = text(resources.sql("escalation/outbox.sql"))
    return [dict(row) for row in connection.execute(query, {"status": status, "limit": limit}).mappings()]


def message(connection: Connection, number: int) -> Row[Any] | None:
    """Return one message in full (columns of the table `outbox`), or None."""
    return connection.execute(
        text(resources.sql("escalation/message.sql")), {"message": number}
    ).one_or_none()
