"""What a spec may say about a Jira search."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from governance.intake.readers.vocabulary import HttpOptions, TimeZone


class JiraOptions(HttpOptions):
    """A Jira search, with the changelog of every issue, incremental by update time."""

    type: Literal["jira"]
    deployment: Literal["cloud", "data_center"] = "cloud"
    jql: str = Field(min_length=1, description="Which issues, without ORDER BY: project = GOV")
    user_time_zone: TimeZone | None = Field(
        default=None, description="Zone of the Jira user, on whose clock JQL is read; unset: the source's"
    )
    overlap_minutes: int = Field(default=60, ge=1, description="How far behind the last update a pull starts")
