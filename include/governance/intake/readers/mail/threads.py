"""Which request a message belongs to, and what the request was before it.

A thread is one request; its key is the Message-ID of its root. The root gives the request its fields. Every
other message of the thread only adds itself to the history: it is an observation of the request as the root
made it, with the message as its raw record and its sender as the actor. So no reply, whoever wrote it,
changes a field.

The headers of a message name its root (`References`), and the register is asked as well, because mail
programs cut them short. A thread whose root is not there is as its earliest message; when the root comes
after all, it tells the later messages anew, on top of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from governance.intake.records import Observation, Raw, Record


@dataclass
class Known:
    """What the register holds about the messages of a batch.

    `threads`: message id -> key. `tagged`: id of a request -> (source, key). `ours`: id of a message of our
    own -> (its subject, requests it speaks of).
    """

    threads: Mapping[str, str] = field(default_factory=dict)
    tagged: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ours: Mapping[str, tuple[str, Sequence[tuple[str, str]]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Elsewhere(Exception):  # noqa: N818 (an answer, not an error)
    """The message answers something that is no request of this mailbox; `why` says what."""

    why: str


def is_told(record: Record) -> bool:
    """Tell whether a record is a message that can belong to a request."""
    return record.problem is None and record.raw.get("class") == "message"


def asked_about(records: Iterable[Record]) -> tuple[set[str], set[str]]:
    """Return the message ids and the ids of requests that a batch names."""
    told = [record.raw for record in records if is_told(record)]
    ids = {one for raw in told for one in [raw["message_id"], *_answered(raw)]}
    return ids, {tag for raw in told for tag in raw["tags"]}


def by_themselves(records: Sequence[Record]) -> list[Record]:
    """Return the records with their threads as far as they tell them themselves, no register asked."""
    return together(assign(records, "", Known()), {})


def assign(records: Sequence[Record], source: str, known: Known) -> list[Record]:
    """Return the records, each message with its thread as `context["thread"]`, or with a problem."""
    here: dict[str, Raw] = {}
    for record in records:
        if is_told(record):
            here.setdefault(record.raw["message_id"], record.raw)
    finder = _Finder(source, known, here)
    return [_assigned(record, finder) if is_told(record) else record for record in records]


def _assigned(record: Record, finder: _Finder) -> Record:
    try:
        return replace(record, context={"thread": finder.key_of(record.raw)})
    except Elsewhere as found:
        return replace(record, problem=found.why)


def together(records: Sequence[Record], said: Mapping[str, Sequence[tuple[Raw, bool]]]) -> list[Record]:
    """Return the records with what each needs of its thread; `said`: key -> (message, whether it is
    registered).

    A copy of a message that is known already takes the known one's place: it says nothing new.
    """
    members: dict[str, list[Raw]] = {key: [raw for raw, _ in told] for key, told in said.items()}
    registered = {key: [raw for raw, there in told if there] for key, told in said.items()}
    for record in records:
        if record.context is not None:
            members.setdefault(record.context["thread"], []).append(record.raw)
    return [
        record
        if record.context is None
        else _in_its_thread(record, members[record.context["thread"]], registered)
        for record in records
    ]


def _in_its_thread(record: Record, members: list[Raw], registered: Mapping[str, list[Raw]]) -> Record:
    key = (record.context or {})["thread"]
    raw = next(one for one in members if _identity(one) == _identity(record.raw))
    root = _root(members, key)
    context: Raw = {"thread": key}
    if _identity(root) != _identity(raw):
        context["root"] = root
    else:
        later = {_identity(one): one for one in registered.get(key, ()) if _identity(one) != _identity(raw)}
        context["later"] = list(later.values())
    return replace(record, raw=raw, context=context)


def _root(members: list[Raw], key: str) -> Raw:
    """The message that bears the key, the first that became known; without it the earliest."""
    named = [one for one in members if one["message_id"] == key]
    return named[0] if named else min(members, key=lambda one: (one.get("date") or "", one["message_id"]))


def _identity(raw: Raw) -> tuple[str, str]:
    return raw["message_id"], raw["content"]


def observations(record: Record) -> Iterator[Observation]:
    """Yield what a message says about its request, and what it makes of later messages known already."""
    context = record.context or {"thread": record.raw.get("thread")}
    root = context.get("root", record.raw)
    for message in (record.raw, *context.get("later", ())):
        date = message.get("date")
        fields = {**root, "thread": context["thread"], "updated": date, "reply": message is not root}
        at = datetime.fromisoformat(date) if date else None
        yield Observation(fields, at, message.get("from") or None, message)


def _answered(raw: Raw) -> list[str]:
    """The messages that one answers, the root of the thread first."""
    return [*raw["references"], *raw["in_reply_to"]]


@dataclass
class _Finder:
    """Finds the thread of a message: what the register knows first, then what the message itself says."""

    source: str
    known: Known
    here: Mapping[str, Raw]

    def key_of(self, raw: Raw, seen: frozenset[str] = frozenset()) -> str:
        name = str(raw["message_id"])
        candidates = [name, *_answered(raw)]
        found = next((self.known.threads[one] for one in candidates if one in self.known.threads), None)
        if found is not None:
            return found
        among = next((one for one in _answered(raw) if one in self.here and one not in seen | {name}), None)
        if among is not None:
            return self.key_of(self.here[among], seen | {name})
        if raw["form"]:
            return name  # a filled form asks for something, whatever it was an answer to
        return self._tagged(raw) or self._answering_us(raw) or next(iter(_answered(raw)), name)

    def _tagged(self, raw: Raw) -> str | None:
        for tag in raw["tags"]:
            if tag in self.known.tagged:
                source, key = self.known.tagged[tag]
                if source == self.source:
                    return key
                raise Elsewhere(f"it answers {tag}, a request of {source}: what it says belongs there")
        return None

    def _answering_us(self, raw: Raw) -> str | None:
        for one in reversed(_answered(raw)):
            if one in self.known.ours:
                subject, requests = self.known.ours[one]
                mine = [key for source, key in requests if source == self.source]
                if len(requests) == 1 and mine:
                    return mine[0]
                raise Elsewhere(
                    f"it answers our message {subject!r}, which speaks of {len(requests)} requests:"
                    " the subject must name the one it is about, as in [EXC-000125]"
                )
        return None
