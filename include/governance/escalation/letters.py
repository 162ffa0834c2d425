"""The messages that leave: digests, the summary beyond the cap, news of sources, refused mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row

from governance.escalation import cards, outbox
from governance.escalation.digest import Digest
from governance.escalation.policies import Policies
from governance.escalation.recipients import zone_of
from governance.escalation.render import Templates
from governance.escalation.wording import counted, line, moment

ITEMS_SHOWN = 20
"""Quarantined records shown in one digest; the rest is counted."""


@dataclass(frozen=True)
class Letters:
    """Composes messages and puts them into the outbox of one run."""

    connection: Connection
    policies: Policies
    templates: Templates
    now: datetime

    def digest(self, digest: Digest) -> int | None:
        """Queue one recipient's digest."""
        values = {"sections": cards.sections(digest, self.policies)}
        return self._queue(digest.key, "digest", digest.recipient, cards.subject(digest), "digest", values)

    def overflow(self, left_out: Sequence[Digest]) -> int | None:
        """Queue one summary of the digests beyond the cap."""
        entries = " ".join(sorted(digest.key for digest in left_out))
        rows = [
            (digest.recipient, [item.request.request_id for item in digest.items], cards.subject(digest))
            for digest in left_out
        ]
        recipient = self.policies.ladder.mail.overflow_to
        subject = f"{counted(len(rows), 'digest')} not sent: the run reached its cap"
        values = {"rows": rows, "cap": self.policies.ladder.mail.digests_per_run}
        key = f"overflow {recipient} {sha256(entries.encode()).hexdigest()}"
        return self._queue(key, "overflow", recipient, subject, "overflow", values)

    def quarantine(self, source: str, owner: str, items: Sequence[Mapping[str, Any]]) -> int | None:
        """Queue one digest about newly quarantined records (keys: item, locator, source_key, reasons)."""
        rows = [
            (
                line(item["locator"], 120),
                line(item["source_key"], 60),
                [line(_sentence(why)) for why in item["reasons"]],
            )
            for item in items[:ITEMS_SHOWN]
        ]
        subject = f"{counted(len(items), 'record')} of {source} not loaded: see why"
        values = {"source": source, "rows": rows, "total": len(items)}
        key = f"quarantine {source} {max(item['item'] for item in items)}"
        return self._queue(key, "quarantine", owner, subject, "quarantine", values)

    def stopped(self, owner: str, stop: Mapping[str, Any]) -> int | None:
        """Queue one notice that a source brings nothing any more (a row of `stopped_sources.sql`)."""
        source, held, runs = stop["source"], stop["status"] == "held", int(stop["runs"])
        zone = zone_of(self.policies.ownership, owner)
        words = (
            f"Its batch of {counted(stop['pulled'], 'record')} is held."
            if held
            else f"Its last {counted(runs, 'pull')} failed."
        )
        values = {
            "source": source,
            "held": held,
            "words": words,
            "message": line(stop["message"], 600),
            "since": moment(stop["since"], zone),
            "page": stop["page"],
        }
        subject = f"{source}: {'a batch is held' if held else 'pulls fail'}, nothing is loaded"
        key = f"stopped {source} {stop['status']} {stop['first_run']}"
        return self._queue(key, "quarantine", owner, subject, "stopped", values)

    def undelivered(self, refused: Sequence[Row[Any]]) -> int | None:
        """Queue one notice about messages that were refused for good."""
        rows = [(row.recipient, line(row.subject, 160), line(row.last_error)) for row in refused]
        addresses = counted(len({row.recipient for row in refused}), "recipient")
        key = f"undelivered {','.join(str(row.message) for row in refused)}"
        subject = f"{counted(len(rows), 'message')} to {addresses} could not be delivered"
        recipient = self.policies.ladder.mail.overflow_to
        return self._queue(key, "overflow", recipient, subject, "undelivered", {"rows": rows})

    def _queue(
        self, key: str, kind: outbox.Kind, recipient: str, subject: str, template: str, values: dict[str, Any]
    ) -> int | None:
        zone, mail = zone_of(self.policies.ownership, recipient), self.policies.ladder.mail
        text, html = self.templates.bodies(
            template,
            subject=subject,
            recipient=recipient,
            zone=zone,
            written=moment(self.now, zone),
            reply_to=mail.reply_to or mail.sender,
            **values,
        )
        message = outbox.Message(key, kind, recipient, line(subject, 150), text, html)
        return outbox.queue(self.connection, message, mail, now=self.now, zone=zone)


def _sentence(reason: Any) -> str:
    """The words of one reason as the gate keeps it: an object that says `why`, or plain text."""
    return str(reason["why"] if isinstance(reason, Mapping) else reason)
