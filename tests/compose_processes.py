"""The services of docker-compose.yaml as processes of this machine: their commands, environment and health checks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import yaml

from conftest import ROOT
from governance.sandbox.processes import Processes, free_port

SERVICES = yaml.safe_load((ROOT / "docker-compose.yaml").read_text("utf-8"))["services"]
SETTINGS = {"GOVERNANCE_NOW": "2026-11-16T08:00:00+00:00", "WORKER_CONCURRENCY": "2"}
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+):-([^}]*)\}")
_PORTS = re.compile(r"(?:redis|api-server|sandbox|mail|127\.0\.0\.1)(?::|%3A)(\d+)")


@dataclass
class Compose:
    """What `docker compose --profile sandbox up` would start, without images: one machine instead of a network.

    Only addresses are changed: host names and ports to free ones here, paths of the image to `folder`, and
    PostgreSQL, which is embedded, to its socket.
    """

    folder: Path
    database_urls: dict[str, str]

    def __post_init__(self) -> None:
        self.processes = Processes(self.folder)
        self.ports = {port: str(free_port()) for port in self._ports()}
        # who sends mail finds the mailbox of the sandbox: no mail catcher is here
        self.ports["1025"] = self.ports["5002"]

    def _ports(self) -> set[str]:
        sandbox = SERVICES["sandbox"]["command"]
        told = {value for value in sandbox if value.isdigit()}
        return {*told, *_PORTS.findall(str(SERVICES)), "6379", "8080"}

    def here(self, value: str) -> str:
        """Return a text of the file as it reads on this machine."""
        value = _VARIABLE.sub(lambda match: SETTINGS.get(match[1], match[2]), value)
        for name, url in self.database_urls.items():
            if value.endswith(f"@postgres:5432/{name}"):
                return value.partition("://")[0] + url[url.index("://") :]
        for port, free in self.ports.items():
            value = re.sub(
                rf"(?:redis|api-server|sandbox|mail|127\.0\.0\.1)(:|%3A){port}\b",
                rf"127.0.0.1\g<1>{free}",
                value,
            )
        for path in ("/var/lib/governance", "/opt/airflow", "/tmp/ready"):
            own = self.folder / path.rpartition("/")[2]
            value = value.replace(path, str(own)).replace(quote(path, safe=""), quote(str(own), safe=""))
        return value.replace("$$", "$")

    def environment(self, service: str) -> dict[str, str]:
        """Return the environment of a service: that of the image, then its own."""
        image = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "GOVERNANCE_VAR_DIR": str(self.folder / "governance"),
            "PYTHONUNBUFFERED": "1",
            "AIRFLOW__API__PORT": self.ports["8080"],
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        }
        return image | {
            name: self.here(str(value)) for name, value in SERVICES[service].get("environment", {}).items()
        }

    def command(self, service: str) -> list[str]:
        """Return the command of a service; of one that only has an image, that of the image."""
        if service == "redis":
            return [
                shutil.which("redis-server") or "redis-server",
                "--port",
                self.ports["6379"],
                "--save",
                "",
                "--dir",
                str(self.folder),
            ]
        words = [self.here(word) for word in SERVICES[service]["command"]]
        return [self.ports.get(word, word) for word in words] if service == "sandbox" else words

    def run(self, service: str) -> None:
        """Run a service that ends, to its end."""
        done = subprocess.run(self.command(service), env=self.environment(service), cwd=self.folder,
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, f"{service}: {done.stdout[-1500:]} {done.stderr[-1500:]}"

    def start(self, service: str) -> None:
        """Start a service that stays."""
        self.processes.start(service, self.command(service), self.environment(service))

    def wait_until_healthy(self, service: str, seconds: float = 120) -> None:
        """Try the health check of a service, as the file has it, until it passes."""
        kind, *words = SERVICES[service]["healthcheck"]["test"]
        words = [self.here(word) for word in words]
        if service == "redis":
            words[1:1] = ["-p", self.ports["6379"]]
        command = ["sh", "-c", words[0]] if kind == "CMD-SHELL" else words
        until = time.monotonic() + seconds
        while True:
            done = subprocess.run(
                command,
                env=self.environment(service),
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0:
                return
            log = self.processes.log(service)
            told = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
            told = f"{service} is not healthy: {done.stdout} {done.stderr} {told}"
            assert service in self.processes.running() or service == "init", told
            assert time.monotonic() < until, told
            time.sleep(1)
