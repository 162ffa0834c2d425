"""What an answer over HTTP says: its JSON, its next page, how long to wait, and what is wrong in one line.

Errors of Jira: https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#status-codes
Errors of ServiceNow: https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_RESTAPI.html
Limits of GitHub: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from governance.errors import SourceUnavailableError
from governance.intake.readers.origin import Origin

SECONDARY_LIMIT_SECONDS = 60.0
"""How long GitHub wants to be left alone where it names no time."""


@dataclass(frozen=True)
class Answer:
    """One answer, read to its end."""

    status: int
    reason: str
    headers: httpx.Headers
    content: bytes
    url: httpx.URL

    @property
    def title(self) -> str:
        """`429 Too Many Requests`."""
        return f"{self.status} {self.reason}".rstrip()

    @property
    def text(self) -> str:
        """The body as text, whatever its bytes."""
        return self.content.decode("utf-8", "replace")

    @property
    def document(self) -> dict[str, Any] | list[Any]:
        """The body as JSON; raises SourceUnavailableError where it is none."""
        found = self.peek()
        if not isinstance(found, (dict, list)):
            where = f"{self.url.scheme}://{self.url.netloc.decode()}"
            raise SourceUnavailableError(
                f"{where} answers {self.status} but not with JSON: {self.text[:60]!r}"
            )
        return found

    def peek(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.content, parse_constant=str)
        except (ValueError, RecursionError):
            return None

    @property
    def next_link(self) -> str | None:
        """The URL of `Link: <...>; rel="next"`, absolute (RFC 8288)."""
        link = next_link(self.headers.get("link", ""))
        return str(self.url.join(link)) if link else None

    @property
    def target(self) -> httpx.URL:
        """Where a redirect leads."""
        try:
            return self.url.join(self.headers.get("location", ""))
        except httpx.InvalidURL:
            raise SourceUnavailableError(f"{self.url.host} redirects to what is no address") from None


def next_link(header: str) -> str | None:
    """Return the URL of relation `next` in a Link header.

    >>> next_link('<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next"')
    'https://a/?page=3'
    >>> next_link('<https://a/?page=1>; rel="first"') is None
    True
    """
    for part in header.split(",<") if ",<" in header else header.split(", <"):
        url, _, traits = part.strip().lstrip("<").partition(">")
        words = {trait.strip().replace('"', "").lower() for trait in traits.split(";")}
        if "rel=next" in words:
            return url
    return None


def pause(answer: Answer, attempt: int) -> float | None:
    """Return how many seconds to wait before asking again, None where that would not help."""
    if answer.status == 429 or _is_throttled(answer):
        named = _retry_after(answer)
        if named is None:
            named = _reset(answer)
        if named is None and answer.status == 403:
            return SECONDARY_LIMIT_SECONDS
        return 2.0 ** (attempt - 1) if named is None else named
    if answer.status >= 500:
        named = _retry_after(answer) if answer.status == 503 else None
        return 2.0 ** (attempt - 1) if named is None else named
    return None


def _is_throttled(answer: Answer) -> bool:
    """Whether a 403 means "not so fast", as GitHub's limits do, rather than "not you"."""
    if answer.status != 403:
        return False
    return (
        "retry-after" in answer.headers
        or answer.headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in words(answer).lower()
    )


def _retry_after(answer: Answer) -> float | None:
    """Seconds that `Retry-After` names, as a number or as a date."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _reset(answer: Answer) -> float | None:
    """Seconds until the limit that is used up begins anew."""
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return None
    try:
        reset = float(answer.headers.get("x-ratelimit-reset", ""))
    except ValueError:
        return None
    return max(0.0, reset - datetime.now(UTC).timestamp())


def require_good(answer: Answer, origin: Origin) -> None:
    """Raise SourceUnavailableError for anything but a 200, in one line that says what to do."""
    if answer.status in (401, 403):
        what = "does not accept our credentials" if answer.status == 401 else "forbids us to read"
        raise SourceUnavailableError(
            f"{origin} {what} ({answer.status}): check login and password of connection {origin.conn_id}"
        )
    if answer.status != 200:
        raise SourceUnavailableError(f"{origin} answers {answer.status}: {words(answer) or answer.reason}")


def words(answer: Answer) -> str:
    """Return what the source itself says is wrong, in one line; '' where it says nothing.

    Jira: `errorMessages` and `errors`; ServiceNow: `error.message` and `error.detail`; GitHub: `message`.
    """
    body = answer.peek()
    if not isinstance(body, dict):
        return ""
    told: list[Any] = []
    if isinstance(body.get("errorMessages"), list):
        told += body["errorMessages"]
    for inner in (body.get("errors"), body.get("error")):
        if isinstance(inner, dict):
            told += [value for value in inner.values() if isinstance(value, str)]
    told.append(body.get("message"))
    return " ".join("; ".join(str(one) for one in told if one).split())[:200]
