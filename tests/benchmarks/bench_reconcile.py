"""How fast is the join, measured against a floor on the same files in the same run?

    SIZES="10M:1k 10M:10k 10M:100k 50M:10k" make bench-reconcile

evaluations:exceptions. Worlds are made once and kept below var/bench (see `reconcile_worlds`), with the index
that observation writes once per snapshot. Floor and engine start from the same live exceptions in memory, open
a DuckDB, and end with the same narrow result (row, exception) in a Parquet file. The floor joins with the pairs
(account, rule) that exceptions name: DuckDB scanning the NON_COMPLIANT rows of the evaluations and one hash join,
of which `join_seconds` are the query alone; the engine reads the index, matches every kind of scope and counts
what each exception matches, compliant evaluations included. Both run once for nothing, so that neither pays for
imports, and then in turn; medians of 5 runs (RUNS=), by the clock and by processor time: the clock tells little
where others use the machine. Peak memory is that of a process that runs the engine alone.

Three tables: the sizes, the growth between them, and the peer (see `mutelist_peer`). WHOLE="10M:10k" measures the
whole reconciliation with its register as well. The last line is JSON: a list of {evaluations, exceptions,
seconds, floor_seconds, join_seconds, ratio, cpu_ratio, peak_mb, peer, peer_ratio}; cpu_ratio is that of processor time.
"""

# ruff: noqa: T201 (a benchmark prints)
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
from mutelist_peer import findings_per_second
from reconcile_worlds import ROOT, evaluations_file, evidence, exceptions

from governance.reconciliation import engine, policy
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException

Array = np.ndarray[Any, np.dtype[Any]]
RUNS = int(os.environ.get("RUNS", "5"))
TARGETS = {"10M:1k": (1.5, 600), "10M:10k": (2, 600), "10M:100k": (6, 1200), "50M:10k": (2, 2000)}


def number(text: str) -> int:
    """Read 1k as 1,000 and 1M as 1,000,000."""
    return int(float(text[:-1]) * {"k": 1_000, "M": 1_000_000}[text[-1]]) if text[-1] in "kM" else int(text)


def floor(file: Path, live: list[LiveException], out: Path) -> tuple[Array, Array]:
    """Seconds (clock, processor) of the least that anybody would have to do, and of its query alone."""
    began = _now()
    with engine.database(out.parent) as connection:
        pairs = [(a, r, e.number) for e in live for s in e.scopes for a in s.account for r in s.rule]
        columns = zip(*pairs, strict=True)
        table = pa.table(dict(zip(("account", "rule", "exception"), columns, strict=True)))
        connection.register("pairs", table)
        connection.execute(
            "CREATE TABLE pair AS SELECT account, rule, min(exception) AS exception FROM pairs GROUP BY ALL"
        )
        joined = _now()
        connection.execute(f"""
            COPY (SELECT e.file_row_number, p.exception
                  FROM read_parquet('{file}', file_row_number = true) e LEFT JOIN pair p USING (account, rule)
                  WHERE e.compliance = 'NON_COMPLIANT') TO '{out}' (FORMAT parquet)""")
        join = _since(joined)
    return _since(began), join


def ours(known: Evidence, live: list[LiveException], out: Path) -> Array:
    """Seconds (clock, processor) of the whole join, counts of every exception included, with its outcome written."""
    rules = policy.read(ROOT / "include" / "policies")[0]
    began = _now()
    with engine.database(out.parent) as connection:
        engine.match(connection, known, live, rules)
        connection.execute(f"COPY (SELECT row, active FROM outcome) TO '{out}' (FORMAT parquet)")
    return _since(began)


def measure(evaluations: int, count: int) -> dict[str, float]:
    """Measure one size in this process: floor and engine in turn."""
    file = evaluations_file(evaluations)
    known = evidence(file)
    live = exceptions(count, len(known.accounts))
    out = file.with_name(f"outcome-{os.getpid()}.parquet")
    try:
        floor(file, live, out), ours(known, live, out)  # nobody pays for imports
        turns = [(*floor(file, live, out), ours(known, live, out)) for _ in range(RUNS)]
    finally:
        out.unlink(missing_ok=True)
    floors, joins, seconds = np.array(turns).transpose(1, 0, 2)
    ratio, cpu_ratio = np.median(seconds / floors, axis=0)
    return {
        "seconds": round(float(np.median(seconds[:, 0])), 3),
        "floor_seconds": round(float(np.median(floors[:, 0])), 3),
        "join_seconds": round(float(np.median(joins[:, 0])), 3),
        "ratio": round(float(ratio), 2),
        "cpu_ratio": round(float(cpu_ratio), 2),
    }


def _now() -> Array:
    return np.array([time.perf_counter(), time.process_time()])


def _since(began: Array) -> Array:
    found: Array = _now() - began
    return found


