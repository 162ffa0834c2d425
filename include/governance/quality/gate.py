"""The gate: which records of a batch may enter the register, and whether the batch as a whole may.

One bad record never stops a batch; a batch that fails an expectation of severity `hold` is held whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.quality.failing import is_known
from governance.quality.reasons import Reason, Reasons
from governance.quality.suite import AUTHENTICATION, Check
from governance.register.request import BATCH_COLUMNS

if TYPE_CHECKING:
    from governance.quality.expectations import Outcome

KIND_FIELDS = {
    "exception": ("category", "scopes", "valid_from", "valid_until", "renewal_of"),
    "change": ("window_start", "window_end", "runbook", "targets"),
    "addition": ("thing_type", "thing"),
}
"""Fields that only requests of one kind have (constraints of the table `request`)."""


NAMED = ("malformed_account", "unknown_account", "unknown_control", "unknown_owner")
"""Derived columns that hold what is wrong itself; it is shown with the reason."""
TOLD = ("absent_column", *NAMED)
"""Derived columns that whoever examines a source fills; here they are empty where nobody did."""


@dataclass(frozen=True)
class Verdict:
    """What the gate decided. `reasons` by record number; `held` says why nothing may be loaded, else ''."""

    reasons: Reasons
    held: str
    summary: dict[str, Any]
    page: str = ""


def columns_judged(checks: Iterable[Check]) -> list[str]:
    """Return the columns of a canonical batch that `judge` needs for these checks.

    That is all of them where a check may look at columns that it does not name.
    """
    wanted = {"record_no", "row_no", "source_key", "kind"}.union(*KIND_FIELDS.values())
    for check in checks:
        if not is_known(check.type):
            return list(BATCH_COLUMNS)
        wanted |= {*check.columns, *check.when}
    return [column for column in BATCH_COLUMNS if column in wanted]


def judge(
    batch: pd.DataFrame,
    reasons: Reasons,
    checks: Iterable[Check],
    *,
    name: str,
    now: datetime,
    registered_kinds: Mapping[str, str],
) -> Verdict:
    """Check a canonical batch; `reasons` are what the mapping already found and are kept.

    `registered_kinds` is source key -> kind for the requests that the register knows. The batch may have
    those of `suite.DERIVED_COLUMNS` that need the source to tell; the others are derived here.
    """
    wanted = list(checks)
    found: Reasons = {number: list(known) for number, known in reasons.items()}
    if batch.empty:
        return Verdict(found, "", {"expectations": [], "rows": 0})
    from governance.quality.expectations import validate  # noqa: PLC0415 (seconds of import, only where needed)

    derived = _looked_at(derive(batch, registered_kinds), wanted)
    validation = validate(derived, wanted, name=name, now=now)
    held = _keep_back(found, validation.outcomes, derived.set_index("row_no"))
    return Verdict(found, "; ".join(held), _summary(len(batch), validation.outcomes), validation.page)


def _looked_at(derived: pd.DataFrame, checks: Iterable[Check]) -> pd.DataFrame:
    """Return what checks look at: every filter of Great Expectations copies whatever else there is."""
    wanted = {"record_no", "row_no"}
    for check in checks:
        if not is_known(check.type):
            return derived
        wanted |= {*check.columns, *check.when}
    return derived[[column for column in derived.columns if column in wanted]]


def _keep_back(found: Reasons, outcomes: Iterable[Outcome], batch: pd.DataFrame) -> list[str]:
    """Add to `found` why records are kept back; return why the whole batch is. A note keeps nothing back."""
    held = []
    read_badly = {number: {reason.field for reason in known} for number, known in found.items()}
    for outcome in outcomes:
        check = outcome.check
        if outcome.success or check.severity == "note":
            continue
        if check.severity == "hold" or not outcome.failed_rows:
            observed = f" (found {outcome.observed})" if outcome.observed else ""
            held.append(f"expected that {check.words}{observed}")
            continue
        for number, reason in _reasons(check, batch.loc[list(outcome.failed_rows)]):
            # what the mapping already said about a field is not said again
            if number not in read_badly or read_badly[number].isdisjoint(check.columns):
                found.setdefault(number, []).append(reason)
    return held


def _reasons(check: Check, rows: pd.DataFrame) -> Iterator[tuple[int, Reason]]:
    """Yield for each record that failed why; a derived column that names what is wrong is quoted."""
    failed = rows.drop_duplicates("record_no")
    naming = next((name for name in check.columns if name in NAMED), None)
    plain = Reason(f"expected that {check.words}", next(iter(check.columns), None), check.id)
    if naming is None:
        yield from ((number, plain) for number in failed["record_no"].tolist())
        return
    for number, value in zip(failed["record_no"].tolist(), failed[naming].tolist(), strict=True):
        yield number, Reason(f"expected that {check.words} (found {value!r})", None, check.id)


def _summary(rows: int, outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """What is kept with the run: every expectation with its outcome."""
    expectations = [
        {
            "id": outcome.check.id, "type": outcome.check.type, "severity": outcome.check.severity,
            "success": outcome.success, "unexpected": len(outcome.failed_rows), "observed": outcome.observed,
        }
        for outcome in outcomes
    ]  # fmt: skip
    return {"rows": rows, "expectations": expectations}


def derive(batch: pd.DataFrame, registered_kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return the batch with `suite.DERIVED_COLUMNS`."""
    kinds = _kinds_of_key(batch) if len(batch) else 0
    nothing = pd.Series(None, batch.index, dtype="str")
    told = {name: batch.get(name, nothing) for name in TOLD}
    known = dict(registered_kinds)
    registered = batch["source_key"].map(known).astype("str") if known else nothing
    return batch.assign(
        kinds_of_key=kinds,
        registered_kind=registered,
        foreign_field=_foreign_field(batch),
        records_of_key=batch.get("records_of_key", 1),
        **told,
        **{name: batch.get(name, pd.Series("unknown", batch.index, dtype="str")) for name in AUTHENTICATION},
    )


def _kinds_of_key(batch: pd.DataFrame) -> pd.Series:
    """How many kinds there are of each row's key; where there is but one in all, no keys are compared."""
    if batch["kind"].nunique() > 1 or batch["kind"].isna().any():
        return batch.groupby("source_key")["kind"].transform("nunique")
    keyed, one = batch["source_key"].notna(), pd.Series(1, index=batch.index)
    return one if keyed.all() else one.where(keyed)


def _foreign_field(batch: pd.DataFrame) -> pd.Series:
    found = pd.Series(None, index=batch.index, dtype="str")
    for kind, fields in KIND_FIELDS.items():
        filled = {field: batch[field].notna() for field in fields}
        for field in (field for field in fields if filled[field].any()):
            foreign = (batch["kind"] != kind) & batch["kind"].notna() & filled[field]
            found = found.mask(foreign, field)
    return found
