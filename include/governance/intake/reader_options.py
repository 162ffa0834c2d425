"""What a spec may say about where its records come from: one model for each reader."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from governance.documents import Document


def _is_encoding(value: str) -> str:
    try:
        codecs.lookup(value)
    except LookupError:
        raise ValueError("an encoding Python knows, such as utf-8-sig or cp1252") from None
    return value


def _is_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("an IANA time zone such as Europe/Berlin")
    return value


TimeZone = Annotated[str, AfterValidator(_is_zone)]
Patterns = Annotated[tuple[str, ...], Field(min_length=1)]


class CsvOptions(Document):
    """Delimited text or JSON lines, in a folder or below an S3 prefix; `.gz` is unpacked on the way."""

    type: Literal["csv"]
    format: Literal["csv", "jsonl"] = "csv"
    location: str | None = Field(
        default=None, description="Folder or s3://bucket/prefix; unset: extra.path of the connection"
    )
    files: Patterns = ("*.csv", "*.csv.gz")
    encoding: Annotated[str, AfterValidator(_is_encoding)] = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'


class YamlOptions(Document):
    """A folder of YAML registers: each file a list of entries, or sections that hold such lists."""

    type: Literal["yaml"]
    location: str | None = Field(default=None, description="Folder; unset: extra.path of the connection")
    files: Patterns = ("*.yaml", "*.yml")
    ignore: tuple[str, ...] = Field(default=(), description="Top-level keys that hold no entries")


class JiraOptions(Document):
    """A Jira search, with the changelog of every issue, incremental by update time."""

    type: Literal["jira"]
    deployment: Literal["cloud", "data_center"] = "cloud"
    jql: str = Field(min_length=1, description="Which issues, without ORDER BY: project = GOV")
    user_time_zone: TimeZone | None = Field(
        default=None, description="Zone of the Jira user, on whose clock JQL is read; unset: the source's"
    )
    overlap_minutes: int = Field(default=60, ge=1, description="How far behind the last update a pull starts")
    page_size: int = Field(default=100, ge=1, le=1000)
    timeout_seconds: float = Field(default=30, gt=0)
    attempts: int = Field(default=4, ge=1, le=10, description="Tries for each page")
    patience_seconds: float = Field(default=120, ge=0, description="Longest time to wait in all")


ReaderOptions = Annotated[CsvOptions | JiraOptions | YamlOptions, Field(discriminator="type")]
