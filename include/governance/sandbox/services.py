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

from governance.sandbox.processes import free_port
from governance.sandbox.scenario import Scenario, build
from governance.sandbox.stand_ins import PORTS, STAND_INS, Connections, Site, deliveries


@contextmanager
def running(
    scenario: Scenario, var_dir: Path, ports: Mapping[str, int] | None = None, host: str = "127.0.0.1"
) -> Iterator[dict[str, Any]]:
    """Serve a scenario on `host`; yield what `services.json` says.

    `ports` names those of `stand_ins.PORTS`; 0 or none takes a free one.
    """
    home = var_dir.resolve() / "sandbox"
    connections: Connections = {}
    with ExitStack() as stack:
        for one in STAND_INS:
            site = Site(home, host, (ports or {}).get(one.name, 0))
            connections |= stack.enter_context(one.serve(scenario, site))
        yield {
            "connections": connections,
            "deliveries": deliveries(scenario),
            "mailbox": str(home / "mail"),
            "now": scenario.now.isoformat(),
            "pid": os.getpid(),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the scenario until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="governance.sandbox.services", description=__doc__)
    parser.add_argument("--var", type=Path, required=True, help="folder for everything written at run time")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 in a container")
    for name in PORTS:
        parser.add_argument(f"--{name}-port", type=int, default=0, help="default: a free one")
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    ready = options.var / "sandbox" / "services.json"
    ready.unlink(missing_ok=True)
    asked = {name: getattr(options, f"{name}_port") for name in PORTS}
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
