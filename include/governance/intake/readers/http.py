"""HTTP to ticket systems: bounded patience, one clear line for whatever goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from governance.connections import Connection
from governance.errors import SourceUnavailableError
from governance.intake.paging import Paginator

ATTEMPTS = 5
LONGEST_WAIT = 60.0
RETRIED = frozenset({429, 500, 502, 503, 504})


class Service:
    """One HTTP service as one connection describes it."""

    def __init__(self, connection: Connection, *, pause: float = 0.5) -> None:
        login = (connection.login or "", connection.secret())
        timeout = float(connection.extra.get("timeout", 30))
        self.conn_id = connection.conn_id
        self.pause = pause
        self.client = httpx.Client(
            base_url=connection.base_url, auth=login, timeout=timeout, headers={"Accept": "application/json"}
        )

    def pages(self, path: str, parameters: dict[str, Any], paginator: Paginator) -> Iterator[list[Any]]:
        """Yield the items of each page until the paginator has seen the last; empty pages are no end."""
        following: dict[str, Any] | None = {}
        while following is not None:
            page = self.get(path, {**parameters, **following})
            items = page.get(paginator.items)
            if not isinstance(items, list):
                raise SourceUnavailableError(
                    f"{self._place(path)}: found no list {paginator.items!r} in the answer, expected one"
                )
            yield items
            following = paginator.after(page)

    def get(self, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON object at `path`; waits and tries again where the service asks for it."""
        why = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = self.client.get(path, params=parameters)
            except httpx.HTTPError as error:
                why = f"does not answer ({type(error).__name__})"
                self._wait(attempt, None)
                continue
            if answer.status_code not in RETRIED:
                return self._object(path, answer)
            why = f"answered {answer.status_code} {answer.reason_phrase} {attempt + 1} times"
            self._wait(attempt, answer.headers.get("Retry-After"))
        raise SourceUnavailableError(f"{self._place(path)} {why}; the next run tries again")

    def _object(self, path: str, answer: httpx.Response) -> dict[str, Any]:
        place = self._place(path)
        if answer.status_code in (401, 403):
            raise SourceUnavailableError(
                f"{place} refused us ({answer.status_code}): renew the login of connection {self.conn_id}"
            )
        if answer.is_error:
            words = " ".join(answer.text.split())[:200]
            raise SourceUnavailableError(f"{place} answered {answer.status_code}: {words}")
        try:
            found = answer.json()
        except ValueError as error:
            raise SourceUnavailableError(
                f"{place}: found no JSON in the answer, expected an object"
            ) from error
        if not isinstance(found, dict):
            raise SourceUnavailableError(f"{place}: found {type(found).__name__}, expected an object")
        return found

    def _wait(self, attempt: int, retry_after: str | None) -> None:
        if attempt + 1 < ATTEMPTS:
            time.sleep(min(_asked(retry_after) or self.pause * 2**attempt, LONGEST_WAIT))

    def _place(self, path: str) -> str:
        return f"{self.client.base_url.copy_with(username=None, password=None)}".rstrip("/") + path


def _asked(retry_after: str | None) -> float:
    """Seconds that Retry-After asks for, as a number or as a date; 0 where it says nothing."""
    if not retry_after:
        return 0.0
    if retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0
