"""How fast is a whole intake, measured against a floor on the same file in the same run?

    SIZES="10k 100k" .venv/bin/python tests/benchmarks/bench_intake.py        (or: make bench-intake)

SIZES   rows of the event log, k and M as suffixes; default "10k 100k". For each size a deterministic CSV is made:
        about 7 rows per request in order of time, 12 columns, one row in 500 with a status the spec does not know.
RUNS    how often each size is measured, each time in an empty register; the median counts; default 3, as often as the
        floor: the first of either on a new server is slower, because it makes the files of the write-ahead log.

seconds   the whole of governance.intake.run.Intake: read, map, check with Great Expectations, render its page,
          load into the register, seal the history, keep the failing rows in quarantine, derive findings.
floor     the least that anybody would have to do: pandas.read_csv of the same file, and COPY of that frame into a
          plain table without keys on the same PostgreSQL. The median of 3.
ratio     seconds / floor. growth: seconds per row, against the size before; 1.00 is linear.
MB        peak resident memory of the intake's own process, its libraries included (about 300 MB of them);
          PostgreSQL is not in it.

Every measurement runs in a fresh process and a fresh database, which is dropped and the disk caught up with before
the next begins: none pays for what another wrote. Starting Python, importing libraries and opening the first connection
are in neither time. The server, embedded and started for this run, and all files are in a folder below var/bench
that is removed at the end. The run fails where the counts of an intake are not what the file says.
The last line is JSON: a list of {rows, seconds, floor_seconds, ratio, peak_mb}.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

# The heavy imports are in the functions: this process stays small, because Linux counts the peak memory of the
# process that starts another one as the other's own.

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
FIRST = datetime(2025, 1, 6, tzinfo=UTC)
RUNS = int(os.environ.get("RUNS", "3"))
FLOORS = 3
PER_REQUEST, FOREIGN_EVERY = 7, 500
WALK = ("New", "Review", "Query", "Review", "Granted", "Building", "Delivered")
HEADER = ("Number", "Subject", "Details", "Requested By", "Approver", "Assigned To", "State", "Risk", "Target",
          "Opened", "Due", "Updated")  # fmt: skip
SPEC = """
name: bench_event_log
title: Benchmark event log
owner: platform-lead@example.com
connection: bench_event_log
schedule: "@daily"
mode: live
shape: event_log
reader: {type: csv}
time_zone: UTC
dates: ["%Y-%m-%d %H:%M:%S"]
nulls: ["-"]
key: Number
kind: change
status:
  column: State
  map: {New: submitted, Query: needs_information, Review: in_review, Granted: approved, Building: in_progress,
        Delivered: fulfilled}
fields:
  title: Subject
  description: Details
  requester: Requested By
  decided_by: Approver
  owner: Approver
  assignee: Assigned To
  risk_level: {column: Risk, map: {1-Low: low, 2-Medium: medium, 3-High: high}}
  target: {column: Target, prefix: account/}
  submitted_at: Opened
  due_at: Due
  source_updated_at: Updated
batch:
  required_columns: [Number, State, Updated]
"""


def number(text: str) -> int:
    """Read 10k as 10,000 and 1M as 1,000,000."""
    return int(float(text[:-1]) * {"k": 1_000, "M": 1_000_000}[text[-1]]) if text[-1] in "kM" else int(text)


def events(random: Random, request: int, steps: int) -> list[tuple[datetime, tuple[str, ...]]]:
    """Draw one request's walk through its statuses: (time, row without its state)."""
    opened = FIRST + timedelta(seconds=random.randrange(600 * 86_400))
    person, target = f"person.{random.randrange(900)}@example.com", f"{100000000001 + random.randrange(60)}"
    words = " ".join(f"w{random.randrange(5000)}" for _ in range(random.randrange(6, 30)))
    risk, due = random.choice(("1-Low", "2-Medium", "3-High")), opened + timedelta(days=14)
    at, found = opened, []
    for step in range(steps):
        state = WALK[min(step, len(WALK) - 1)]
        approver = f"head.{request % 20}@example.com" if step > 3 else "-"
        # a request that is delivered already changes hands, so that every row is news
        assignee = f"team.{(request + step) % 30}@example.com"
        row = (f"BN-{request:07d}", f"Change {request} to {target}", words, person, approver, assignee, state, risk,
               target, f"{opened:%Y-%m-%d %H:%M:%S}", f"{due:%Y-%m-%d %H:%M:%S}", f"{at:%Y-%m-%d %H:%M:%S}")  # fmt: skip
        found.append((at, row))
        at += timedelta(seconds=random.randrange(600, 3 * 86_400))
    return found


def make(file: Path, rows: int) -> None:
    """Write the event log, in order of time; one row in FOREIGN_EVERY has a state that no spec knows."""
    random = Random(20261116)
    log: list[tuple[datetime, tuple[str, ...]]] = []
    request = 0
    while len(log) < rows:
        request += 1
        steps = min(random.randrange(PER_REQUEST - 3, PER_REQUEST + 4), rows - len(log))
        log += events(random, request, steps)
    log.sort()
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        for position, (_, row) in enumerate(log, start=1):
            writer.writerow(row if position % FOREIGN_EVERY else (*row[:6], "Moonstruck", *row[7:]))


