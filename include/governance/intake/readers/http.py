"""Ask a source for JSON over HTTP, with patience that has an end, on its own origin alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import httpx

from governance.connections import Connection
from governance.errors import SourceUnavailableError
from governance.intake.readers import answers
from governance.intake.readers.answers import Answer
from governance.intake.readers.origin import Origin
from governance.intake.readers.vocabulary import HttpOptions

MOST_REDIRECTS = 5


@dataclass
class JsonHttp:
    """GET with retries: throttled after what the source says, 5xx and time-outs after 1, 2, 4 ... seconds.

    All waiting together is at most `options.patience_seconds`, an answer at most `options.max_megabytes`.
    """

    client: httpx.Client
    options: HttpOptions
    origin: Origin
    sleep: Callable[[float], None] = time.sleep
    _waited: float = field(default=0.0, init=False)
    _may_ask: bool = field(default=False, init=False)

    @classmethod
    def of(cls, connection: Connection, options: HttpOptions, accept: str = "application/json") -> JsonHttp:
        """Return a client with the connection's address and credentials: login and password, or a token.

        Raises SourceUnavailableError where the connection's host is no address of HTTP.
        """
        origin = Origin.of(connection)
        headers = {"Accept": accept, "User-Agent": "governance-pipelines"}
        auth: httpx.Auth | None = None
        if connection.login:
            auth = httpx.BasicAuth(connection.login, connection.secret())
        elif connection.password:
            headers["Authorization"] = f"Bearer {connection.secret()}"
        client = httpx.Client(
            base_url=connection.base_url, auth=auth, headers=headers, timeout=options.timeout_seconds
        )
        return cls(client, options, origin)

    def get(self, path: str, parameters: dict[str, Any] | None = None) -> dict[str, Any] | list[Any]:
        """Return the JSON of an answer 200; raises SourceUnavailableError in one line."""
        return self.ask(path, parameters).document

    def ask(
        self, path: str, parameters: dict[str, Any] | None = None, accepted: Collection[int] = ()
    ) -> Answer:
        """Return an answer 200, or one of `accepted`; raises SourceUnavailableError in one line.

        `path` is below the connection's host, or a URL that the source gave: on its own origin, or refused.
        """
        if not self._may_ask:
            self.origin.require_reachable()
            self._may_ask = True
        for attempt in range(1, self.options.attempts + 1):
            try:
                answer = self._follow(path, parameters, accepted)
            except httpx.HTTPError as error:
                self._wait(attempt, 2.0 ** (attempt - 1), self._silence(error))
                continue
            if answer.status not in accepted:
                pause = answers.pause(answer, attempt)
                if pause is not None:
                    self._wait(attempt, pause, f"{self.origin} answers {answer.title}")
                    continue
                answers.require_good(answer, self.origin)
            return answer
        raise AssertionError("unreachable: _wait raises after the last attempt")

    def _follow(self, path: str, parameters: dict[str, Any] | None, accepted: Collection[int]) -> Answer:
        """Ask, and ask again where a redirect leads to on the same origin."""
        url, what = self.client.build_request("GET", path, params=parameters or None).url, "links"
        for _ in range(MOST_REDIRECTS):
            self.origin.require(url, what)
            answer = self._read(url)
            if answer.status not in (301, 302, 303, 307, 308) or answer.status in accepted:
                return answer
            url, what = answer.target, "redirects"
        raise SourceUnavailableError(f"{self.origin} redirects more than {MOST_REDIRECTS} times")

    def _read(self, url: httpx.URL) -> Answer:
        most = int(self.options.max_megabytes * 1_000_000)
        content = bytearray()
        with self.client.stream("GET", url) as response:
            for part in response.iter_bytes(65_536):
                content += part
                if len(content) > most:
                    raise SourceUnavailableError(
                        f"{self.origin} answers with more than {self.options.max_megabytes:g} MB: refused."
                        " Ask for smaller pages (page_size), or raise max_megabytes"
                    )
        return Answer(response.status_code, response.reason_phrase, response.headers, bytes(content), url)

    def _silence(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"{self.origin} does not answer within {self.options.timeout_seconds:g} s"
        return f"{self.origin} does not answer: {' '.join(str(error).split()) or type(error).__name__}"

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
