"""How fast is the join, measured against a floor on the same files in the same run?

    SIZES="1M:1k 10M:10k" .venv/bin/python tests/benchmarks/bench_reconcile.py

evaluations:exceptions. Worlds are made once and kept below var/bench. 10 % of evaluations are NON_COMPLIANT;
exceptions mix all kinds of scope. The floor is DuckDB scanning the NON_COMPLIANT rows, one hash join on
(account, rule), and the same narrow result (row, exception) written to Parquet. Medians of 5 runs (RUNS=).
The last line is JSON: a list of {evaluations, exceptions, seconds, floor_seconds, ratio, peak_mb}.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd
import psutil
from reconcile_worlds import ROOT, evaluations_file, evidence, exceptions

from governance.reconciliation import engine, policy
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException

RUNS = int(os.environ.get("RUNS", "5"))


def number(text: str) -> int:
    """Read 1k as 1,000 and 1M as 1,000,000."""
    return int(float(text[:-1]) * {"k": 1_000, "M": 1_000_000}[text[-1]]) if text[-1] in "kM" else int(text)


def floor(file: Path, live: list[LiveException], out: Path) -> float:
    """Seconds of the least that anybody would have to do."""
    pairs = [(a, r, e.number) for e in live for s in e.scopes for a in s.account for r in s.rule]
    table = pd.DataFrame(pairs, columns=["account", "rule", "exception"])
    connection = duckdb.connect()
    connection.register("pairs", table)
    connection.execute(
        "CREATE TABLE pair AS SELECT account, rule, min(exception) AS exception FROM pairs GROUP BY ALL"
    )
    began = time.perf_counter()
    connection.execute(f"""
        COPY (SELECT e.file_row_number, p.exception
              FROM read_parquet('{file}', file_row_number = true) e LEFT JOIN pair p USING (account, rule)
              WHERE e.compliance = 'NON_COMPLIANT') TO '{out}' (FORMAT parquet)""")
    return time.perf_counter() - began


def ours(known: Evidence, live: list[LiveException], out: Path) -> float:
    """Seconds of the whole join, counts of every exception included, with its outcome written."""
    began = time.perf_counter()
    with engine.database(out.parent) as connection:
        engine.match(connection, known, live, policy.read(ROOT / "include" / "policies")[0])
        connection.execute(f"COPY (SELECT row, active FROM outcome) TO '{out}' (FORMAT parquet)")
    return time.perf_counter() - began


def measure(evaluations: int, count: int) -> dict[str, float]:
    """Measure one size in this process."""
    file = evaluations_file(evaluations)
    known = evidence(file)
    live = exceptions(count, len(known.accounts))
    out = file.with_name("outcome.parquet")
    floors = [floor(file, live, out) for _ in range(RUNS)]
    seconds = [ours(known, live, out) for _ in range(RUNS)]
    process = psutil.Process().memory_info()
    return {
        "evaluations": evaluations,
        "exceptions": count,
        "seconds": round(statistics.median(seconds), 3),
        "floor_seconds": round(statistics.median(floors), 3),
        "ratio": round(statistics.median(seconds) / statistics.median(floors), 2),
        "peak_mb": round(getattr(process, "peak_wset", 0) / 1e6) or _peak_mb(),
    }


def _peak_mb() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3))


def main() -> None:
    """Measure every size in a process of its own, so that peak memory is its own."""
    if len(sys.argv) == 3:
        print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201
        return
    heads = ("evaluations", "exceptions", "seconds", "floor", "ratio", "rows/s", "MB")
    print("{:>12} {:>11} {:>8} {:>7} {:>6} {:>12} {:>6}".format(*heads))  # noqa: T201
    rows = []
    for size in os.environ.get("SIZES", "1M:1k").split():
        evaluations, count = map(number, size.split(":"))
        done = subprocess.run(
            [sys.executable, __file__, str(evaluations), str(count)],
            check=True,
            capture_output=True,
            text=True,
        )
        row = json.loads(done.stdout)
        rows.append(row)
        speed = row["evaluations"] / row["seconds"]
        print(  # noqa: T201
            f"{row['evaluations']:>12,} {row['exceptions']:>11,} {row['seconds']:>8.3f} {row['floor_seconds']:>7.3f} "
            f"{row['ratio']:>6.2f} {speed:>12,.0f} {row['peak_mb']:>6}"
        )
    print(json.dumps(rows))  # noqa: T201


if __name__ == "__main__":
    main()
