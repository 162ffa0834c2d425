"""What a spec may say about where its records come from: one model for each reader, told apart by `type`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from governance.intake.readers.files.options import CsvOptions, JsonlOptions, XlsxOptions, YamlOptions
from governance.intake.readers.github.options import GithubOptions, WebhookOptions
from governance.intake.readers.jira.options import JiraOptions
from governance.intake.readers.servicenow.options import ServiceNowOptions

ReaderOptions = Annotated[
    CsvOptions
    | JsonlOptions
    | XlsxOptions
    | YamlOptions
    | JiraOptions
    | ServiceNowOptions
    | GithubOptions
    | WebhookOptions,
    Field(discriminator="type"),
]
