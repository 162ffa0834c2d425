"""The verdict on a request about another plane than AWS Config: is what was approved what is let through?"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.planes import approvals
from governance.reconciliation.planes.live import Found, Live, Told
from governance.register.canonical_scope import CanonicalScope
from governance.register.patterns import has_wildcard, matches
from governance.register.scope import GUARDRAILS


@dataclass
class _Seen:
    """What was seen of all scopes of a request, in words; `present` are keys of live exceptions."""

    present: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def judge(
    found: Found,
    lives: list[Live],
    guardrails: dict[str, frozenset[str]],
    exceptions: list[LiveException],
    directory: Directory,
) -> None:
    """Add to `found` what is said of every request that has scopes in other planes.

    `guardrails` has per plane every name by which something may be called that exceptions are from. A request
    that has scopes of AWS Config as well keeps its verdict; what is said of the rest becomes a flag.
    """
    for one in exceptions:
        if not one.elsewhere or one.problem:
            continue
        seen = _Seen()
        for scope in one.elsewhere:
            _look(seen, scope, lives, guardrails, found, directory)
        verdict, why = _verdict(one, seen, directory)
        if one.scopes and verdict not in ("PRESENT", "NOT_YET_ACTIVE", "EXPIRED_CLEAN"):
            found.flag(one, f"PLANE_{verdict}")
        if not one.scopes:
            planes = sorted({scope.plane for scope in one.elsewhere})
            evidence = {
                "planes": planes,
                "present": sorted(seen.present),
                "gap": next(iter(seen.unsure), None),
            }
            found.told[one.number] = Told(verdict, why, evidence)


def _look(
    seen: _Seen,
    scope: CanonicalScope,
    lives: list[Live],
    guardrails: dict[str, frozenset[str]],
    found: Found,
    directory: Directory,
) -> None:
    covers = [(live, approvals.cover(scope, live, directory)) for live in lives]
    covered = [live for live, of in covers if of.answer == "yes"]
    seen.present |= {live.key for live in covered}
    seen.differs += [f"{approvals.named(live)}: {of.what}" for live, of in covers if of.answer == "wider"]
    seen.differs += [f"{approvals.named(live)}, but {live.drift}" for live in covered if live.drift]
    seen.unsure += [f"{approvals.named(live)}: {of.what}" for live, of in covers if of.answer == "unknown"]
    seen.unsure += [f"{approvals.named(live)}; {live.gap}" for live in covered if live.gap]
    missing = [
        words for narrow, words in _singles(scope)
        if not any(approvals.cover(narrow, live, directory).answer == "yes" for live in covered)
    ]  # fmt: skip
    gap = found.gap_of(scope.plane) if scope.plane != "config" else None
    if missing and gap:
        seen.unsure.append(gap)
    elif missing and (gone := _gone(scope, guardrails)):
        seen.gone.append(gone)
    else:
        seen.missing += missing


def _singles(scope: CanonicalScope) -> list[tuple[CanonicalScope, str]]:
    """Return the scope for each value that it names alone, and that value in words: each must be there."""
    by = scope.lets_through or ("account" if scope.account else "ou")
    names = [name for name in (by, "ou") if name != "tag" and getattr(scope, name)]
    if scope.plane == "service_catalog":
        names = ["resource"] if scope.resource else []
    found = [
        (msgspec.structs.replace(scope, **{name: (value,)}), f"{name} {value}")
        for name in dict.fromkeys(names) for value in getattr(scope, name)
    ]  # fmt: skip
    if scope.tag:
        found.append((scope, ", ".join(f"tag {key}={value}" for key, value in scope.tag.items())))
    return found or [(scope, "anything that it names")]


def _gone(scope: CanonicalScope, guardrails: dict[str, frozenset[str]]) -> str | None:
    """Return the guardrail that a scope names and that does not exist; None: one of them does."""
    name = next(name for name, plane in GUARDRAILS.items() if plane == scope.plane)
    patterns: tuple[str, ...] = getattr(scope, name)
    known = guardrails[scope.plane]
    if any(matches(pattern, one) for pattern in patterns for one in known):
        return None
    return f"{name} {', '.join(patterns)}"


def _verdict(one: LiveException, seen: _Seen, directory: Directory) -> tuple[str, str]:
    """Return verdict and reason; the first that fits."""
    by_phase = {"expired": _ended, "upcoming": _not_begun, "active": _active}
    return next((verdict, why) for fits, verdict, why in by_phase[one.phase](one, seen, directory) if fits)


_Cases = list[tuple[object, str, str]]
"""Whether it fits, verdict, reason."""


def _ended(one: LiveException, seen: _Seen, _: Directory) -> _Cases:
    ended = f"It ended on {one.valid_until:%Y-%m-%d}, and AWS"
    count = f"{len(seen.present):,} live exception{'' if len(seen.present) == 1 else 's'}"
    return [
        (seen.present, "EXPIRED_BUT_PRESENT", f"{ended} still holds {count} of it."),
        (seen.unsure, "UNKNOWN", f"Evidence is missing: {_first(seen.unsure)}."),
        (True, "EXPIRED_CLEAN", f"{ended} lets nothing of it through."),
    ]


def _not_begun(one: LiveException, _: _Seen, __: Directory) -> _Cases:
    return [(True, "NOT_YET_ACTIVE", f"It begins on {one.valid_from:%Y-%m-%d}.")]


def _active(one: LiveException, seen: _Seen, directory: Directory) -> _Cases:
    until = f"until {one.valid_until:%Y-%m-%d}"
    missing = [*seen.missing, *seen.gone]
    gone = f"What it is an exception from does not exist: {_first(seen.gone)}."
    return [
        *_account(one, directory),
        (seen.gone and not seen.present, "ORPHANED_GUARDRAIL", gone),
        (
            seen.differs,
            "DIFFERENT",
            f"AWS lets through something else than approved: {_first(seen.differs)}.",
        ),
        (seen.unsure, "UNKNOWN", f"Evidence is missing: {_first(seen.unsure)}."),
        (missing and seen.present, "DIFFERENT", f"Approved and not in AWS: {'; '.join(missing)}."),
        (missing, "MISSING", f"It is approved {until}, and AWS lets none of it through."),
        (True, "PRESENT", f"AWS lets through what it approves {until}."),
    ]


def _first(words: list[str]) -> str:
    return next(iter(words), "")


def _account(one: LiveException, directory: Directory) -> _Cases:
    """Say where all accounts that the scopes name are gone or suspended; nothing: not so."""
    named = {value for scope in one.elsewhere for value in scope.account}
    if not named or any(has_wildcard(value) for value in named) or any(not s.account for s in one.elsewhere):
        return []
    words = ", ".join(sorted(named))
    gone = all(directory.is_gone(account) for account in named)
    held = all(directory.states.get(account) == "SUSPENDED" for account in named)
    return [
        (gone, "ORPHANED_ACCOUNT", f"The account it was given for is closed or gone: {words}."),
        (held, "SUSPENDED_HOLD", f"Account {words} is suspended; nothing is decided until it is not."),
    ]
