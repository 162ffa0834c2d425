"""What the stand-in answers when it refuses: an AWS error, with its code, its words and its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.errors import GovernanceError


class ServiceError(GovernanceError):
    """An error as an AWS service would answer it. `detail` holds further members of the error shape."""

    def __init__(
        self, code: str, message: str, *, status: int = 400, detail: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status
        self.detail = dict(detail or {})


class NotServedError(ServiceError):
    """The stand-in does not know how to answer this; HTTP 501, which botocore does not retry."""

    def __init__(self, what: str) -> None:
        super().__init__("NotImplementedByStandIn", f"the AWS stand-in does not implement {what}", status=501)


class WrongAnswerError(ServiceError):
    """The stand-in's own answer does not fit the service model: a defect of the stand-in."""

    def __init__(self, action: str, violations: list[str]) -> None:
        words = "; ".join(violations[:5])
        super().__init__(
            "WrongAnswerOfStandIn", f"answer of {action} does not fit its model: {words}", status=500
        )
