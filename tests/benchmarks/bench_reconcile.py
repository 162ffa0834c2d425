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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pandas as pd
import psutil

from governance.reconciliation import engine, policy
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.register.scope import SCOPES

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
RULES, PER_CELL, UNITS, REGION = 400, 12, 40, "eu-central-1"
RUNS = int(os.environ.get("RUNS", "5"))


def number(text: str) -> int:
    """Read 1k as 1,000 and 1M as 1,000,000."""
    return int(float(text[:-1]) * {"k": 1_000, "M": 1_000_000}[text[-1]]) if text[-1] in "kM" else int(text)


def evaluations_file(evaluations: int) -> Path:
    """Make (once) a Parquet file of that many evaluations, sorted as observation sorts them."""
    path = ROOT / "var" / "bench" / f"evaluations-{evaluations}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        accounts = max(1, evaluations // (RULES * PER_CELL))
        duckdb.sql(f"""
            COPY (
                SELECT printf('%012d', 100000000000 + a) AS account, '{REGION}' AS region,
                       printf('rule-%03d-check', r) AS rule, '' AS creator,
                       printf('AWS::Service%d::Thing', r % 40) AS resource_type,
                       printf('thing-%05d-%03d-%04d', a, r % 40, n) AS resource_id,
                       CASE WHEN hash(a, r, n) % 10 = 0 THEN 'NON_COMPLIANT' ELSE 'COMPLIANT' END AS compliance,
                       TIMESTAMPTZ '2026-11-16 06:00:00+00' AS captured_at, NULL::INTEGER AS tag_set
                FROM range({accounts}) t(a), range({RULES}) u(r), range({PER_CELL}) v(n)
                ORDER BY account, rule, region, resource_type, resource_id
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)""")
    return path


def scope(random: Random, accounts: int) -> dict[str, object]:
    """Draw one scope: resource 45 %, account + rule 22 %, OU + rule 17 %, rule pattern 11 %, glob 5 %."""
    a, r = random.randrange(accounts), random.randrange(RULES)
    account, rule, draw = f"{100000000000 + a:012d}", f"rule-{r:03d}-check", random.random()
    thing = f"thing-{a:05d}-{r % 40:03d}-{random.randrange(PER_CELL):04d}"
    if draw < 0.45:
        return {"account": [account], "rule": [rule], "resource": [thing]}
    if draw < 0.67:
        return {"account": [account], "rule": [rule]}
    if draw < 0.84:
        return {"ou": [f"Unit{random.randrange(UNITS)}"], "rule": [rule]}
    if draw < 0.95:
        return {"account": [account], "rule": [f"rule-{r // 10:02d}*"]}
    return {"account": [account], "resource": [f"{thing[:14]}*"]}


def exceptions(count: int, accounts: int) -> list[LiveException]:
    """Draw exceptions, nine in ten active, the rest expired."""
    random = Random(20261116)
    found = []
    for index in range(1, count + 1):
        expired = random.random() < 0.1
        end = NOW + timedelta(days=-1 if expired else 30)
        found.append(LiveException(
            index, f"EXC-{index:06d}", None, "low", None, NOW - timedelta(days=60, seconds=random.randrange(10**6)),
            NOW - timedelta(days=60), end, SCOPES.validate_python([scope(random, accounts)]),
            "expired" if expired else "active", None, ()))  # fmt: skip
    return found


def evidence(file: Path) -> Evidence:
    """Return the evidence around the file: everything complete and fresh."""
    accounts = sorted(duckdb.sql(f"SELECT DISTINCT account FROM '{file}'").df().account)
    rules = [f"rule-{r:03d}-check" for r in range(RULES)]
    unit = [f"ou-bench-{index % UNITS:08d}" for index in range(len(accounts))]
    return Evidence(
        snapshot_id="bench", as_of=NOW, manifest=pd.DataFrame(),
        accounts=pd.DataFrame({"account": accounts, "state": "ACTIVE", "units": [f"r-b/{u}" for u in unit]}),
        units=pd.DataFrame(
            [("r-b", "Root", None, ""), *((f"ou-bench-{n:08d}", f"Unit{n}", "r-b", f"Unit{n}") for n in range(UNITS))],
            columns=["unit", "name", "parent", "path"]),
        sources=pd.DataFrame(columns=["account", "region"]),
        rules=pd.DataFrame({"rule": rules, "creator": ""}),
        rule_status=pd.DataFrame(columns=["rule", "last_evaluated_at", "last_failed_at", "error"]),
        evaluations=(file,), organization_is_known=True, rules_are_known=True,
        places=pd.DataFrame({"account": accounts, "region": REGION, "fresh": True, "reason": None, "needed": True}),
    )  # fmt: skip


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
        connection.execute(
            f"COPY (SELECT cell, resource_id, active FROM outcome) TO '{out}' (FORMAT parquet)"
        )
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
