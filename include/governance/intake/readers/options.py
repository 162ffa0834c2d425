"""What a spec may say about where its records come from: one model for each reader, told apart by `type`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from governance.intake.readers.aws.options import OpsItemsOptions, ServiceCatalogOptions
from governance.intake.readers.files.options import CsvOptions, JsonlOptions, XlsxOptions, YamlOptions
from governance.intake.readers.form.options import FormOptions
from governance.intake.readers.github.options import GithubOptions, WebhookOptions
from governance.intake.readers.jira.options import JiraOptions
from governance.intake.readers.mail.options import ImapOptions
from governance.intake.readers.servicenow.options import ServiceNowOptions

ReaderOptions = Annotated[
    CsvOptions
    | JsonlOptions
    | XlsxOptions
    | YamlOptions
    | FormOptions
    | ImapOptions
    | JiraOptions
    | OpsItemsOptions
    | ServiceCatalogOptions
    | ServiceNowOptions
    | GithubOptions
    | WebhookOptions,
    Field(discriminator="type"),
]
