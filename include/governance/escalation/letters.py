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
from governance.escalation.draft import Draft
from governance.escalation.policies import Policies
from governance.escalation.recipients import zone_of
from governance.escalation.render import Templates
from governance.escalation.wording import counted, line, moment

RESOURCES_SHOWN = 5
"""Resources of one place, and places, named in a notice of drafts; the rest is counted."""
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
        values = {"rows": rows, "cap": self.policies.ladder.mail.digests_per_run, "notices": "digests"}
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

    def drafts(self, owner: str, told: Sequence[tuple[str, Draft]]) -> int | None:
        """Queue one notice of the requests that were drafted (id, draft) for an owner."""
        room = self.policies.ladder.mail.requests_per_digest
        cards = [_draft_card(draft_id, draft) for draft_id, draft in told[:room]]
        values = {"cards": cards, "others": [draft_id for draft_id, _ in told[room:]], "total": len(told)}
        return self._queue(_drafts_key("draft", owner, told), "draft", owner, _drafts(told), "draft", values)

    def drafts_overflow(self, left_out: Sequence[tuple[str, Sequence[tuple[str, Draft]]]]) -> int | None:
        """Queue one summary of the notices of drafts beyond the cap, given as (owner, drafts)."""
        recipient, cap = self.policies.ladder.mail.overflow_to, self.policies.ladder.mail.digests_per_run
        rows = [(owner, [draft_id for draft_id, _ in told], _drafts(told)) for owner, told in left_out]
        key = _drafts_key("overflow drafts", recipient, [one for _, told in left_out for one in told])
        values = {"rows": rows, "cap": cap, "notices": "notices of drafts"}
        subject = f"{counted(len(rows), 'notice')} of drafts not sent: the run reached its cap"
        return self._queue(key, "overflow", recipient, subject, "overflow", values)

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


def _drafts(told: Sequence[tuple[str, Draft]]) -> str:
    """Say in a subject what was drafted."""
    if len(told) == 1:
        return f"Drafted for you: {told[0][1].content['title']}"
    resources = sum(len(draft.findings) for _, draft in told)
    return f"{counted(len(told), 'exception request')} drafted for {counted(resources, 'deviation')}"


def _drafts_key(prefix: str, recipient: str, told: Sequence[tuple[str, Draft]]) -> str:
    """Name the message by the findings it speaks of, each with its opening."""
    spoken = sorted(f"{one.finding_number}.{one.opening}" for _, draft in told for one in draft.findings)
    return f"{prefix} {recipient} {sha256(' '.join(spoken).encode()).hexdigest()}"


def _draft_card(draft_id: str, draft: Draft) -> dict[str, Any]:
    places = [
        (place, [line(name, 80) for name in names[:RESOURCES_SHOWN]], max(len(names) - RESOURCES_SHOWN, 0))
        for place, names in draft.places[:RESOURCES_SHOWN]
    ]
    return {
        "draft_id": draft_id,
        "title": line(draft.content["title"], 160),
        "rule": draft.rule,
        "risk": draft.risk_level,
        "until": draft.content["valid_until"],
        "places": places,
        "more_places": max(len(draft.places) - RESOURCES_SHOWN, 0),
    }
