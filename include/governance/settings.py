"""Typed settings, from the environment (`GOVERNANCE_*`) or, inside Airflow, from its connections."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pydantic import AwareDatetime, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

INTAKE_POOL = "intake"
"""Airflow pool in which the tasks of all sources share the slots."""


class Settings(BaseSettings):
    """What a run needs to know about its surroundings.

    Every field can be set by an environment variable of the same name with the prefix `GOVERNANCE_`.
    """

    model_config = SettingsConfigDict(
        env_prefix="GOVERNANCE_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    register_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL URL of the register; unset: the embedded server below `var_dir`",
    )
    lake: str = Field(
        default="",
        description="Folder or s3:// prefix for snapshots, validation pages and packs; empty: `var_dir`/lake",
    )
    config_deliveries: str = Field(
        default="",
        description="Folder or s3://bucket/prefix that AWS Config delivers snapshots to; empty: not read",
    )
    observation_shards: int = Field(
        default=4, ge=1, le=1000, description="Parts that the DAG `observation` cuts the accounts into"
    )
    config_dir: Path | None = Field(
        default=None, description="Folder with your own sources/, policies/, templates/, runbooks/"
    )
    reconciliation_memory: str = Field(
        default="1GB",
        pattern=r"^\d+(\.\d+)? ?(MB|GB|MiB|GiB)$",
        description="What the join of reconciliation may take before it spills to disk: 500MB, 4GB",
    )
    now: AwareDatetime | None = Field(
        default=None, description="Pretend it is this instant (ISO 8601 with offset): drills and rebuilds"
    )
    intake_slots: int = Field(
        default=4, ge=1, description=f"Slots of the Airflow pool {INTAKE_POOL!r} where we create it"
    )
    aws_pace: float = Field(
        default=1.0,
        ge=0,
        description="Multiplies every rate of policies/observation.yaml; 0: no limit, for a stand-in",
    )
    schedules_from: AwareDatetime = Field(
        default=datetime(2026, 1, 1, tzinfo=UTC),
        description="Schedules count from here: a later instant keeps an unpaused DAG from running at once",
    )
    var_dir: Path = Field(
        default_factory=lambda: Path.cwd() / "var", description="Folder for everything written at run time"
    )

    @cached_property
    def lake_location(self) -> str:
        """The lake as an absolute folder or an `s3://` prefix, without a trailing slash."""
        if self.lake.startswith("s3://"):
            return self.lake.rstrip("/")
        return str(Path(self.lake or self.var_dir / "lake").resolve())

    def instant(self) -> datetime:
        """Now, in UTC: the override where one is set."""
        return self.now.astimezone(UTC) if self.now else datetime.now(UTC)