def world(evaluations: int, count: int) -> dict[str, float]:
    """Make the world where it is not there yet: in a process of its own, whose memory nobody else inherits."""
    evidence(evaluations_file(evaluations))
    return {}


def peer(evaluations: int, count: int) -> dict[str, float]:
    """Findings per second of the peer on the same findings and the same waivers."""
    file = evaluations_file(evaluations)
    known = evidence(file)
    units: dict[str, list[str]] = {}
    names = dict(zip(known.units.unit, known.units.name, strict=True))
    for account, path in zip(known.accounts.account, known.accounts.units, strict=True):
        units.setdefault(names[path.rpartition("/")[2]], []).append(account)
    return {"peer": round(findings_per_second(file, exceptions(count, len(known.accounts)), units))}


def peak(evaluations: int, count: int) -> dict[str, float]:
    """Run the engine once in this process and return the most memory it ever had."""
    file = evaluations_file(evaluations)
    known = evidence(file)
    out = file.with_name(f"outcome-{os.getpid()}.parquet")
    ours(known, exceptions(count, len(known.accounts)), out)
    out.unlink()
    process = psutil.Process().memory_info()
    return {"peak_mb": round(getattr(process, "peak_wset", 0) / 1e6) or _peak_mb()}


def _peak_mb() -> int:
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1e6 if sys.platform == "darwin" else 1e3))


def alone(*arguments: str) -> dict[str, float]:
    """Run a measurement in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the tables, the JSON last."""
    print(
        f"{'size':>10} {'seconds':>8} {'floor':>7} {'join':>6} {'ratio':>6} {'target':>6} {'CPU':>6} {'rows/s':>12} {'MB':>6} {'target':>6}"
    )
    rows = []
    for size in os.environ.get("SIZES", "1M:1k").split():
        evaluations, count = map(number, size.split(":"))
        sizes = (str(evaluations), str(count))
        alone("world", *sizes)
        row = {
            "evaluations": evaluations,
            "exceptions": count,
            **alone("measure", *sizes),
            **alone("peak", *sizes),
            **alone("peer", *sizes),
        }
        row["peer_ratio"] = round(evaluations / row["seconds"] / row["peer"])
        rows.append(row)
        ratio, memory = TARGETS.get(size, ("", ""))
        print(f"{size:>10} {row['seconds']:>8.3f} {row['floor_seconds']:>7.3f} {row['join_seconds']:>6.3f} {row['ratio']:>6.2f} {ratio:>6} {row['cpu_ratio']:>6.2f} "
              f"{evaluations / row['seconds']:>12,.0f} {row['peak_mb']:>6} {memory:>6}", flush=True)  # fmt: skip
    _print_growth(rows)
    _print_peer(rows)
    for size in os.environ.get("WHOLE", "").split():
        _print_whole(size)
    print(json.dumps(rows))


def _print_growth(rows: list[dict[str, float]]) -> None:
    print("\ngrowth: how much longer it takes for how much more")
    for axis, other in (("exceptions", "evaluations"), ("evaluations", "exceptions")):
        ordered = sorted(rows, key=lambda row: (row[other], row[axis]))
        for less, more in pairwise(ordered):
            if less[other] == more[other]:
                print(f"  {more[other]:>12,.0f} {other}: {less[axis]:,.0f} to {more[axis]:,.0f} {axis} "
                      f"(x{more[axis] / less[axis]:.0f}) takes x{more['seconds'] / less['seconds']:.2f}")  # fmt: skip


def _print_peer(rows: list[dict[str, float]]) -> None:
    print(
        "\npeer: findings per second of a matcher that walks a mutelist as Prowler does, in this run; not like"
    )
    print("for like: it is unanchored, single-threaded and answers only yes or no")
    for row in rows:
        print(f"  {row['exceptions']:>9,} waivers: {row['peer']:>10,.0f}; "
              f"here {row['evaluations'] / row['seconds']:>12,.0f} evaluations per second")  # fmt: skip


def _print_whole(size: str) -> None:
    """The whole run: reading the register, the join, writing back what changed; and a day that knows nothing."""
    evaluations, count = size.split(":")
    found = alone("whole", str(number(evaluations)), str(number(count)))
    print(f"\nwhole reconciliation, {size}: engine {found['engine']:.2f} s; first run {found['first']:.2f} s "
          f"(x{found['first'] / found['engine']:.1f}), nothing changed {found['again']:.2f} s "
          f"(x{found['again'] / found['engine']:.1f}), rows written by it: {found['written']:.0f}; "
          f"all evidence too old {found['blind']:.2f} s (x{found['blind'] / found['engine']:.1f})")  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 4:
        from reconcile_whole import whole

        work = {"world": world, "measure": measure, "peak": peak, "peer": peer, "whole": whole}[sys.argv[1]]
        print(json.dumps(work(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
