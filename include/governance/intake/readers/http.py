"""Ask a source for JSON over HTTP, with patience that has an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from governance.connections import Connection
from governance.errors import SourceUnavailableError
from governance.intake.readers.vocabulary import HttpOptions


@dataclass
class JsonHttp:
    """GET with retries: 429 after what Retry-After says, 5xx and time-outs after 1, 2, 4 ... seconds.

    All waiting together is at most `options.patience_seconds`.
    """

    client: httpx.Client
    options: HttpOptions
    conn_id: str
    sleep: Callable[[float], None] = time.sleep
    _waited: float = field(default=0.0, init=False)

    @classmethod
    def of(cls, connection: Connection, options: HttpOptions) -> JsonHttp:
        """Return a client with the connection's address and credentials: login and password, or a token."""
        headers = {"Accept": "application/json"}
        auth: httpx.Auth | None = None
        if connection.login:
            auth = httpx.BasicAuth(connection.login, connection.secret())
        elif connection.password:
            headers["Authorization"] = f"Bearer {connection.secret()}"
        client = httpx.Client(
            base_url=connection.base_url, auth=auth, headers=headers, timeout=options.timeout_seconds
        )
        return cls(client, options, connection.conn_id)

    def get(self, path: str, parameters: dict[str, Any]) -> dict[str, Any] | list[Any]:
        """Return the JSON of an answer; raises SourceUnavailableError in one line."""
        for attempt in range(1, self.options.attempts + 1):
            try:
                answer = self.client.get(path, params=parameters)
            except httpx.HTTPError as error:
                self._wait(attempt, 2.0 ** (attempt - 1), self._silence(error))
                continue
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS and answer.status_code < 500:
                return self._read(answer)
            pause = _retry_after(answer) if answer.status_code == 429 else None
            problem = f"{self._host} answers {answer.status_code} {answer.reason_phrase}".rstrip()
            self._wait(attempt, 2.0 ** (attempt - 1) if pause is None else pause, problem)
        raise AssertionError("unreachable: _wait raises after the last attempt")

    @property
    def _host(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def _silence(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"{self._host} does not answer within {self.options.timeout_seconds:g} s"
        return f"{self._host} does not answer: {' '.join(str(error).split()) or type(error).__name__}"

    def _wait(self, attempt: int, seconds: float, problem: str) -> None:
        if attempt >= self.options.attempts:
            raise SourceUnavailableError(f"{problem}, {attempt} times in a row")
        if self._waited + seconds > self.options.patience_seconds:
            raise SourceUnavailableError(
                f"{problem} and asks to wait {seconds:g} s;"
                f" we may wait {self.options.patience_seconds:g} s in all"
            )
        self._waited += seconds
        self.sleep(seconds)

    def _read(self, answer: httpx.Response) -> dict[str, Any] | list[Any]:
        if answer.status_code in (401, 403):
            what = "does not accept our credentials" if answer.status_code == 401 else "forbids us to read"
            raise SourceUnavailableError(
                f"{self._host} {what} ({answer.status_code}):"
                f" check login and password of connection {self.conn_id}"
            )
        if answer.status_code != httpx.codes.OK:
            raise SourceUnavailableError(f"{self._host} answers {answer.status_code}: {_words(answer)}")
        try:
            found = answer.json(parse_constant=str)
        except ValueError:
            found = None
        if not isinstance(found, (dict, list)):
            raise SourceUnavailableError(f"{self._host} answers 200 but not with JSON: {answer.text[:60]!r}")
        return found


def _retry_after(answer: httpx.Response) -> float | None:
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


def _words(answer: httpx.Response) -> str:
    try:
        messages = answer.json(parse_constant=str).get("errorMessages") or []
    except (ValueError, AttributeError):
        messages = []
    return " ".join("; ".join(map(str, messages)).split())[:200] or answer.reason_phrase
