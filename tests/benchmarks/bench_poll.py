"""What does a poll that finds nothing new cost, and the parsing of all DAGs, against starting what they need?

    .venv/bin/python tests/benchmarks/bench_poll.py        (or: make bench-poll)

FILES   how many known files lie in the folder that is polled; default 10000, one record each.
RUNS    how often each thing is measured, thing and floor in turn; medians count; default 5.

http    a poll of the shipped source `platform_jira`, whose server shows two issues that are known.
files   a poll of a folder of FILES files that are as they were.
dags    DagBag over dags/: every file of it, with all sources that ship.

cpu     seconds of processor time, user and system, of a fresh process from its start to its end: of that process
        alone, not of PostgreSQL. The clock is not looked at: it tells how busy the machine is.
floor   the same of a process that imports the same modules, does nothing with them, and asks PostgreSQL for one
        connection (http, files) or makes one DAG of one task (dags). Starting Python and importing are in both.
ratio   cpu / floor.

The run fails where a poll finds anything new, where it takes another number of requests than one, and where a DAG
does not import. The last line is JSON: a list of {what, cpu_seconds, floor_seconds, ratio}.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

FILES = int(os.environ.get("FILES", "10000"))
RUNS = int(os.environ.get("RUNS", "5"))
NOW = "2026-11-16T08:00:00+00:00"

START = """
import json, sys
from datetime import datetime
from pathlib import Path
from governance.intake.run import Intake
from governance.intake.spec import SourceSpec, find_spec
from governance.register.database import connect
engine = connect(sys.argv[1])
"""
FLOOR = START + "engine.connect().close()"
POLL = (
    START
    + """
spec = find_spec("platform_jira") if sys.argv[4] == "http" else SourceSpec.model_validate(json.loads(sys.argv[4]))
result = Intake(engine, datetime.fromisoformat(sys.argv[5]), sys.argv[2], policies=Path(sys.argv[3])).run(spec)
if (result.status, result.loaded, result.quarantined) != ("complete", 0, 0) or result.unchanged != result.pulled:
    sys.exit(f"expected a poll in vain, found {result}")
print(json.dumps({"pulled": result.pulled}))
"""
)
AIRFLOW = """
import sys
from airflow.sdk import DAG, Asset, task
from airflow.dag_processing.dagbag import DagBag
sys.path.append(sys.argv[2])
with DAG("nothing"):
    task(task_id="nothing", outlets=[Asset("nothing://")])(lambda: None)()
"""
PARSE = (
    AIRFLOW
    + """
bag = DagBag(sys.argv[1])
if bag.import_errors or not bag.dags:
    sys.exit(f"expected DAGs, found {bag.import_errors}")
