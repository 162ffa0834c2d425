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
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import Column
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView

from governance.errors import GovernanceError
from governance.quality.suite import Check

for _name in ("great_expectations", "great_expectations.data_context.types.base"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # the import sets levels of its own

_SEVERITY = {
    "note": FailureSeverity.INFO,
    "quarantine": FailureSeverity.WARNING,
    "hold": FailureSeverity.CRITICAL,
}
_RESULT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": ["row_no"],
    "return_unexpected_index_query": False,
}
_INSTANT = re.compile(r"now(?:([+-]\d+(?:\.\d+)?)d)?")
_LISTS = ("unexpected_index_list", "unexpected_list")
"""What grows with the batch; taken out before the page is rendered, which shows the first few."""


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
    wanted = list(checks)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("intake").add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("batch").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name)
    for check in wanted:
        suite.add_expectation(_expectation(check, now))
    result = batch.validate(suite, result_format=_RESULT)
    by_id = {check.id: check for check in wanted}
    outcomes = tuple(_outcome(by_id[_id_of(one)], one) for one in result.results)
    return Validation(outcomes, _page(result))


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


def _outcome(check: Check, one: Any) -> Outcome:
    info = one.exception_info or {}
    if info.get("raised_exception") or any(
        isinstance(v, dict) and v.get("raised_exception") for v in info.values()
    ):
        raise GovernanceError(
            f"expectation {check.id} ({check.type}) could not be evaluated: {_raised(info)}"
        )
    rows = tuple(int(entry["row_no"]) for entry in one.result.get("unexpected_index_list") or ())
    observed = "" if "observed_value" not in one.result else str(one.result["observed_value"])
    return Outcome(check, bool(one.success), int(one.result.get("element_count") or 0), rows, observed)


def _raised(info: dict[str, Any]) -> str:
    nested = [
        str(v["exception_message"]) for v in info.values() if isinstance(v, dict) and "exception_message" in v
    ]
    return _one_line(nested[0] if nested else info.get("exception_message", ""))


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]


def _page(result: Any) -> str:
    for one in result.results:
        for name in _LISTS:
            one.result.pop(name, None)
    view: Any = DefaultJinjaPageView()
    return str(view.render(ValidationResultsPageRenderer().render(result)))
