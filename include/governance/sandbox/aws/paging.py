"""Pages and tokens. A token holds a place, not a page number: the page size may change on the way."""

from __future__ import annotations

import base64
import binascii
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from governance.sandbox.aws.calls import Call
from governance.sandbox.aws.errors import ServiceError

TOKENS = ("NextToken", "PageToken", "nextToken", "PaginationToken")
"""How services call the token of a request; Service Catalog calls that of an answer `NextPageToken`."""
_SIZES = ("Limit", "MaxResults", "PageSize", "maxResults", "ResourcesPerPage")


@dataclass(frozen=True)
class Token:
    """A place in the answer to one question. `turn` keeps tokens of empty pages apart from each other."""

    question: str
    place: int
    turn: int = 0

    def __str__(self) -> str:
        content = json.dumps([self.question, self.place, self.turn], separators=(",", ":"))
        return base64.urlsafe_b64encode(content.encode()).decode()

    @classmethod
    def of(cls, action: str, arguments: Mapping[str, Any]) -> Token:
        """Return the token a request carries, or the one for the beginning.

        Raises ServiceError (InvalidNextTokenException, or what the service calls it) for one that is not of
        this question.
        """
        question = _question(action, arguments)
        text = _first(arguments, TOKENS)
        if not text:
            return cls(question, 0)
        try:
            token = cls(*json.loads(base64.urlsafe_b64decode(text)))
        except (ValueError, TypeError, binascii.Error):
            token = cls("", 0)
        if token.question != question:
            raise _invalid(action)
        return token

    def later(self, places: int) -> Token:
        """Return the token `places` further on."""
        return Token(self.question, self.place + places, self.turn + 1)


def page(
    action: str, items: Sequence[Any], arguments: Mapping[str, Any], *, default: int
) -> tuple[list[Any], str | None]:
    """Return the page of `items` that is asked for and the token of the next one, None after the last.

    A page size of 0 or none means `default`, as AWS Config documents for `Limit`:
    https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
    """
    size = _first(arguments, _SIZES) or default
    token = Token.of(action, arguments)
    end = token.place + size
    return list(items[token.place : end]), str(token.later(size)) if end < len(items) else None


class Remembered:
    """The rows of the last questions, so that a page is a slice and neither a scan nor a sort."""

    def __init__(self, questions: int = 64) -> None:
        self._questions = questions
        self._rows: OrderedDict[tuple[Any, ...], Sequence[Any]] = OrderedDict()

    def rows(self, call: Call, make: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """Return the rows that a call asks a page of; `make` is called for a question that is new."""
        key = (call.place, call.struck, _question(call.action, call.arguments))
        if key not in self._rows:
            self._rows[key] = make()
            while len(self._rows) > self._questions:
                self._rows.popitem(last=False)
        return self._rows[key]

    def forget(self) -> None:
        """What was written may change every answer."""
        self._rows.clear()


def _first(arguments: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((arguments[name] for name in names if arguments.get(name)), None)


def _question(action: str, arguments: Mapping[str, Any]) -> str:
    asked = {name: value for name, value in arguments.items() if name not in (*TOKENS, *_SIZES)}
    return sha256(json.dumps([action, asked], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _invalid(action: str) -> ServiceError:
    """Organizations has no error of its own for tokens; it is a bad parameter with a reason.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (INVALID_NEXT_TOKEN)
    The others declare theirs in their models: InvalidNextToken (Systems Manager; OpsItems declare none),
    InvalidParametersException (Service Catalog), ValidationException (Control Tower),
    InvalidParameterException (Resource Groups Tagging).
    """
    message = "The specified next token is not valid"
    if action.startswith("organizations:"):
        return ServiceError("InvalidInputException", message, detail={"Reason": "INVALID_NEXT_TOKEN"})
    code = _INVALID.get(action.partition(":")[0], "InvalidNextTokenException")
    return ServiceError(code, message)


_INVALID = {
    "ssm": "InvalidNextToken",
    "servicecatalog": "InvalidParametersException",
    "controltower": "ValidationException",
    "tag": "InvalidParameterException",
}