def ours(file: Path, rows: int, url: str) -> dict[str, float]:
    """Measure one whole intake into the empty register at `url`, in this process."""
    from governance.intake import settle  # noqa: F401 (else imported when there is something to load)
    from governance.intake.run import Intake
    from governance.intake.spec import read_spec
    from governance.quality import expectations  # noqa: F401 (else imported by the first check)
    from governance.register import database

    spec_file = file.with_name("bench_event_log.yaml")
    spec_file.write_text(SPEC, "utf-8")
    spec = read_spec(spec_file)
    engine = database.connect(url)
    database.migrate(engine)
    intake = Intake(engine, NOW, str(file.parent / "lake"), path=file, policies=ROOT / "include" / "policies")
    began = time.perf_counter()
    result = intake.run(spec)
    seconds = time.perf_counter() - began
    bad = rows // FOREIGN_EVERY
    if (result.status, result.loaded, result.quarantined) != ("complete", rows - bad, bad):
        sys.exit(f"expected {rows - bad} loaded and {bad} quarantined, found {result}")
    return {"seconds": seconds, "peak_mb": peak_mb()}


def floor(file: Path, rows: int, url: str) -> dict[str, float]:
    """Measure the least that anybody would have to do, in this process."""
    import pandas as pd
    from sqlalchemy import text

    from governance.register import database
    from governance.register.copying import copy_frame

    engine = database.connect(url)
    with engine.begin() as connection:
        columns = ", ".join(f'"{name}" text' for name in HEADER)
        connection.execute(text(f"CREATE TABLE floor ({columns})"))
    began = time.perf_counter()
    with engine.begin() as connection:
        copy_frame(connection, pd.read_csv(file), "floor")
    seconds = time.perf_counter() - began
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT count(*) FROM floor"))
    if found != rows:
        sys.exit(f"expected {rows} rows in the table, found {found}")
    return {"seconds": seconds}


def peak_mb() -> int:
    """Peak resident memory of this process: Linux counts kilobytes, macOS bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3))


def alone(what: str, file: Path, rows: int, url: str = "") -> dict[str, float]:
    """Do one step in a process of its own and return what it found."""
    command = [
        sys.executable,
        __file__,
        "--step",
        what,
        "--file",
        str(file),
        "--rows",
        str(rows),
        "--url",
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{what} of {rows:,} rows failed: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(folder: Path, server: object, rows: int) -> dict[str, float]:
    """Measure one size: the floor and the intake, each in fresh processes and databases of their own."""
    from governance.register import embedded

    file = folder / f"event-log-{rows}.csv"
    alone("make", file, rows)
    found: dict[str, list[dict[str, float]]] = {"floor": [], "ours": []}
    for what, times in (("floor", FLOORS), ("ours", RUNS)):
        for run in range(times):
            name = f"bench_{what}_{rows}_{run}"
            found[what].append(alone(what, file, rows, embedded.database_url(server, name)))
            forget(server, name)
    seconds, floor_seconds = (
        statistics.median(o["seconds"] for o in found[what]) for what in ("ours", "floor")
    )
    return {
        "rows": rows,
        "seconds": round(seconds, 3),
        "floor_seconds": round(floor_seconds, 3),
        "ratio": round(seconds / floor_seconds, 2),
        "peak_mb": max(int(one["peak_mb"]) for one in found["ours"]),
    }


def forget(server: object, name: str) -> None:
    """Drop a database and wait until nothing is left to be written."""
    from sqlalchemy import create_engine, text

    from governance.register import embedded

    admin = create_engine(embedded.database_url(server, "postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        connection.execute(text("CHECKPOINT"))
    admin.dispose()
    os.sync()


def report(sizes: list[int]) -> None:
    """Measure every size and print the table, a line as soon as it is known, and the JSON."""
    from governance.register import embedded

    (ROOT / "var" / "bench").mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="intake-", dir=ROOT / "var" / "bench"))
    server = embedded.start(folder / "postgres", outlive=False)
    done: list[dict[str, float]] = []
    try:
        heads = ("rows", "seconds", "rows/s", "floor", "ratio", "growth", "MB")
        print("{:>11} {:>9} {:>9} {:>8} {:>7} {:>7} {:>6}".format(*heads))  # noqa: T201
        for rows in sizes:
            row = measure(folder, server, rows)
            before = done[-1] if done else None
            per_row = row["seconds"] / row["rows"]
            growth = f"{per_row / (before['seconds'] / before['rows']):.2f}" if before else "-"
            done.append(row)
            print(  # noqa: T201
                f"{rows:>11,} {row['seconds']:>9.3f} {rows / row['seconds']:>9,.0f} {row['floor_seconds']:>8.3f} "
                f"{row['ratio']:>7.2f} {growth:>7} {row['peak_mb']:>6}",
                flush=True,
            )
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("Start of Python, imports and the first connection are in neither time.")  # noqa: T201
    print(json.dumps(done))  # noqa: T201


def main() -> None:
    """Measure what SIZES names, or do one step of it in this process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step", choices=("make", "floor", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step is None:
        report([number(size) for size in os.environ.get("SIZES", "10k 100k").split()])
    elif given.step == "make":
        make(given.file, given.rows)
        print("{}")  # noqa: T201
    else:
        step = ours if given.step == "ours" else floor
        print(json.dumps(step(given.file, given.rows, given.url)))  # noqa: T201


if __name__ == "__main__":
    main()
