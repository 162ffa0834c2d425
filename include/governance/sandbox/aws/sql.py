"""The subset of SQL that AWS Config's advanced queries have, as far as it is needed here.

Synopsis: https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
Limitations (no FROM, JOIN, DISTINCT; suffix wildcards after three characters; `SELECT *` gives top-level
scalars only; conditions on an array hold where any element fits, each condition for itself):
https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
Understood: SELECT of properties, `*` and COUNT(*); WHERE with AND, OR, NOT, parentheses, =, IN, BETWEEN,
LIKE, <, >, <=, >=; GROUP BY. Anything else, ORDER BY among it, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.items import values_at

Item = Mapping[str, Any]
Condition = Callable[[Item], bool]

SCALARS = (
    "accountId", "awsRegion", "arn", "availabilityZone", "configurationItemCaptureTime",
    "resourceCreationTime", "resourceId", "resourceName", "resourceType", "version",
)  # fmt: skip
COUNT = "COUNT(*)"

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+(?:\.\d+)?)"
                    r"|(?P<mark><=|>=|[=<>(),*]))")  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, wanted: bool(found == wanted),
    "<": lambda found, wanted: str(found) < str(wanted),
    ">": lambda found, wanted: str(found) > str(wanted),
    "<=": lambda found, wanted: str(found) <= str(wanted),
    ">=": lambda found, wanted: str(found) >= str(wanted),
}


@dataclass(frozen=True)
class Query:
    """A parsed query. `demanded` holds, per property, the values that every match must have one of."""

    fields: tuple[str, ...]
    matches: Condition
    group_by: tuple[str, ...] = ()
    demanded: Mapping[str, frozenset[str]] = field(default_factory=dict)
    resource_types: frozenset[str] = frozenset()

    @property
    def aggregates(self) -> bool:
        """Whether the result is counts rather than items."""
        return COUNT in self.fields or bool(self.group_by)


def parse(expression: str) -> Query:
    """Return the query; raise ServiceError (InvalidExpressionException) for what is not understood."""
    return _Parser(list(_tokens(expression))).query()


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = expression.rstrip().rstrip(";").rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise _invalid(f"unexpected {text[position : position + 20].strip()!r}")
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


def _invalid(why: str) -> ServiceError:
    """https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html."""
    return ServiceError("InvalidExpressionException", f"The syntax of the query is incorrect: {why}")


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "the end")]
        self._at = 0
        self._types: set[str] = set()

    def query(self) -> Query:
        self._expect("SELECT")
        fields = self._fields()
        condition, demanded = self._disjunction() if self._take("WHERE") else ((lambda _: True), {})
        groups: tuple[str, ...] = ()
        if self._take("GROUP"):
            self._expect("BY")
            groups = self._fields()
        self._expect("the end")
        if len(groups) > 3:
            raise _invalid("GROUP BY may contain up to three properties")
        return Query(fields, condition, groups, demanded, frozenset(self._types))

    def _fields(self) -> tuple[str, ...]:
        found = list(self._field())
        while self._take(","):
            found += self._field()
        return tuple(dict.fromkeys(found))

    def _field(self) -> tuple[str, ...]:
        if self._take("*"):
            return SCALARS
        if self._take("COUNT"):
            for mark in "(*)":
                self._expect(mark)
            return (COUNT,)
        return (self._next("word"),)

    def _disjunction(self) -> tuple[Condition, dict[str, frozenset[str]]]:
        parts = [self._conjunction()]
        while self._take("OR"):
            parts.append(self._conjunction())
        if len(parts) == 1:
            return parts[0]
        conditions = [condition for condition, _ in parts]
        common = set.intersection(*(set(demanded) for _, demanded in parts))
        united = {name: frozenset().union(*(demanded[name] for _, demanded in parts)) for name in common}
        return (lambda item: any(condition(item) for condition in conditions)), united

    def _conjunction(self) -> tuple[Condition, dict[str, frozenset[str]]]:
        parts = [self._negation()]
        while self._take("AND"):
            parts.append(self._negation())
        if len(parts) == 1:
            return parts[0]
        conditions = [condition for condition, _ in parts]
        demanded: dict[str, frozenset[str]] = {}
        for _, wanted in parts:
            for name, values in wanted.items():
                demanded[name] = demanded.get(name, values) & values
        return (lambda item: all(condition(item) for condition in conditions)), demanded

    def _negation(self) -> tuple[Condition, dict[str, frozenset[str]]]:
        if self._take("NOT"):
            condition, _ = self._negation()
            return (lambda item: not condition(item)), {}
        if self._take("("):
            inner = self._disjunction()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> tuple[Condition, dict[str, frozenset[str]]]:
        path = self._next("word")
        if self._take("IN"):
            return self._one_of(path, self._values())
        if self._take("BETWEEN"):
            low = self._value()
            self._expect("AND")
            high = self._value()
            return _any(path, lambda found: str(low) <= str(found) <= str(high)), {}
        if self._take("LIKE"):
            return self._like(path, self._value())
        operator = self._next("mark")
        if operator not in _COMPARE:
            raise _invalid(f"unexpected {operator!r} after {path}")
        value = self._value()
        if operator == "=":
            return self._one_of(path, [value])
        return _any(path, lambda found: _COMPARE[operator](found, value)), {}

    def _one_of(self, path: str, values: list[Any]) -> tuple[Condition, dict[str, frozenset[str]]]:
        wanted = frozenset(values)
        if path == "resourceType":
            self._types |= wanted
        scalar = "." not in path and path in (*SCALARS, "configurationItemStatus")
        if scalar:
            return (lambda item: item.get(path) in wanted), {path: wanted}
        return _any(path, lambda found: found in wanted), {}

    def _like(self, path: str, pattern: Any) -> tuple[Condition, dict[str, frozenset[str]]]:
        stem, wildcard = str(pattern)[:-1], str(pattern)[-1:]
        if wildcard not in ("%", "_") or re.search(r"[%_]", stem) or len(stem) < 3:
            raise _invalid(
                f"LIKE {pattern!r}: a wildcard is supported as a suffix of three characters or more"
            )
        length = None if wildcard == "%" else len(stem) + 1
        return _any(path, lambda found: str(found).startswith(stem) and length in (None, len(str(found)))), {}

    def _values(self) -> list[Any]:
        self._expect("(")
        found = [self._value()]
        while self._take(","):
            found.append(self._value())
        self._expect(")")
        return found

    def _value(self) -> Any:
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "word" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise _invalid(f"expected a value, found {text}")

    def _next(self, kind: str) -> str:
        found, text = self._tokens[self._at]
        if found != kind or text.upper() in _KEYWORDS:
            raise _invalid(f"expected a {'property' if kind == 'word' else kind}, found {text}")
        self._at += 1
        return text

    def _take(self, word: str) -> bool:
        kind, text = self._tokens[self._at]
        if kind == "text" or text.upper() != word.upper():
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise _invalid(f"expected {word}, found {self._tokens[self._at][1]}")


_KEYWORDS = frozenset({
    "SELECT", "WHERE", "GROUP", "ORDER", "BY", "AND", "OR", "NOT", "IN", "BETWEEN", "LIKE",
    "ALL", "AS", "DISTINCT", "FROM", "HAVING", "JOIN", "UNION", "CASE", "NULL",
})  # fmt: skip


def _any(path: str, fits: Callable[[Any], bool]) -> Condition:
    return lambda item: any(fits(value) for value in values_at(item, path))
