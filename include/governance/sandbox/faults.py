"""What a ticket system does on bad days: for the next calls, as often as asked.

    faults.plan("too_many_requests", times=2, retry_after=1)
    faults.plan("empty_page")

Over HTTP: `POST /_stand-in/faults` with `{"kind": "server_error", "times": 3}`; `GET` lists, `DELETE` clears.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from governance.errors import GovernanceError

Kind = Literal[
    "too_many_requests",
    "secondary_limit",
    "server_error",
    "timeout",
    "malformed",
    "truncated",
    "empty_page",
    "duplicates",
    "expired",
]


@dataclass(frozen=True)
class Manner:
    """How one system speaks: its words of refusal, and where the records of a page are.

    `records` is the key of the list; None: the page is the list. `expired` is what it says to an old token.
    """

    name: str
    refusal: Callable[[str], dict[str, Any]]
    records: str | None
    expired: str


@dataclass(frozen=True)
class Fault:
    """One fault. `times` None: until cleared. `path` is a part of the URL's path; '' means every call."""

    kind: Kind
    times: int | None = 1
    path: str = ""
    retry_after: int = 1
    seconds: float = 30.0
    skip: int = 0

    async def strike(self, manner: Manner) -> Response | None:
        """Answer instead of the system, or return None where its own answer is only altered."""
        if self.kind == "timeout":
            await asyncio.sleep(self.seconds)
        wait = {"Retry-After": str(self.retry_after)}
        if self.kind == "too_many_requests":
            return JSONResponse(manner.refusal("Rate limit exceeded."), 429, wait)
        if self.kind == "secondary_limit":
            return JSONResponse(manner.refusal("You have exceeded a secondary rate limit."), 403, wait)
        if self.kind == "server_error":
            return Response("<html><body>Internal Server Error</body></html>", 500, media_type="text/html")
        if self.kind == "expired":
            return JSONResponse(manner.refusal(manner.expired), 401)
        if self.kind == "malformed":
            page = f"<html><body>Please wait while {manner.name} is starting</body></html>"
            return Response(page, media_type="text/html")
        return None

    def alter(self, response: Response, manner: Manner, here: str) -> Response:
        """Return the system's own answer with the defect of this fault; `here` names its page."""
        if self.kind == "truncated":
            body = bytes(response.body)
            return Response(body[: len(body) // 2], media_type="application/json")
        if self.kind not in ("empty_page", "duplicates") or response.status_code != 200:
            return response
        page = json.loads(bytes(response.body))
        link = {"Link": response.headers["link"]} if "link" in response.headers else {}
        if self.kind == "duplicates":
            return JSONResponse(_with(page, manner, _doubled), headers=link)
        if isinstance(page, dict) and "isLast" in page:
            return JSONResponse({**_with(page, manner, _none), "isLast": False, "nextPageToken": here})
        emptied = _with(page, manner, _none)
        linked = manner.records != "issues"
        return JSONResponse(emptied, headers={"Link": f'<{here}>; rel="next"'} if linked else {})


def _with(page: Any, manner: Manner, change: Callable[[list[Any]], list[Any]]) -> Any:
    """A page whose records are changed."""
    if manner.records is None:
        return change(page) if isinstance(page, list) else page
    return {**page, manner.records: change(page.get(manner.records, []))}


def _doubled(records: list[Any]) -> list[Any]:
    """Every record twice, as when records move between pages while they are read."""
    return [record for record in records for _ in range(2)]


def _none(_records: list[Any]) -> list[Any]:
    """No record; the page's own token or link leads to those that it should have held."""
    return []


class Faults:
    """The faults to come, and how often each path was called. Safe to use from any thread.

    `path` is the part of the URL's path that faults meet where they name none themselves.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.calls: Counter[str] = Counter()
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, kind: Kind, **traits: Any) -> None:
        """Let the next calls meet a fault; raises GovernanceError for a kind that is not known."""
        if kind not in get_args(Kind):
            raise GovernanceError(f"unknown fault {kind!r}; known: {', '.join(get_args(Kind))}")
        with self._lock:
            self._planned.append(Fault(kind, **{"path": self.path, **traits}))

    def clear(self) -> None:
        """Forget every fault and every count."""
        with self._lock:
            self._planned.clear()
            self.calls.clear()

    def next(self, path: str) -> Fault | None:
        """Count the call and return the fault that it meets, if any; planned first, met first."""
        with self._lock:
            self.calls[path] += 1
            for position, fault in enumerate(self._planned):
                if fault.path not in path:
                    continue
                if fault.skip:
                    self._planned[position] = replace(fault, skip=fault.skip - 1)
                    return None
                self._use(position, fault)
                return fault
            return None

    def _use(self, position: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._planned[position] = replace(fault, times=fault.times - 1)
        else:
            del self._planned[position]

    async def endpoint(self, request: Request) -> Response:
        """List, add or clear faults over HTTP."""
        if request.method == "DELETE":
            self.clear()
        if request.method == "POST":
            try:
                self.plan(**await request.json())
            except (GovernanceError, TypeError, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)
        with self._lock:
            return JSONResponse([asdict(fault) for fault in self._planned])
