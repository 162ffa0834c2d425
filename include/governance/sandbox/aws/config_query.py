"""AWS Config's advanced query over an aggregator: resources, their tags and compliance, everywhere.

Resources are those that a rule evaluates, with their tags and nothing of their own configuration.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from governance.sandbox.aws.aggregator import Aggregator
from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import NotServedError
from governance.sandbox.aws.evaluations import COMPLIANCE_TYPE, Evaluations
from governance.sandbox.aws.items import project, values_at
from governance.sandbox.aws.paging import page
from governance.sandbox.aws.sql import COUNT, Query, parse

Row = dict[str, Any]

PAGE, AGGREGATE_PAGE = 25, 500
"""https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html"""

_REMEMBERED = 64
"""Answers kept, so that the pages after the first cost nothing."""


class AdvancedQueries:
    """Handlers of SelectAggregateResourceConfig (the aggregator) and SelectResourceConfig (one place)."""

    def __init__(self, evaluations: Evaluations, aggregator: Aggregator) -> None:
        self._evaluations, self._aggregator = evaluations, aggregator
        self._answers: OrderedDict[tuple[str, ...], tuple[Query, list[str]]] = OrderedDict()

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {"SelectAggregateResourceConfig": self._aggregated, "SelectResourceConfig": self._local}

    def _aggregated(self, call: Call) -> Row:
        self._aggregator.required(call)
        return self._answer(call, ())

    def _local(self, call: Call) -> Row:
        return self._answer(call, (call.account, call.region))

    def _answer(self, call: Call, place: tuple[str, ...]) -> Row:
        query, results = self._results(call.arguments["Expression"], place)
        default = AGGREGATE_PAGE if query.aggregates else PAGE
        found, token = page(call.action, results, call.arguments, default=default)
        info = {"SelectFields": [{"Name": name} for name in query.fields]}
        return {"Results": found, "QueryInfo": info, "NextToken": token}

    def _results(self, expression: str, place: tuple[str, ...]) -> tuple[Query, list[str]]:
        key = (expression, *place)
        if key not in self._answers:
            query = parse(expression)
            _refuse_unknown(query)
            found = (item for item in self._candidates(query, place) if query.matches(item))
            self._answers[key] = (
                query,
                _counted(query, found) if query.aggregates else _selected(query, found),
            )
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        return self._answers[key]

    def _candidates(self, query: Query, place: tuple[str, ...]) -> Iterator[Row]:
        demanded = query.demanded.get("accountId")
        for account in place[:1] or self._evaluations.accounts:
            if demanded is None or account in demanded:
                for item in self._of(account, query.resource_types):
                    if not place or item["awsRegion"] in (place[1], "global"):
                        yield item

    def _of(self, account: str, types: frozenset[str]) -> Iterator[Row]:
        """Compliance items, resources, or both where no type is asked for."""
        if not types or COMPLIANCE_TYPE in types:
            yield from self._evaluations.items(account)
        if not types or types - {COMPLIANCE_TYPE}:
            yield from self._evaluations.resources(account)


def _refuse_unknown(query: Query) -> None:
    """Of resources no more is known than what they are and their tags."""
    others = query.resource_types - {COMPLIANCE_TYPE}
    own = [name for name in query.fields if name.partition(".")[0] == "configuration"]
    if others and own:
        raise NotServedError(f"queries of {own[0]} of {', '.join(sorted(others))}")


def _selected(query: Query, items: Iterable[Row]) -> list[str]:
    return [_text(project(item, query.fields)) for item in items]


def _counted(query: Query, items: Iterable[Row]) -> list[str]:
    """Count by group, as in `SELECT configuration.complianceType, COUNT(*) ... GROUP BY ...`."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for item in items:
        counts[tuple(next(iter(values_at(item, name)), None) for name in query.group_by)] += 1
    return [
        _text({**dict(zip(query.group_by, group, strict=True)), COUNT: number})
        for group, number in sorted(counts.items(), key=str)
    ]


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
