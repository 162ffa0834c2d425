"""What verdicts are decided on, one row per exception.

Most exceptions stand as they stood: the account, the rule and the resource are there, the evidence is whole.
That is found out by columns, once per set of places or rules that scopes name; only the others are looked at
one by one (`standing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from governance.reconciliation import frames
from governance.reconciliation.compiled import NO_CONDITION
from governance.reconciliation.engine import Matched
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.growth import grown
from governance.reconciliation.matching.arrays import Array
from governance.reconciliation.scopes import ambiguous_rules
from governance.reconciliation.standing import (
    ALIVE,
    combine,
    drift,
    is_steady_place,
    is_steady_rule,
    of_scope,
    target_account,
)

COUNTS = ("matched", "assessed", "covered", "stale", "won")


def facts(
    exceptions: list[LiveException],
    matched: Matched,
    clean_before: dict[int, int],
    stale_after: int,
) -> pa.Table:
    """Return one row per exception: what `verdicts.sql` decides on, plus what is told to people.

    `clean_before` counts by request number the fresh observations before this one that found it clean.
    Columns: exception, phase, problem, ambiguous, state, subject, gap, drift, matched, assessed, covered,
    stale, won, clean_observations, stale_after.
    """
    many = len(exceptions)
    counts = {name: np.zeros(many, dtype="int64") for name in COUNTS}
    for name in COUNTS:
        counts[name][matched.counts.exception] = matched.counts[name]
    told = _told(exceptions, matched, counts["matched"])
    clean = [clean_before.get(one.number, 0) + 1 for one in exceptions]
    found: dict[str, Any] = {
        "exception": np.arange(many),
        "phase": _texts([one.phase for one in exceptions]),
        "problem": _texts([one.problem for one in exceptions]),
        **{name: _texts(values) for name, values in told.items()},
        **counts,
        "clean_observations": np.array(clean, dtype="int64"),
        "stale_after": np.full(many, stale_after),
    }
    return pa.table(found)


def _texts(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def _told(exceptions: list[LiveException], matched: Matched, counts: Array) -> dict[str, list[str | None]]:
    """Return ambiguous, state, subject, gap and drift of each exception."""
    many = len(exceptions)
    told: dict[str, list[str | None]] = {
        "ambiguous": [None] * many,
        "state": [ALIVE.state] * many,
        "subject": [None] * many,
        "gap": [None] * many,
        "drift": [None] * many,
    }
    for index, evidence in _in_question(exceptions, matched).items():
        one, directory = exceptions[index], matched.directory
        seen = zip(one.scopes, evidence or [_Unseen()] * len(one.scopes), strict=True)
        standing = combine([of_scope(scope, of, directory, int(counts[index])) for scope, of in seen])
        told["ambiguous"][index] = ", ".join(ambiguous_rules(one, directory)) or None
        told["state"][index], told["subject"][index] = standing.state, standing.subject
        told["gap"][index], told["drift"][index] = standing.gap, drift(one, directory)
    for index, (one, count) in enumerate(zip(exceptions, counts.tolist(), strict=True)):
        if one.approved is not None and told["drift"][index] is None:
            told["drift"][index] = grown(one, count)
    return told


class _Unseen:
    """Evidence of a scope that was not matched, because its exception is ambiguous."""

    has_place = False
    gap = None
    seen = True
    untagged = 0


def _in_question(exceptions: list[LiveException], matched: Matched) -> dict[int, list[Any]]:
    """Return the exceptions about which there may be something to tell, with the evidence of their scopes."""
    compiled, of = matched.compiled, matched.compiled.columns.exception
    found = np.bincount(of[_odd_scopes(matched)], minlength=len(exceptions)) > 0
    scopes = np.fromiter((len(one.scopes) for one in exceptions), dtype="int64", count=len(exceptions))
    found |= np.bincount(of, minlength=len(exceptions)) != scopes
    with_unit = np.array([bool(units) for _, units in compiled.sets.named_places], dtype=bool)
    for index in np.unique(of[with_unit[compiled.owner["place_set"][: len(of)]]]).tolist():
        found[index] |= target_account(exceptions[index]) is not None
    evidence: dict[int, list[Any]] = {index: [] for index in np.flatnonzero(found).tolist()}
    for row in frames.rows(matched.scope_evidence[found[of]]):
        evidence[int(of[row.scope])].append(row)
    return evidence


def _odd_scopes(matched: Matched) -> Array:
    """Tell of each scope whether what it names, or the evidence for it, may not be all there."""
    compiled, directory, evidence = matched.compiled, matched.directory, matched.scope_evidence
    count = compiled.count
    owner = {name: values[:count] for name, values in compiled.owner.items()}
    places = [is_steady_place(*key, directory) for key in compiled.sets.named_places]
    rules = [is_steady_rule(rules, directory) for rules, _ in compiled.sets.named_kinds]
    odd: Array = ~np.array(places, dtype=bool)[owner["place_set"]]
    odd |= ~np.array(rules, dtype=bool)[owner["kind_set"]]
    odd |= owner["has_resource"] & ~evidence.seen.to_numpy(dtype=bool)
    odd |= evidence.gap.notna().to_numpy() | (evidence.untagged.to_numpy() > 0)
    if not directory.evidence.tags_are_known:
        asks = compiled.owner["condition"] != NO_CONDITION
        odd |= asks[:count]
        odd[compiled.excluded_from[asks[count:]]] = True
    return odd
