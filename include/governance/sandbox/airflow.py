"""A real Airflow beside the sandbox: scheduler, DAG processor, API server and triggerer, driven by REST."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from governance import resources
from governance.errors import GovernanceError
from governance.sandbox.processes import Processes

COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
ADMIN = "admin"


@dataclass(frozen=True)
class AirflowHome:
    """One Airflow installation below `var`: its secrets are drawn once and kept there, for its owner only."""

    var_dir: Path
    port: int
    metadata_url: str

    @property
    def folder(self) -> Path:
        """AIRFLOW_HOME."""
        return self.var_dir / "airflow"

    def secrets(self) -> dict[str, str]:
        """Return the keys and the admin's password, drawing them at the first call."""
        path = self.folder / "secrets.json"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            drawn = {
                "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "jwt": secrets.token_urlsafe(48),
                "api": secrets.token_urlsafe(48),
                "password": secrets.token_urlsafe(12),
            }
            path.touch(mode=0o600)
            path.write_text(json.dumps(drawn), "utf-8")
        found: dict[str, str] = json.loads(path.read_text("utf-8"))
        return found

    def environment(self, connections: dict[str, dict[str, Any]], extra: dict[str, str]) -> dict[str, str]:
        """Return the environment of every Airflow process: configuration, connections, settings."""
        keys = self.secrets()
        passwords = self.folder / "passwords.json"
        passwords.write_text(json.dumps({ADMIN: keys["password"]}), "utf-8")
        passwords.chmod(0o600)
        settings = {
            "CORE__DAGS_FOLDER": str(resources.folder("dags")),
            "CORE__PLUGINS_FOLDER": str(resources.folder("plugins")),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
            "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.port}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "CORE__FERNET_KEY": keys["fernet"],
            "DATABASE__SQL_ALCHEMY_CONN": self.metadata_url.replace("+psycopg:", "+psycopg2:"),
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.port),
            "API__BASE_URL": f"http://127.0.0.1:{self.port}",
            "API__WORKERS": "1",
            "API__SECRET_KEY": keys["api"],
            "API_AUTH__JWT_SECRET": keys["jwt"],
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
            "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
            "LOGGING__BASE_LOG_FOLDER": str(self.var_dir / "logs" / "tasks"),
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            **{f"AIRFLOW__{name}": value for name, value in settings.items()},
            **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in connections.items()},
            **extra,
            "AIRFLOW_HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
        }

    def migrate(self, environment: dict[str, str], log: Path) -> None:
        """Create or upgrade Airflow's own metadata database."""
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            done = subprocess.run(
                command, env=environment, cwd=self.var_dir, stdout=output, stderr=output, check=False
            )
        if done.returncode:
            raise GovernanceError(f"`airflow db migrate` failed; its output is in {log}")

    def start(self, processes: Processes, environment: dict[str, str]) -> None:
        """Start the four components."""
        for component in COMPONENTS:
            processes.start(component, [sys.executable, "-m", "airflow", component], environment)


@dataclass
class AirflowApi:
    """Airflow's public REST API, as one user."""

    base_url: str
    password: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def wait_until_healthy(self, processes: Processes, seconds: float = 90) -> None:
        """Wait for every component; raise GovernanceError naming the one that is not well, and its log."""
        deadline = time.monotonic() + seconds
        sick = list(COMPONENTS)
        while sick:
            dead = set(COMPONENTS) - set(processes.running())
            if dead or time.monotonic() > deadline:
                name = sorted(dead or sick)[0]
                state = "ended" if dead else f"is not healthy after {seconds:.0f} s"
                raise GovernanceError(f"Airflow's {name} {state}; its output is in {processes.log(name)}")
            time.sleep(0.25)
            sick = self._sick()
        self.log_in()

    def keep_pool(self, name: str, slots: int, description: str) -> None:
        """Create a pool; one that is there stays as somebody set it."""
        known = self.call("GET", "pools", limit=1000)["pools"]
        if name not in [pool["name"] for pool in known]:
            self.call("POST", "pools", {"name": name, "slots": slots, "description": description})

    def _sick(self) -> list[str]:
        try:
            answer = self.client.get(f"{self.base_url}/api/v2/monitor/health").json()
        except (httpx.HTTPError, ValueError):
            return ["api-server"]
        states = {name.replace("_", "-"): part["status"] for name, part in answer.items()}
        return [name for name in COMPONENTS if states.get(name, "healthy") != "healthy"]

    def log_in(self) -> None:
        """Ask for a token, and send it from now on."""
        body = {"username": ADMIN, "password": self.password}
        answer = self.client.post(f"{self.base_url}/auth/token", json=body)
        answer.raise_for_status()
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any
    ) -> dict[str, Any]:
        """Call `/api/v2/PATH`; raise GovernanceError with the API's own words on refusal."""
        answer = self.client.request(method, f"{self.base_url}/api/v2/{path}", json=body, params=query)
        if answer.is_error:
            raise GovernanceError(
                f"Airflow refused {method} {path}: {answer.status_code} {answer.text[:300]}"
            )
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found
