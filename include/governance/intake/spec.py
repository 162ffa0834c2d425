"""The spec of a source: one YAML file says what is pulled, how it is read, and what must hold.

The name of the file is the name of the source. Reading specs imports nothing heavy, because DAG parsing does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from governance import documents, resources
from governance.documents import Document
from governance.errors import DocumentError, GovernanceError, Problem
from governance.intake.drift import DriftLimits
from governance.intake.fields import (
    MAPPED_FIELDS,
    Columns,
    FieldSource,
    Short,
    Source,
    as_source,
    check_field,
    check_words,
)
from governance.intake.questions import open_questions
from governance.intake.readers.options import ReaderOptions
from governance.intake.readers.vocabulary import TimeZone
from governance.intake.volume import Volume
from governance.quality.suite import Check, Severity, canonical_suite
from governance.register.request import KINDS
from governance.settings import Settings

_CRON_FIELD = r"[\d*/,\-A-Za-z]+"
Email = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")]
Cron = Annotated[
    str, Field(pattern=rf"^({_CRON_FIELD}( +{_CRON_FIELD}){{4}}|@(hourly|daily|weekly|monthly))$")
]


def _constant_or_source(value: object) -> object:
    return {"constant": value} if isinstance(value, str) else as_source(value)


class BatchLimits(Document):
    """What must hold for a batch as a whole; otherwise nothing of it is loaded and the run is `held`."""

    min_records: int = Field(default=0, ge=0, description="Fewer pulled than that: something is missing")
    required_columns: tuple[str, ...] = Field(
        default=(), description="Columns every readable record must have"
    )
    freshness_days: float | None = Field(
        default=None, gt=0, description="The newest observation may be this old"
    )
    max_quarantined: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share of records that may fail before the batch itself looks wrong",
    )
    volume: Volume | Literal[False] | None = Field(
        default=None,
        description="How many records a full pull brings; unset: judged for snapshots; false: never",
    )
    drift: DriftLimits = DriftLimits()

    def broken(self, pulled: int, failed: int) -> str:
        """Return which limit of the counts is broken, else ''."""
        if pulled < self.min_records:
            return f"{pulled} records pulled, expected at least {self.min_records}"
        if self.max_quarantined is not None and failed > self.max_quarantined * pulled:
            return f"{failed} of {pulled} records fail, expected at most {self.max_quarantined:.0%}"
        return ""

    def stale(self, newest: datetime | None, now: datetime) -> str:
        """Return that the newest observation known is too old, else ''; None: nothing is known of it."""
        if newest is None or self.freshness_days is None:
            return ""
        if newest >= now - timedelta(days=self.freshness_days):
            return ""
        found = f"{newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"the newest observation is of {found}, expected at most {self.freshness_days} days old"


class SourceSpec(Document):
    """One source. Times without an offset are read on the clock of `time_zone`, never guessed."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    owner: Email = Field(description="Hears of quarantined records")
    connection: str = Field(min_length=1, description="Airflow connection id")
    schedule: Cron
    mode: Literal["shadow", "live"] = Field(description="shadow: pulled, checked, scored, not loaded")
    shape: Literal["snapshot", "event_log"] = Field(
        description="snapshot: a record is a request as it is now; event_log: one step of its history"
    )
    reader: ReaderOptions
    time_zone: TimeZone
    dates: tuple[str, ...] = Field(default=(), description="Date formats (strptime), tried in order")
    nulls: tuple[str, ...] = Field(default=(), description="What the source writes for nothing")
    key: Columns = Field(min_length=1, description="Columns that name a request, joined by /")
    kind: Annotated[FieldSource, BeforeValidator(_constant_or_source, json_schema_input_type=Short)]
    status: Source
    fields: dict[str, Source] = Field(json_schema_extra={"propertyNames": {"enum": list(MAPPED_FIELDS)}})
    expectations: tuple[Check, ...] = Field(default=(), description="Beyond the canonical suite")
    waived: dict[str, str] = Field(default={}, description="Canonical expectation -> why it cannot hold here")
    severities: dict[str, Severity] = Field(
        default={}, description="Canonical expectation -> how seriously it is taken here"
    )
    batch: BatchLimits = BatchLimits()

    @property
    def volume(self) -> Volume | None:
        """What the volume of a full pull is held against; None: nothing."""
        if self.batch.volume is None and self.shape == "snapshot":
            return Volume()
        return self.batch.volume or None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of request that the source may bring."""
        words = {self.kind.constant, self.kind.default, *(self.kind.map or {}).values()}
        known = tuple(kind for kind in KINDS if kind in words)
        return known if self.kind.constant or self.kind.map else KINDS

    @property
    def drawn_from(self) -> list[Columns]:
        """For each field the columns of which it needs one."""
        parts = [(name,) for name in self.key]
        fields = [source.column for source in (self.kind, self.status, *self.fields.values())]
        return [columns for columns in (*parts, *fields) if columns]

    def draws(self, column: str) -> bool:
        """Tell whether something is drawn from a column."""
        return any(column in columns for columns in self.drawn_from)

    @field_validator("fields")
    @classmethod
    def _fields_exist(cls, fields: dict[str, FieldSource]) -> dict[str, FieldSource]:
        for name, source in fields.items():
            check_field(name, source)
        if "title" not in fields:
            raise ValueError("a title among the fields")
        return fields

    @model_validator(mode="after")
    def _words_are_known(self) -> Self:
        check_words("kind", self.kind)
        check_words("status", self.status)
        known = {check.id for check in canonical_suite()}
        taken = set(known)
        for check in self.expectations:
            if check.id in taken:
                raise ValueError(f"ids of expectations that are not taken; {check.id!r} is")
            taken.add(check.id)
        for named in (*self.waived, *self.severities):
            if named not in known:
                raise ValueError(
                    f"waived expectations and severities of the canonical suite; {named!r} is none of them"
                )
        if self.shape == "event_log" and "source_updated_at" not in self.fields:
            raise ValueError("source_updated_at among the fields: a step of a history has its time")
        return self


def read_spec(path: Path) -> SourceSpec:
    """Read one spec; raises DocumentError with every mistake: file, line, key, found, expected."""
    questions = open_questions(path, path.read_text("utf-8", errors="replace"))
    if questions:
        raise DocumentError(questions)
    spec = documents.read(path, SourceSpec)
    if spec.name != path.stem:
        found, expected = f"{spec.name!r}", f"{path.stem!r}, the name of the file"
        raise DocumentError([Problem(path, None, "name", found, expected)])
    return spec


def read_specs(config_dir: Path | None = None) -> tuple[list[SourceSpec], dict[str, DocumentError]]:
    """Return the specs of `sources/`, and by name of the file what is wrong with each that cannot be read."""
    specs, broken = [], {}
    for path in sorted(_sources(config_dir).glob("*.yaml")):
        try:
            specs.append(read_spec(path))
        except DocumentError as error:
            broken[path.stem] = error
    return specs, broken


def find_spec(name: str, config_dir: Path | None = None) -> SourceSpec:
    """Return the spec of a source, of an example, or of the file that `name` is the path of."""
    return read_spec(find_path(name, config_dir))


def find_path(name: str, config_dir: Path | None = None) -> Path:
    """Return the file of that spec; raises GovernanceError with the names there are."""
    sources = _sources(config_dir)
    if name.endswith((".yaml", ".yml")):
        choices = [Path(name)]
    else:
        choices = [sources / f"{name}.yaml", sources / "examples" / f"{name}.yaml"]
    for path in choices:
        if path.is_file():
            return path
    known = ", ".join(path.stem for path in spec_files(sources)) or "none"
    raise GovernanceError(f"no source {name!r}: there are {known}")


def spec_files(sources: Path) -> list[Path]:
    """Return the files of every source and every example of a folder of specs."""
    found = [*sources.glob("*.yaml"), *sources.glob("examples/*.yaml")]
    return sorted(found, key=lambda path: path.stem)


def _sources(config_dir: Path | None) -> Path:
    return resources.folder("sources", config_dir or Settings().config_dir)
