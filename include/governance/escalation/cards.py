"""A digest in words that need no login: what, why, by when, what happens next, a link."""

from __future__ import annotations

from dataclasses import dataclass

from governance.escalation.digest import ROLES, Digest
from governance.escalation.due import Due
from governance.escalation.ladder import Audience
from governance.escalation.policies import Policies
from governance.escalation.recipients import zone_of
from governance.escalation.wording import counted, duration, line, link, moment, standing


@dataclass(frozen=True)
class Card:
    """One request as the template shows it; every text is plain and on one line."""

    request_id: str
    kind: str
    title: str
    link: str
    standing: str
    tone: str
    due: str
    agreement: str
    facts: tuple[tuple[str, str], ...]
    following: str


@dataclass(frozen=True)
class Section:
    """Requests that the recipient hears of in one role."""

    role: Audience
    heading: str
    ask: str
    cards: tuple[Card, ...]
    others: tuple[str, ...]


def sections(digest: Digest, policies: Policies) -> list[Section]:
    """Return the digest in words; beyond `requests_per_digest` requests are only numbered."""
    zone, room, result = (
        zone_of(policies.ownership, digest.recipient),
        policies.ladder.mail.requests_per_digest,
        [],
    )
    for role in ROLES:
        items = digest.by_role[role]
        if not items:
            continue
        shown, others = items[:room], items[room:]
        room -= len(shown)
        heading, ask = _HEADINGS[role]
        result.append(
            Section(
                role=role,
                heading=_fill(heading, len(items)),
                ask=ask,
                cards=tuple(card(item, policies, zone, role) for item in shown),
                others=tuple(item.request.request_id for item in others),
            )
        )
    return result


def _fill(pattern: str, requests: int) -> str:
    waits, are = ("waits", "is") if requests == 1 else ("wait", "are")
    return pattern.format(requests=counted(requests, "request"), waits=waits, are=are)


_HEADINGS: dict[Audience, tuple[str, str]] = {
    "owner": (
        "{requests} {waits} for your decision",
        "Approve, decline, or ask the requester for what is missing: waiting for them stops the clock.",
    ),
    "manager": (
        "{requests} of your people {waits} too long",
        "The owner named below has not decided in the agreed time. Help them decide, or name a deputy.",
    ),
    "escalation_authority": (
        "{requests} {are} escalated to you",
        "Neither owner nor manager brought a decision in time. Decide, or name who does.",
    ),
}


def card(item: Due, policies: Policies, zone: str, role: Audience) -> Card:
    """Return one request in words for a reader in `role`, its times on the clock of `zone`."""
    request = item.request
    facts = (
        ("Owner", "" if role == "owner" else item.who.owner),
        ("Requested by", line(request.requester, 100)),
        ("Target", line(request.target, 160)),
        ("Benefit", line(request.benefit)),
        ("Risk", line(request.risk)),
        ("If declined", line(request.risk_if_denied)),
    )
    return Card(
        request_id=request.request_id,
        kind=request.kind,
        title=line(request.title, 160) or "(no title)",
        link=link(request.source_url, policies.ladder.mail.link_base, request.request_id),
        standing=standing(item.overdue, item.day_hours),
        tone="calm" if item.overdue < 0 else "late",
        due=moment(item.due_at, zone),
        agreement=_agreement(item),
        facts=tuple((name, value) for name, value in facts if value),
        following=_following(item, policies, zone, role),
    )


def _agreement(item: Due) -> str:
    risk = f"{item.risk_level} risk"
    if item.risk_is_assumed:
        risk = f"{risk} assumed, because the request names none"
    article = "an" if item.request.kind[0] in "ae" else "a"
    return f"{duration(item.agreed, item.day_hours)} to decide {article} {item.request.kind}, {risk}"


def _following(item: Due, policies: Policies, zone: str, role: Audience) -> str:
    """Who else hears of it now, and what happens if nobody decides."""
    audience = item.tell.rung.audience
    told = _named(item, audience, policies)
    now = f"{told[0].upper()}{told[1:]}, hears of it too. " if audience != role else ""
    if item.following is None:
        return f"{now}It is on the last rung of the ladder, and stays there until it is decided."
    then = _named(item, item.following.rung.audience, policies)
    return f"{now}If it is undecided on {moment(item.following.at, zone)}, it goes to {then}."


def _named(item: Due, audience: Audience, policies: Policies) -> str:
    return f"{_NAMES[audience]}, {item.who.address(audience, policies.ladder)}"


_NAMES: dict[Audience, str] = {
    "owner": "the owner",
    "manager": "the owner's manager",
    "escalation_authority": "the escalation authority",
}


def subject(digest: Digest) -> str:
    """Return the one thing this digest says."""
    role = next(role for role in ROLES if digest.by_role[role])
    items, total = digest.by_role[role], len(digest.items)
    worst = max(items, key=lambda item: item.overdue)
    how_late = standing(worst.overdue, worst.day_hours)
    if total == 1:
        request = worst.request
        return f"{_SUBJECT_OF_ONE[role]}: {request.request_id} {line(request.title, 60)} ({how_late})"
    more = f", {total - len(items):,} more inside" if total > len(items) else ""
    which = "oldest is" if len(items) > 1 else "it is"
    return f"{_fill(_HEADINGS[role][0], len(items))}{more}; {which} {how_late}"


_SUBJECT_OF_ONE: dict[Audience, str] = {
    "owner": "Your decision",
    "manager": "Overdue with your people",
    "escalation_authority": "Escalated to you",
}
