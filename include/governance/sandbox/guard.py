"""What every call to a ticket system of the sandbox goes through: faults, credentials, the answer itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from governance.sandbox.faults import Faults, Manner


@dataclass(frozen=True)
class Guard:
    """Lets in who shows `authorization`, the whole header, and strikes with the faults that are planned."""

    manner: Manner
    faults: Faults
    authorization: str

    def endpoint(self, answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
        """Return an endpoint that answers with `answer`; a ValueError is a wrong query, HTTP 400."""

        async def guarded(request: Request) -> Response:
            fault = self.faults.next(request.url.path)
            if fault is not None:
                struck = await fault.strike(self.manner)
                if struck is not None:
                    return struck
            if request.headers.get("authorization", "") != self.authorization:
                return self.refuse(401, "User is not authenticated")
            try:
                response = await run_in_threadpool(answer, request)
            except ValueError as error:
                return self.refuse(400, str(error))
            return fault.alter(response, self.manner, _again(request)) if fault else response

        return guarded

    def refuse(self, status: int, message: str) -> Response:
        """Return a refusal in the system's own words."""
        return JSONResponse(self.manner.refusal(message), status)


def _again(request: Request) -> str:
    """The address of the same page, as another link: no two pages of a listing have the same."""
    times = int(request.query_params.get("again", 0)) + 1
    return str(request.url.include_query_params(again=times))
