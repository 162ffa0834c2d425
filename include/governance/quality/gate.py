"""The gate: which records of a batch may enter the register, and whether the batch as a whole may.

One bad record never stops a batch; a batch that fails an expectation of severity `hold` is held whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.quality.reasons import Reason, Reasons
from governance.quality.suite import AUTHENTICATION, Check

if TYPE_CHECKING:
    from governance.quality.expectations import Outcome

KIND_FIELDS = {
    "exception": ("category", "scopes", "valid_from", "valid_until", "renewal_of"),
    "change": ("window_start", "window_end", "runbook", "targets"),
    "addition": ("thing_type", "thing"),
}
"""Fields that only requests of one kind have (constraints of the table `request`)."""


@dataclass(frozen=True)
class Verdict:
    """What the gate decided. `reasons` by record number; `held` says why nothing may be loaded, else ''."""

    reasons: Reasons
    held: str
    summary: dict[str, Any]
    page: str = ""


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
    `absent_column` and `suite.AUTHENTICATION` (see `suite.DERIVED_COLUMNS`); the others are derived here.
    """
    wanted = list(checks)
    found: Reasons = {number: list(known) for number, known in reasons.items()}
    if batch.empty:
        return Verdict(found, "", {"expectations": [], "rows": 0})
    from governance.quality.expectations import validate  # noqa: PLC0415 (seconds of import, only where needed)

    validation = validate(derive(batch, registered_kinds), wanted, name=name, now=now)
    held = _keep_back(found, validation.outcomes, batch.set_index("row_no")["record_no"])
    return Verdict(found, "; ".join(held), _summary(len(batch), validation.outcomes), validation.page)


def _keep_back(found: Reasons, outcomes: Iterable[Outcome], record_of: pd.Series) -> list[str]:
    """Add to `found` why records are kept back; return why the whole batch is."""
    held = []
    for outcome in outcomes:
        if outcome.success:
            continue
        if outcome.check.severity == "hold" or not outcome.failed_rows:
            observed = f" (found {outcome.observed})" if outcome.observed else ""
            held.append(f"expected that {outcome.check.words}{observed}")
            continue
        for number in record_of.loc[list(outcome.failed_rows)].unique():
            _add(found, int(number), outcome.check)
    return held


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


def _add(found: Reasons, number: int, check: Check) -> None:
    """Add a reason, unless the mapping already said what is wrong with that field."""
    known = found.setdefault(number, [])
    field = next(iter(check.columns), None)
    if any(reason.field in check.columns and reason.expectation is None for reason in known):
        return
    reason = Reason(f"expected that {check.words}", field, check.id)
    if reason not in known:
        known.append(reason)


def derive(batch: pd.DataFrame, registered_kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return the batch with `suite.DERIVED_COLUMNS`."""
    kinds = batch.groupby("source_key")["kind"].transform("nunique") if len(batch) else 0
    absent = batch["absent_column"] if "absent_column" in batch else pd.Series(None, batch.index, dtype="str")
    return batch.assign(
        kinds_of_key=kinds,
        registered_kind=batch["source_key"].map(dict(registered_kinds)).astype("str"),
        foreign_field=_foreign_field(batch),
        absent_column=absent,
        **{
            name: pd.Series("unknown", index=batch.index, dtype="str")
            for name in AUTHENTICATION
            if name not in batch
        },
    )


def _foreign_field(batch: pd.DataFrame) -> pd.Series:
    found = pd.Series(None, index=batch.index, dtype="str")
    for kind, fields in KIND_FIELDS.items():
        for field in fields:
            foreign = (batch["kind"] != kind) & batch["kind"].notna() & batch[field].notna()
            found = found.mask(foreign, field)
    return found
