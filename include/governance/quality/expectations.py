"""The only module that imports Great Expectations: one batch, one suite, the ids of the rows that fail.

The context is ephemeral and lives inside one validation.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import pandas as pd

for _name in ("great_expectations", "great_expectations._docs_decorators"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # before the import, which logs

import great_expectations as gx  # noqa: E402
from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: E402
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration  # noqa: E402
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # noqa: E402
from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: E402

MOST_FAILURES = 100_000
"""More failing values than this are not worth naming one by one; the batch is held instead."""


@dataclass(frozen=True)
class Outcome:
    """One expectation's result: whether it held, and the rows (`row_no`) and values that failed it."""

    position: int
    success: bool
    unexpected: int
    rows: tuple[int, ...]
    values: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True)
class Validation:
    """All outcomes in the order of the suite, and Great Expectations' own page about them."""

    outcomes: tuple[Outcome, ...]
    page: str


def validate(name: str, frame: pd.DataFrame, expectations: list[tuple[str, dict[str, Any]]]) -> Validation:
    """Validate `frame` (with a unique column `row_no`) against (type, kwargs) pairs."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    definition = (
        context.data_sources.add_pandas(name="intake")
        .add_dataframe_asset(name=name)
        .add_batch_definition_whole_dataframe("whole")
    )
    # handed over as a list: adding one by one would replace an earlier one of the same type and column
    suite = gx.ExpectationSuite(
        name=name,
        expectations=[
            ExpectationConfiguration(type=kind, kwargs=kwargs, meta={"position": position}).to_domain_obj()
            for position, (kind, kwargs) in enumerate(expectations)
        ],
    )
    result = definition.get_batch(batch_parameters={"dataframe": frame}).validate(
        suite,
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_no"]},
    )
    outcomes = sorted((_outcome(each) for each in result.results), key=lambda outcome: outcome.position)
    view: Any = DefaultJinjaPageView()
    page = str(view.render(ValidationResultsPageRenderer().render(result)))
    return Validation(tuple(outcomes), page)


def _outcome(result: Any) -> Outcome:
    found = result.result or {}
    entries = found.get("unexpected_index_list") or []
    raised = (result.exception_info or {}).get("raised_exception")
    problem = str(result.exception_info.get("exception_message")) if raised else ""
    values = tuple(_value(entry) for entry in entries)
    return Outcome(
        position=int(result.expectation_config.meta["position"]),
        success=bool(result.success),
        unexpected=int(found.get("unexpected_count") or 0),
        rows=tuple(int(entry["row_no"]) for entry in entries),
        values=values,
        problem=problem,
    )


def _value(entry: dict[str, Any]) -> str:
    shown = [str(value) for column, value in entry.items() if column != "row_no"]
    return " / ".join(shown)[:200]