"""
)


def cpu(script: str, *arguments: str, **variables: str) -> float:
    """Run a script in a process of its own and return the processor time it took, in seconds."""
    command = [sys.executable, "-c", script, *arguments]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # so that nobody waits for it again
        if process.returncode:
            said.seek(0)
            sys.exit(said.read().decode()[-2000:])
    return used.ru_utime + used.ru_stime


def compared(
    what: str, script: str, floor: str, arguments: list[str], variables: dict[str, str]
) -> dict[str, str | float]:
    """Measure a thing and its floor in turn, after one round that counts for nothing."""
    found: dict[str, list[float]] = {script: [], floor: []}
    for number in range(RUNS + 1):
        for one, times in found.items():
            seconds = cpu(one, *arguments, **variables)
            times.extend([seconds] if number else [])
    ours, least = (statistics.median(found[one]) for one in (script, floor))
    row = {
        "what": what,
        "cpu_seconds": round(ours, 3),
        "floor_seconds": round(least, 3),
        "ratio": round(ours / least, 2),
    }
    print(f"{what:>6} {ours:>9.3f} {least:>9.3f} {ours / least:>7.2f}", flush=True)  # noqa: T201
    return row


@contextmanager
def jira() -> Iterator[tuple[str, list[int]]]:
    """Serve two issues that never change; yield where, and a list that grows by every request."""
    from http_worlds import Server, ok

    issues = [_issue(number) for number in (1, 2)]
    server = Server(ok({"issues": issues, "isLast": True}))
    with server.serving() as url:
        yield url, server.asked


def _issue(number: int) -> dict[str, object]:
    updated = "2026-03-01T10:00:00.000+0100"
    fields = {
        "summary": f"Issue {number}", "issuetype": {"name": "Change"}, "status": {"name": "Open"},
        "created": updated, "updated": updated, "customfield_10012": "account/100000000012",
        "reporter": {"emailAddress": "rita@example.com", "displayName": "Rita"},
    }  # fmt: skip
    return {"key": f"GOV-{number}", "id": str(number), "fields": fields, "changelog": {"histories": []}}


def poll_http(url: str, arguments: list[str]) -> dict[str, str | float]:
    """Measure a poll over HTTP; the first pull, which loads, is not measured."""
    from governance.intake.run import Intake
    from governance.intake.spec import find_spec
    from governance.register import database
    from intake_worlds import connections

    with jira() as (host, asked):
        found = {"host": host, "login": "robot@example.com", "password": "sandbox-only"}
        lookup = connections(platform_jira=found)
        first = Intake(
            database.connect(url), _now(), arguments[0], policies=Path(arguments[1]), lookup=lookup
        )
        if first.run(find_spec("platform_jira")).loaded != 2:
            sys.exit("expected the first pull to load two issues")
        before, connection = len(asked), json.dumps({"conn_type": "http", **found})
        row = compared(
            "http", POLL, FLOOR, [url, *arguments, "http", NOW], {"AIRFLOW_CONN_PLATFORM_JIRA": connection}
        )
        if len(asked) - before != RUNS + 1:
            sys.exit(f"expected one request per poll, found {len(asked) - before} in {RUNS + 1} polls")
    return row


def poll_files(url: str, folder: Path, arguments: list[str]) -> dict[str, str | float]:
    """Measure a poll of a folder of known files; the first pull, which loads, is not measured."""
    from governance.intake.run import Intake
    from governance.intake.spec import SourceSpec
    from governance.register import database
    from intake_worlds import MINIMAL

    folder.mkdir()
    head = "id,state,title,who,approver,target,submitted,changed\n"
    for number in range(FILES):
        line = (
            f"{number},new,Account,ann@example.com,-,account/100000000012,2026-03-01 09:00,2026-03-01 09:00\n"
        )
        (folder / f"{number:06d}.csv").write_text(head + line, "utf-8")
    described = {**MINIMAL, "reader": {"type": "csv", "location": str(folder)}}
    intake = Intake(database.connect(url), _now(), arguments[0], policies=Path(arguments[1]))
    if intake.run(SourceSpec.model_validate(described)).loaded != FILES:
        sys.exit(f"expected the first pull to load {FILES} records")
    return compared("files", POLL, FLOOR, [url, *arguments, json.dumps(described), NOW], {})


def parse_dags(home: Path) -> dict[str, str | float]:
    """Measure the parsing of every DAG."""
    variables = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    return compared("dags", PARSE, AIRFLOW, [str(ROOT / "dags"), str(ROOT / "plugins")], variables)


def _now() -> object:
    from datetime import datetime

    return datetime.fromisoformat(NOW)


def main() -> None:
    """Measure all three and print the table and the JSON."""
    from governance.register import database, embedded

    (ROOT / "var" / "bench").mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="poll-", dir=ROOT / "var" / "bench"))
    server = embedded.start(folder / "postgres", outlive=False)
    try:
        url = embedded.database_url(server, "bench_poll")
        database.migrate(database.connect(url))
        arguments = [str(folder / "lake"), str(ROOT / "include" / "policies")]
        print("{:>6} {:>9} {:>9} {:>7}".format("what", "cpu", "floor", "ratio"))  # noqa: T201
        done = [
            poll_http(url, arguments), poll_files(url, folder / "files", arguments), parse_dags(folder / "airflow"),
        ]  # fmt: skip
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(done))  # noqa: T201


if __name__ == "__main__":
    main()
