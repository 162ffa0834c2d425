"""A Jira over HTTP: Cloud's and Data Center's search, fields and myself, with bad days on demand.

Cloud: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ (`search/jql`)
Data Center: https://docs.atlassian.com/software/jira/docs/api/REST/9.17.0/ (`search`)
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from governance.sandbox import jira_documents
from governance.sandbox.faults import Faults, Manner
from governance.sandbox.jql import JqlError, Query, parse

Issue = dict[str, Any]

LOGIN, TOKEN = "governance-intake@example.com", "sandbox-token"
ZONE = "Europe/Berlin"
"""Zone of the user who asks: Jira reads dates in JQL on that user's clock."""
CLOUD_PAGE, DATA_CENTER_PAGE = 100, 50


@dataclass(frozen=True)
class Jira:
    """What is served: issues as Jira Cloud returns them but with descriptions as plain text."""

    issues: Sequence[Issue]
    faults: Faults
    login: str = LOGIN
    token: str = TOKEN

    def application(self) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/rest/api/3/search/jql", self._guarded(self._search_cloud)),
            Route("/rest/api/2/search", self._guarded(self._search_data_center)),
        ]
        for version in ("2", "3"):
            routes.append(Route(f"/rest/api/{version}/field", self._guarded(self._field)))
            routes.append(Route(f"/rest/api/{version}/myself", self._guarded(self._myself)))
            routes.append(Route(f"/rest/api/{version}/issue/{{key}}", self._guarded(self._issue)))
        routes.append(Route("/_stand-in/faults", self.faults.endpoint, methods=["GET", "POST", "DELETE"]))
        return Starlette(routes=routes)

    def _guarded(self, answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
        """Check credentials, strike with a fault where one is set, answer."""

        async def guarded(request: Request) -> Response:
            fault = self.faults.next(request.url.path)
            if fault is not None:
                struck = await fault.strike(MANNER)
                if struck is not None:
                    return struck
            if not self._is_known(request.headers.get("authorization", "")):
                return _errors(401, "Client must be authenticated to access this resource.")
            try:
                response = await run_in_threadpool(answer, request)
            except (JqlError, ValueError) as error:
                return _errors(400, f"Error in the JQL Query: {error}")
            return fault.alter(response, MANNER, _token_here(request)) if fault else response

        return guarded

    def _is_known(self, authorization: str) -> bool:
        kind, _, coded = authorization.partition(" ")
        try:
            given = base64.b64decode(coded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return kind.lower() == "basic" and secrets.compare_digest(
            given.encode(), f"{self.login}:{self.token}".encode()
        )

    def _search_cloud(self, request: Request) -> Response:
        found = self._found(request)
        size = _size(request, CLOUD_PAGE)
        start = _place(request.query_params.get("nextPageToken"))
        end = start + size
        page: dict[str, Any] = {"issues": self._rendered(request, found[start:end], "3")}
        page["isLast"] = end >= len(found)
        if not page["isLast"]:
            page["nextPageToken"] = _token(end)
        return JSONResponse(page)

    def _search_data_center(self, request: Request) -> Response:
        found = self._found(request)
        start = int(request.query_params.get("startAt", 0))
        size = _size(request, DATA_CENTER_PAGE)
        issues = self._rendered(request, found[start : start + size], "2")
        return JSONResponse({"startAt": start, "maxResults": size, "total": len(found), "issues": issues})

    def _found(self, request: Request) -> list[Issue]:
        query: Query = parse(request.query_params.get("jql", ""), ZONE)
        return query.select(self.issues)

    def _rendered(self, request: Request, issues: list[Issue], version: Literal["2", "3"]) -> list[Issue]:
        """Return what was asked for; without `fields` Cloud returns ids alone, Data Center everything."""
        default = "id" if version == "3" else "*all"
        fields = request.query_params.get("fields", default).split(",")
        expanded = "changelog" in request.query_params.get("expand", "").split(",")
        return [jira_documents.render(issue, fields, version, expanded) for issue in issues]

    def _issue(self, request: Request) -> Response:
        """One issue, by its id, its key, or a key it had before it moved."""
        sought = request.path_params["key"]
        for issue in self.issues:
            if sought in (issue["id"], issue["key"], *jira_documents.old_keys(issue)):
                return JSONResponse(jira_documents.render(issue, ["*all"], "3", expanded=False))
        return _errors(404, "Issue does not exist or you do not have permission to see it.")

    def _field(self, _: Request) -> Response:
        return JSONResponse(jira_documents.fields(self.issues))

    def _myself(self, _: Request) -> Response:
        user = {"accountId": "sandbox", "emailAddress": self.login, "displayName": "Governance Intake"}
        return JSONResponse({**user, "active": True, "timeZone": ZONE})


def _refusal(message: str) -> dict[str, Any]:
    return {"errorMessages": [message], "errors": {}}


MANNER = Manner("Jira", _refusal, "issues", "Basic authentication with an expired API token.")


def _errors(status: int, message: str) -> Response:
    return JSONResponse(_refusal(message), status_code=status)


def _size(request: Request, most: int) -> int:
    return max(1, min(int(request.query_params.get("maxResults", 50)), most))


def _token(place: int) -> str:
    return base64.urlsafe_b64encode(f"place:{place}".encode()).decode()


def _token_here(request: Request) -> str:
    return request.query_params.get("nextPageToken") or _token(0)


def _place(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("place:"))
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise JqlError("the nextPageToken is not one of this search") from None
