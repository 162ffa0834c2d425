"""Whether a scope of another plane than AWS Config covers a live exception, and the verdict that follows.

A scope covers what it names and whatever its patterns contain. Where AWS lets through more than was approved
(a wildcard wider than the approved one, a unit above the approved one) that is `wider`, and what is wider is
named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.planes.live import Judged, Live
from governance.register.canonical_scope import CanonicalDimensions, CanonicalScope
from governance.register.patterns import has_wildcard, matches, overlap
from governance.register.scope import GUARDRAILS

Answer = Literal["no", "unknown", "wider", "yes"]
_ORDER: tuple[Answer, ...] = ("no", "unknown", "wider", "yes")


@dataclass(frozen=True)
class Cover:
    """How far a scope covers a live exception, and for `unknown` and `wider` in what."""

    answer: Answer
    what: str = ""


_YES, _NO = Cover("yes"), Cover("no")


def cover(scope: CanonicalScope, live: Live, directory: Directory) -> Cover:
    """Tell how far a scope covers a live exception. Exclusions inside the scope count."""
    if scope.plane != live.plane or not _is_named(scope, live):
        return _NO
    inside = _worst([_let_through(scope, live, directory), *_places(scope, live, directory)])
    for excluded in scope.exclude:
        outside = _worst([*_excluded(excluded, live), *_places(excluded, live, directory)])
        if outside.answer == "yes":
            return _NO
        if outside.answer in ("unknown", "wider"):
            inside = _worst([inside, Cover(outside.answer, "an exclusion of the scope")])
    return inside


def best(scopes: Iterable[CanonicalScope], live: Live, directory: Directory) -> Cover:
    """Return the best cover of several scopes: they are alternatives."""
    found = [cover(scope, live, directory) for scope in scopes]
    rank: tuple[Answer, ...] = ("no", "wider", "unknown", "yes")
    return max(found, key=lambda one: rank.index(one.answer), default=_NO)


def judge(
    live: Live, exceptions: list[LiveException], by_design: tuple[CanonicalScope, ...], directory: Directory
) -> Judged:
    """Return the verdict on one live exception."""
    if best(by_design, live, directory).answer == "yes":
        return Judged(live, "BY_DESIGN", f"{named(live)}, which is part of the guardrail as it was designed.")
    covers = [(one, best(one.elsewhere, live, directory)) for one in exceptions if one.elsewhere]
    active = [(one, of) for one, of in covers if one.phase == "active"]
    for answer in ("yes", "unknown", "wider"):
        fitting = [(one, of) for one, of in active if of.answer == answer]
        if fitting:
            return _approved(live, *max(fitting, key=lambda pair: (pair[0].valid_until, pair[0].number)))
    if live.gap and live.kind == "region":
        return Judged(
            live, "UNKNOWN", f"{named(live)}; whether that is an exception is not known: {live.gap}."
        )
    others = [one for one, of in covers if of.answer == "yes"]
    request = max(others, key=lambda one: (one.phase == "expired", one.number), default=None)
    words = (
        "and nobody approved it" if request is None else f"although {request.request_id} {_phase(request)}"
    )
    return Judged(live, "NOT_APPROVED", f"{named(live)}, {words}.", "UNAPPROVED_LIVE_EXCEPTION", request)


def _approved(live: Live, request: LiveException, of: Cover) -> Judged:
    name = request.request_id
    if of.answer == "unknown":
        why = f"{named(live)}; whether {name} approves it is not known: {of.what}."
        return Judged(live, "UNKNOWN", why, None, request)
    if of.answer == "wider":
        why = f"{named(live)}, which is more than {name} approves: {of.what}."
        return Judged(live, "DIFFERENT", why, "LIVE_EXCEPTION_DIFFERS", request)
    if live.drift:
        why = f"{named(live)}, as {name} approves, but {live.drift}."
        return Judged(live, "DIFFERENT", why, "LIVE_EXCEPTION_DIFFERS", request)
    if live.gap:
        return Judged(live, "UNKNOWN", f"{named(live)}, as {name} approves; {live.gap}.", None, request)
    return Judged(live, "PRESENT", f"{named(live)}, as {name} approves.", None, request)


def named(live: Live) -> str:
    """Say in words what a live exception lets through."""
    if live.evidence.get("detached"):
        return f"Policy {live.guardrail} does not reach account {live.value}"
    guardrail = {"control_tower": "Control", "organizations": "Policy"}.get(live.plane)
    if guardrail is None:
        return f"Constraint {live.guardrail} ({live.resource_type}) loosens product {live.value}"
    where = f" on {live.unit}" if live.plane == "control_tower" else ""
    return f"{guardrail} {live.guardrail}{where} lets {live.kind} {live.value} through"


def _phase(request: LiveException) -> str:
    if request.phase == "upcoming":
        return f"begins on {request.valid_from:%Y-%m-%d} only"
    return f"ended on {request.valid_until:%Y-%m-%d}"


def _is_named(scope: CanonicalScope, live: Live) -> bool:
    guardrail = next(name for name, plane in GUARDRAILS.items() if plane == scope.plane)
    patterns: tuple[str, ...] = getattr(scope, guardrail)
    return any(matches(pattern, name) for pattern in patterns for name in live.names)


def _let_through(scope: CanonicalScope, live: Live, directory: Directory) -> Cover:
    """Compare what a scope says is let through with what is."""
    if live.kind == "constraint":
        names = (live.value, str(live.evidence.get("portfolio")))
        fits = not scope.resource or any(matches(v, n) for v in scope.resource for n in names)
        return _YES if fits else _NO
    kind = scope.lets_through or ("account" if live.kind in ("account", "unit") else None)
    if kind != live.kind and not (kind == "account" and live.kind == "unit"):
        return _NO
    if kind == "tag":
        key, _, value = live.value.partition("=")
        return _value((scope.tag[key],), value, "tag") if key in scope.tag else _NO
    if live.kind == "unit":
        return _unit(scope.ou, live.unit, directory) if scope.ou else _NO
    if kind == "account":
        return _value(scope.account, live.value, "account") if scope.account else _YES
    return _value(getattr(scope, str(kind)), live.value, str(kind))


def _value(patterns: tuple[str, ...], value: str, what: str) -> Cover:
    """Compare patterns with a value that may hold wildcards itself; actions know no case."""
    if what == "action":
        patterns, value = tuple(one.casefold() for one in patterns), value.casefold()
    if any(matches(pattern, value) for pattern in patterns):
        return _YES
    if has_wildcard(value) and any(overlap(pattern, value) for pattern in patterns):
        return Cover("wider", f"{what} {', '.join(patterns)} was approved")
    return _NO


def _places(named: CanonicalDimensions, live: Live, directory: Directory) -> list[Cover]:
    """Compare where: units of a control, accounts of a principal. What a policy lets through has no unit."""
    if live.plane == "control_tower":
        found = [_unit(named.ou, live.unit, directory)] if named.ou else []
        return [*found, Cover("wider", "it was approved for single accounts")] if named.account else found
    if live.kind == "unit" or live.plane == "service_catalog":
        return []
    found = []
    if named.account and live.kind != "account":
        found.append(_in_account(named.account, live))
    if named.ou and live.account is None:
        found.append(Cover("wider", f"it was approved in {', '.join(named.ou)}"))
    elif named.ou and not directory.in_units(str(live.account), named.ou):
        known = directory.evidence.organization_is_known
        found.append(_NO if known else Cover("unknown", "where accounts are is not known"))
    return found


def _in_account(patterns: tuple[str, ...], live: Live) -> Cover:
    if live.account is None:
        return Cover("wider", f"it was approved in account {', '.join(patterns)}")
    return _YES if any(matches(pattern, live.account) for pattern in patterns) else _NO


def _unit(values: tuple[str, ...], unit: str | None, directory: Directory) -> Cover:
    """Compare a unit with the subtrees that were approved."""
    units = {found for value in values for found in (*directory.units(value), value)}
    if unit in units or directory.ancestors(unit) & units:
        return _YES
    if not directory.evidence.organization_is_known:
        return Cover("unknown", "where units are is not known")
    if any(unit in directory.ancestors(one) for one in units):
        return Cover("wider", f"it was approved in {', '.join(values)}")
    return _NO


def _excluded(named: CanonicalDimensions, live: Live) -> list[Cover]:
    """Compare what an exclusion names with what is let through; what it does not name fits."""
    values: dict[str, tuple[str, ...]] = {
        name: getattr(named, name) for name in ("principal", "action", "resource", "region")
    }
    found = [
        _value(patterns, live.value, name) if name == live.kind else _NO
        for name, patterns in values.items() if patterns
    ]  # fmt: skip
    if named.account and live.kind == "account":
        found.append(_value(named.account, live.value, "account"))
    if named.tag:
        key, _, value = live.value.partition("=")
        fits = live.kind == "tag" and key in named.tag
        found.append(_value((named.tag[key],), value, "tag") if fits else _NO)
    return found


def _worst(covers: list[Cover]) -> Cover:
    return min(covers, key=lambda one: _ORDER.index(one.answer), default=_YES)
