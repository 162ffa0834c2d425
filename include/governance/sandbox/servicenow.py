"""A ServiceNow over HTTP: the Table API on a few tables, with bad days on demand.

https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from governance.sandbox.encoded_query import select
from governance.sandbox.faults import Faults, Manner
from governance.sandbox.guard import Guard

Row = dict[str, Any]
"""Column -> {"value", "display_value"}, and "link" for a reference; text where the two are the same."""

LOGIN, PASSWORD = "governance.intake", "sandbox-password"


def _refusal(message: str) -> dict[str, Any]:
    return {
        "error": {"message": message, "detail": "Required to provide Auth information"},
        "status": "failure",
    }


MANNER = Manner("ServiceNow", _refusal, "result", "User Not Authenticated")


@dataclass(frozen=True)
class ServiceNow:
    """What is served: table -> rows. Tables in `denied` answer 403, as without their role."""

    tables: Mapping[str, Sequence[Row]]
    faults: Faults
    denied: set[str] = field(default_factory=set)
    login: str = LOGIN
    password: str = PASSWORD

    def application(self) -> Starlette:
        """Return the ASGI application."""
        coded = base64.b64encode(f"{self.login}:{self.password}".encode()).decode()
        guard = Guard(MANNER, self.faults, f"Basic {coded}")
        routes = [
            Route("/api/now/table/{table}", guard.endpoint(self._table)),
            Route("/_stand-in/faults", self.faults.endpoint, methods=["GET", "POST", "DELETE"]),
        ]
        return Starlette(routes=routes)

    def _table(self, request: Request) -> Response:
        table, query = request.path_params["table"], request.query_params
        if table in self.denied:
            return JSONResponse(_refusal("User Not Authorized"), 403)
        if table not in self.tables:
            return JSONResponse(_refusal(f"Invalid table {table}"), 400)
        found = select(query.get("sysparm_query", ""), self.tables[table])
        offset, limit = int(query.get("sysparm_offset", 0)), int(query.get("sysparm_limit", 10000))
        page = found[offset : offset + limit]
        headers = {"X-Total-Count": str(len(found))}
        if offset + limit < len(found):
            following = request.url.include_query_params(sysparm_offset=offset + limit)
            headers["Link"] = f'<{request.url}>;rel="first",<{following}>;rel="next"'
        columns = [name for name in query.get("sysparm_fields", "").split(",") if name]
        display = query.get("sysparm_display_value", "false")
        return JSONResponse({"result": [_written(row, columns, display) for row in page]}, headers=headers)


def _written(row: Mapping[str, Any], columns: Sequence[str], display: str) -> Row:
    chosen = {name: row[name] for name in columns if name in row} if columns else row
    return {name: _form(value, display) for name, value in chosen.items()}


def _form(value: Any, display: str) -> Any:
    """A value as `sysparm_display_value` wants it: both forms, what people see, or what is stored."""
    if not isinstance(value, dict):
        return {"display_value": value, "value": value} if display == "all" else value
    if display == "all":
        return value
    wanted = "display_value" if display == "true" else "value"
    if "link" in value and value["value"]:
        return {"link": value["link"], wanted: value[wanted]}
    return value[wanted]
