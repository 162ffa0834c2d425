"""What a spec may say about the issues of a GitHub repository."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from governance.intake.readers.files.options import FileOptions
from governance.intake.readers.vocabulary import HttpOptions, Patterns

_FORM = "Headings of the issue form, in its order; unset: every line that begins with ### is a heading"


class GithubOptions(HttpOptions):
    """Issues of one repository, incremental by update time."""

    type: Literal["github"]
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="owner/name")
    labels: tuple[str, ...] = Field(default=(), description="Only issues that have all of these")
    form: tuple[str, ...] = Field(default=(), description=_FORM)
    history: bool = Field(
        default=True,
        description="Ask for the events of each issue: one request more for each issue of the pull",
    )
    page_size: int = Field(default=100, ge=1, le=100)
    overlap_minutes: int = Field(default=60, ge=1, description="How far behind the last update a pull starts")


class WebhookOptions(FileOptions):
    """Payloads of the webhook event `issues`, one JSON file each."""

    type: Literal["github_webhook"]
    files: Patterns = ("*.json",)
    form: tuple[str, ...] = Field(default=(), description=_FORM)
