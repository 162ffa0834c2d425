"""A GitHub over HTTP: issues and their events, with Link headers, and bad days on demand.

https://docs.github.com/en/rest/issues/issues
https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from governance.sandbox.faults import Faults, Manner
from governance.sandbox.guard import Guard

Issue = dict[str, Any]
TOKEN = "sandbox-github-token"  # noqa: S105 (opens the sandbox, nothing else)
EVENTS = "@events"
"""Where an issue keeps its events, which GitHub serves apart."""
REPOSITORY_ID = 1000


def _refusal(message: str) -> dict[str, Any]:
    return {"message": message, "documentation_url": "https://docs.github.com/rest"}


MANNER = Manner("GitHub", _refusal, None, "Bad credentials")


@dataclass(frozen=True)
class Github:
    """One repository. `transferred`: number -> path of its new address; `deleted`: numbers that are gone."""

    repository: str
    issues: Sequence[Issue]
    faults: Faults
    transferred: Mapping[int, str] = field(default_factory=dict)
    deleted: frozenset[int] = frozenset()
    token: str = TOKEN

    def application(self) -> Starlette:
        """Return the ASGI application."""
        guard = Guard(MANNER, self.faults, f"Bearer {self.token}")
        routes = [Route("/_stand-in/faults", self.faults.endpoint, methods=["GET", "POST", "DELETE"])]
        for home in (f"/repos/{self.repository}", f"/repositories/{REPOSITORY_ID}"):
            routes.append(Route(f"{home}/issues", guard.endpoint(self._list)))
            routes.append(Route(f"{home}/issues/{{number:int}}", guard.endpoint(self._one)))
            routes.append(Route(f"{home}/issues/{{number:int}}/events", guard.endpoint(self._events)))
        return Starlette(routes=routes)

    def _list(self, request: Request) -> Response:
        query = request.query_params
        state, since = query.get("state", "open"), query.get("since", "")
        labels = {name for name in query.get("labels", "").split(",") if name}
        found = [
            issue
            for issue in self.issues
            if state in ("all", issue["state"])
            and issue["updated_at"] >= since
            and labels <= {label["name"] for label in issue["labels"]}
        ]
        column = {"created": "created_at", "updated": "updated_at"}[query.get("sort", "created")]
        found.sort(
            key=lambda issue: (issue[column], issue["number"]),
            reverse=query.get("direction", "desc") == "desc",
        )
        return _page(request, found, f"/repositories/{REPOSITORY_ID}/issues")

    def _one(self, request: Request) -> Response:
        number = request.path_params["number"]
        if number in self.transferred:
            return RedirectResponse(self.transferred[number], 301)
        if number in self.deleted:
            return JSONResponse(_refusal("This issue was deleted"), 410)
        for issue in self.issues:
            if issue["number"] == number:
                return JSONResponse(_shown(issue))
        return JSONResponse(_refusal("Not Found"), 404)

    def _events(self, request: Request) -> Response:
        number = request.path_params["number"]
        events = [
            event for issue in self.issues if issue["number"] == number for event in issue.get(EVENTS, ())
        ]
        return _page(request, events, request.url.path)


def _page(request: Request, found: Sequence[Issue], path: str) -> Response:
    """One page, and links to its neighbours on the address that GitHub gives: by the repository's number."""
    size, number = int(request.query_params.get("per_page", 30)), int(request.query_params.get("page", 1))
    last = max(1, -(-len(found) // size))
    links = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    if number >= last:
        links = {name: page for name, page in links.items() if name not in ("next", "last")}
    if number == 1:
        links = {name: page for name, page in links.items() if name not in ("prev", "first")}
    address = request.url.replace(path=path)
    told = [f'<{address.include_query_params(page=page)}>; rel="{name}"' for name, page in links.items()]
    shown = [_shown(issue) for issue in found[(number - 1) * size : number * size]]
    return JSONResponse(shown, headers={"Link": ", ".join(told)} if told else {})


def _shown(issue: Issue) -> Issue:
    return {name: value for name, value in issue.items() if name != EVENTS}
