"""Run expectations with Great Expectations. The only module that imports it: the import takes seconds."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

for _name in ("great_expectations", "great_expectations._docs_decorators"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # before the import: it logs hundreds of lines

# ruff: noqa: E402
import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.execution_engine import pandas_execution_engine
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import Column
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

from governance.errors import GovernanceError
from governance.quality.failing import failing_rows
from governance.quality.suite import Check

for _name in ("great_expectations", "great_expectations.data_context.types.base"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # the import sets levels of its own

_SEVERITY = {
    "note": FailureSeverity.INFO,
    "quarantine": FailureSeverity.WARNING,
    "hold": FailureSeverity.CRITICAL,
}
_COUNTED = {"result_format": "BASIC"}
_LISTED = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["row_no"],
    "return_unexpected_index_query": False,
}
_INSTANT = re.compile(r"now(?:([+-]\d+(?:\.\d+)?)d)?")
pandas_execution_engine.hash_pandas_dataframe = lambda _: ""
"""It names a batch by a hash over all its cells, which takes longer than all checks and nobody reads."""


@dataclass(frozen=True)
class Outcome:
    """How one check went: which rows failed it, and how many it looked at."""

    check: Check
    success: bool
    looked_at: int
    failed_rows: tuple[int, ...]
    observed: str = ""


@dataclass(frozen=True)
class Validation:
    """Every outcome, and the page of Great Expectations about them."""

    outcomes: tuple[Outcome, ...]
    page: str


def validate(frame: pd.DataFrame, checks: Iterable[Check], *, name: str, now: datetime) -> Validation:
    """Check a frame (canonical batch with its derived columns); `now` gives `now` in arguments its meaning.

    Raises GovernanceError where a check itself cannot be carried out.
    """
    wanted = {check.id: check for check in checks}
    batch = _batch(frame, name)
    result = batch.validate(_suite(name, wanted.values(), now), result_format=_COUNTED)
    unexpected = {_id_of(one): _unexpected(wanted[_id_of(one)], one) for one in result.results}
    rows: dict[str, tuple[int, ...]] = {}
    for check_id, count in unexpected.items():
        found = _rows_of(frame, wanted[check_id], count, now)
        if found is not None:
            rows[check_id] = found
    left = [check for check in wanted.values() if check.id not in rows]
    if left:
        listed = batch.validate(_suite(name, left, now), result_format=_LISTED)
        rows |= {_id_of(one): _listed(wanted[_id_of(one)], one) for one in listed.results}
    outcomes = tuple(_outcome(wanted[_id_of(one)], one, rows[_id_of(one)]) for one in result.results)
    return Validation(outcomes, _page(result))


def _batch(frame: pd.DataFrame, name: str) -> Any:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("intake").add_dataframe_asset(name)
    return asset.add_batch_definition_whole_dataframe("batch").get_batch({"dataframe": frame})


def _suite(name: str, checks: Iterable[Check], now: datetime) -> Any:
    suite = gx.ExpectationSuite(name)
    for check in checks:
        suite.add_expectation(_expectation(check, now))
    return suite


def _rows_of(frame: pd.DataFrame, check: Check, count: int, now: datetime) -> tuple[int, ...] | None:
    """The failing rows, found without Great Expectations; None where they are not as many as it counted."""
    if not count:
        return ()
    arguments = {key: _instant(value, now) for key, value in check.kwargs.items()}
    try:
        found = failing_rows(frame, check.type, arguments, dict(check.when))
    except (TypeError, ValueError, KeyError, AttributeError):  # an argument that means something else there
        return None
    return tuple(found) if found is not None and len(found) == count else None


def _id_of(one: Any) -> str:
    return str(one.expectation_config.meta["id"])


def _expectation(check: Check, now: datetime) -> Any:
    kwargs = {key: _instant(value, now) for key, value in check.kwargs.items()}
    if check.when:
        kwargs["row_condition"] = _condition(check)
    meta = {"id": check.id, "severity": check.severity, "words": check.words}
    try:
        expectation = ExpectationConfiguration(
            type=check.type, kwargs=kwargs, meta=meta, severity=_SEVERITY[check.severity]
        ).to_domain_obj()
    except Exception as error:  # the library raises what it likes for a wrong argument
        raise GovernanceError(
            f"expectation {check.id}: {check.type} cannot be built: {_one_line(error)}"
        ) from error
    expectation.description = check.words  # what the page prints
    return expectation


def _condition(check: Check) -> Any:
    conditions = [Column(column).is_in(list(words)) for column, words in check.when.items()]
    joined: Any = conditions[0]
    for condition in conditions[1:]:
        joined = joined & condition
    return joined


def _instant(value: Any, now: datetime) -> Any:
    """`now`, `now+1d` and ISO 8601 become instants; everything else stays."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if not isinstance(value, str):
        return value
    found = _INSTANT.fullmatch(value)
    if found is None:
        return value
    return now + timedelta(days=float(found[1] or 0))


def _outcome(check: Check, one: Any, rows: tuple[int, ...]) -> Outcome:
    observed = "" if "observed_value" not in one.result else str(one.result["observed_value"])
    return Outcome(check, bool(one.success), int(one.result.get("element_count") or 0), rows, observed)


def _unexpected(check: Check, one: Any) -> int:
    """How many rows fail; raises GovernanceError where the check could not be carried out."""
    info = one.exception_info or {}
    if info.get("raised_exception") or any(
        isinstance(v, dict) and v.get("raised_exception") for v in info.values()
    ):
        raise GovernanceError(
            f"expectation {check.id} ({check.type}) could not be evaluated: {_raised(info)}"
        )
    return int(one.result.get("unexpected_count") or 0)


def _listed(check: Check, one: Any) -> tuple[int, ...]:
    _unexpected(check, one)
    return tuple(int(entry["row_no"]) for entry in one.result.get("unexpected_index_list") or ())


def _raised(info: dict[str, Any]) -> str:
    nested = [
        str(v["exception_message"]) for v in info.values() if isinstance(v, dict) and "exception_message" in v
    ]
    return _one_line(nested[0] if nested else info.get("exception_message", ""))


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]


def _page(result: Any) -> str:
    view: Any = DefaultJinjaPageView()
    return str(view.render(ValidationResultsPageRenderer().render(result)))
