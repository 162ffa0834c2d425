"""Every stand-in in one process: `python -m governance.sandbox.services --var DIR`.

When all answer, `DIR/sandbox/services.json` says where; SIGTERM and Ctrl-C end it. The scenario's files lie
beside it: the exception register in `exception_register/`, received mail in `mail/`. A later start there
takes the same ports where they are free, because links to Jira carry its port.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3

from governance.sandbox import http_server, mail
from governance.sandbox import jira as jira_site
from governance.sandbox.aws.server import serve as serve_aws
from governance.sandbox.jira_faults import Faults
from governance.sandbox.processes import free_port
from governance.sandbox.scenario import Scenario, build

BUCKET = "governance-drops"
REGION = "eu-central-1"


@contextmanager
def running(
    scenario: Scenario, var_dir: Path, ports: Mapping[str, int] | None = None, host: str = "127.0.0.1"
) -> Iterator[dict[str, Any]]:
    """Serve a scenario on `host`; yield what `services.json` says.

    `ports` names those of aws, jira and smtp; 0 or none takes a free one.
    """
    port = {"aws": 0, "jira": 0, "smtp": 0, **(ports or {})}
    home = var_dir.resolve() / "sandbox"
    registers, mailbox = home / "exception_register", home / "mail"
    write_registers(registers, scenario.yaml_registers)
    site = jira_site.Jira(scenario.jira_issues, Faults())
    with ExitStack() as stack:
        aws = stack.enter_context(serve_aws(scenario.world, host=host, port=port["aws"]))
        jira = stack.enter_context(http_server.serve(site.application(), port["jira"], host))
        smtp = stack.enter_context(mail.serve(mailbox, port["smtp"], host))
        fill_bucket(aws.url, scenario.csv_drops)
        yield {
            "aws_url": aws.url,
            "jira_url": jira.url,
            "jira_login": site.login,
            "jira_token": site.token,
            "smtp_port": smtp.port,
            "registers": str(registers),
            "mailbox": str(mailbox),
            "bucket": BUCKET,
            "now": scenario.now.isoformat(),
            "pid": os.getpid(),
        }


def write_registers(folder: Path, files: Mapping[str, str]) -> None:
    """Write the register's files; one that is there with the same text is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def fill_bucket(aws_url: str, drops: Mapping[str, bytes]) -> None:
    """Create the bucket in the stand-in and put the drops into it."""
    session = boto3.Session("AKIASANDBOX000000001", "sandbox-only", region_name=REGION)
    client = session.client("s3", endpoint_url=aws_url)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key, content in sorted(drops.items()):
        client.put_object(Bucket=BUCKET, Key=key, Body=content, ContentType="text/csv")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the scenario until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="governance.sandbox.services", description=__doc__)
    parser.add_argument("--var", type=Path, required=True, help="folder for everything written at run time")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 in a container")
    for name in ("aws", "jira", "smtp"):
        parser.add_argument(f"--{name}-port", type=int, default=0, help="default: a free one")
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    ready = options.var / "sandbox" / "services.json"
    ready.unlink(missing_ok=True)
    asked = {"aws": options.aws_port, "jira": options.jira_port, "smtp": options.smtp_port}
    ports = _with_memory(asked, options.var / "sandbox" / "ports.json")
    with running(build(), options.var, ports, options.host) as services:
        _announce(ready, services)
        stopped.wait()
        ready.unlink(missing_ok=True)
    return 0


def _with_memory(asked: Mapping[str, int], memory: Path) -> dict[str, int]:
    """Return the ports to take: those asked for, else those of the last start that are free, else any."""
    last = json.loads(memory.read_text("utf-8")) if memory.exists() else {}
    ports = {name: port or free_port(int(last.get(name, 0))) for name, port in asked.items()}
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps(ports), "utf-8")
    return ports


def _announce(path: Path, services: dict[str, Any]) -> None:
    """Write the file whole or not at all; it holds a token, so only its owner may read it."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(services, indent=2), "utf-8")
    part.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
