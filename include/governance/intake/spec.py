"""The spec of a source: one YAML file says where requests are, what their fields mean and what must hold.

A spec is a closed vocabulary; a mistake is reported with file, line, key, what was found and what would be
right, and breaks only its own source.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from governance import documents, resources
from governance.errors import GovernanceError
from governance.register.ownership import Email, TimeZone
from governance.register.request import STATE_FIELDS, STATUSES

Kind = Literal["addition", "change", "exception"]
RESOLVED_FIELDS = frozenset({"owner", "owner_rule"})


class CsvReader(documents.Document):
    """Files of delimited text or JSON Lines, in a folder or below an S3 prefix."""

    type: Literal["csv"]
    format: Literal["csv", "jsonl"] = "csv"
    location: str | None = Field(
        default=None, description="s3://bucket/prefix or folder; unset: extra.path of the connection"
    )
    glob: str = "*"
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'


class JiraReader(documents.Document):
    """A Jira project, with the changelog of each issue."""

    type: Literal["jira"]
    flavour: Literal["cloud", "data_center"] = "cloud"
    jql: str = Field(description="Which issues; time window and order are added")
    fields: tuple[str, ...] = ("*all",)
    page_size: int = Field(default=100, ge=1, le=1000)
    overlap_minutes: int = Field(
        default=10, ge=0, description="How far a pull reaches back before the last one"
    )


class YamlReader(documents.Document):
    """A folder of registers: each file a list of entries, or sections that hold lists."""

    type: Literal["yaml"]
    location: str | None = Field(default=None, description="Folder; unset: extra.path of the connection")
    glob: str = "*.yaml"


Reader = Annotated[CsvReader | JiraReader | YamlReader, Field(discriminator="type")]


def _source_shorthand(value: Any) -> Any:
    """A column, or several of which the first with a value counts, may be written without `source:`."""
    return {"source": value} if isinstance(value, (str, list)) else value


class FieldMapping(documents.Document):
    """Where a canonical field comes from: a source column (dots reach into objects), or a constant."""

    source: str | tuple[str, ...] | None = Field(
        default=None, description="Column; of several, the first that has a value"
    )
    constant: Any = None
    map: dict[str, Any] | None = Field(default=None, description="Source value -> canonical value")
    prefix: str = Field(default="", description="Put before the value")
    format: Literal["text", "json", "list"] = Field(
        default="text", description="json: the value is JSON text; list: separated by commas"
    )
    date_formats: tuple[str, ...] | None = Field(default=None, description="Instead of the source's")

    @model_validator(mode="after")
    def _says_one_origin(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError("either `source` or `constant`")
        return self


Mapping = Annotated[FieldMapping, BeforeValidator(_source_shorthand)]


class StatusMapping(documents.Document):
    """The source's words for a status, compared without case; a word that is not here is quarantined."""

    source: str | tuple[str, ...]
    map: dict[str, Annotated[str, Field(pattern="^(" + "|".join(STATUSES) + ")$")]]
    missing: Annotated[str, Field(pattern="^(" + "|".join(STATUSES) + ")$")] | None = None


class KindMapping(documents.Document):
    """Which kind a record is, by a column."""

    source: str
    map: dict[str, Kind]


class Expectation(documents.Document):
    """One expectation of Great Expectations beside the canonical suite."""

    type: str = Field(pattern="^expect_", description="For example expect_column_values_to_match_regex")
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Literal["quarantine", "hold"] = "quarantine"
    words: str = Field(description="What is wrong when it fails, for the person who must mend it")


class SourceSpec(documents.Document):
    """One intake source."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    connection: str
    schedule: str = Field(description="Cron, UTC")
    owner: Email
    mode: Literal["shadow", "live"]
    reader: Reader
    shape: Literal["snapshot", "event_log"] = "snapshot"
    kind: Kind | KindMapping
    key: Annotated[FieldMapping, BeforeValidator(_source_shorthand)]
    timezone: TimeZone
    date_formats: tuple[str, ...] = Field(min_length=1)
    nulls: tuple[str, ...] = ("",)
    trim: bool = True
    updated_at: str | None = Field(default=None, description="Column that says when the observation was true")
    actor: str | None = None
    status: StatusMapping
    fields: dict[str, Mapping]
    expectations: tuple[Expectation, ...] = ()

    @field_validator("fields")
    @classmethod
    def _fields_are_canonical(cls, fields: dict[str, FieldMapping]) -> dict[str, FieldMapping]:
        unknown = sorted(set(fields) - (set(STATE_FIELDS) - RESOLVED_FIELDS))
        if unknown:
            raise ValueError(f"canonical fields; {', '.join(unknown)} is not one")
        if "title" not in fields:
            raise ValueError("a mapping for `title`")
        return fields

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        if not re.fullmatch(r"(\S+\s+){4}\S+|@(hourly|daily|weekly|monthly)", value.strip()):
            raise ValueError("five cron fields, such as */15 * * * *")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the source's naive times are meant."""
        return ZoneInfo(self.timezone)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds this source may deliver."""
        return (self.kind,) if isinstance(self.kind, str) else tuple(sorted(set(self.kind.map.values())))


def read_specs(config_dir: Path | None = None) -> tuple[list[SourceSpec], dict[str, GovernanceError]]:
    """Return every spec of the sources folder that can be read, and the errors of the others by file stem."""
    specs, broken = [], {}
    for path in sorted(resources.folder("sources", config_dir).glob("*.yaml")):
        try:
            specs.append(read_spec(path))
        except GovernanceError as error:
            broken[path.stem] = error
    return specs, broken


def read_spec(path: Path) -> SourceSpec:
    """Read one spec; its name must be the name of its file."""
    spec = documents.read(path, SourceSpec)
    if spec.name != path.stem:
        raise GovernanceError(
            f"{path}: name: found {spec.name!r}, expected {path.stem!r}, the name of the file"
        )
    return spec


def find_spec(name: str, config_dir: Path | None = None) -> SourceSpec:
    """Return the spec called `name`: of the sources folder, of its examples, or a path to a YAML file."""
    folder = resources.folder("sources", config_dir)
    candidates = (folder / f"{name}.yaml", folder / "examples" / f"{name}.yaml", Path(name))
    for path in candidates:
        if path.is_file():
            return read_spec(path)
    known = sorted(path.stem for pattern in ("*.yaml", "examples/*.yaml") for path in folder.glob(pattern))
    raise GovernanceError(f"no source is called {name!r}; there are {', '.join(known)}")
