"""What the sandbox's processes need from each other: connections, settings, addresses."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url


@dataclass(frozen=True)
class Services:
    """Where the stand-ins answer, as `governance.sandbox.services` wrote it to `services.json`."""

    stand_ins: dict[str, dict[str, Any]]
    """Connection id -> connection in Airflow's JSON form."""
    mailbox: Path
    now: datetime
    deliveries: str = ""
    """Where AWS Config delivers to."""

    @classmethod
    def read(cls, path: Path) -> Services:
        """Read `services.json`."""
        found = json.loads(path.read_text("utf-8"))
        return cls(
            stand_ins=found["connections"],
            mailbox=Path(found["mailbox"]),
            now=datetime.fromisoformat(found["now"]),
            deliveries=found["deliveries"],
        )

    @property
    def aws_url(self) -> str:
        """Where the AWS stand-in answers."""
        return str(self.stand_ins["aws_default"]["extra"]["endpoint_url"])

    def connections(self, register_url: str) -> dict[str, dict[str, Any]]:
        """Return every connection of the demo, by id, in Airflow's JSON form."""
        url = make_url(register_url)
        register = {
            "conn_type": "postgres",
            "login": url.username,
            "schema": url.database,
            "extra": dict(url.query),
        }
        return {"governance_db": register, **self.stand_ins}

    def environment(self, var_dir: Path) -> dict[str, str]:
        """Return the settings that every process of the demo shares."""
        return {
            "GOVERNANCE_NOW": self.now.isoformat(),
            "GOVERNANCE_VAR_DIR": str(var_dir),
            "GOVERNANCE_LAKE": str(var_dir / "lake"),
            "GOVERNANCE_AWS_PACE": "0",
            "GOVERNANCE_CONFIG_DELIVERIES": self.deliveries,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def write_environment_file(path: Path, services: Services, register_url: str, var_dir: Path) -> None:
    """Write a file for `set -a; . FILE; set +a`, so that `governance ...` talks to the sandbox."""
    connections = services.connections(register_url)
    variables = {
        **services.environment(var_dir),
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in connections.items()},
    }
    path.touch(mode=0o600)
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    path.write_text("".join(lines), "utf-8")
