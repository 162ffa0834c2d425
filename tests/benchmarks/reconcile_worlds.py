"""Worlds for the reconciliation benchmark: a file of evaluations, exceptions, and the evidence around them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pandas as pd

from governance import evaluation_index
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.register import canonical_scope

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
RULES, PER_CELL, UNITS, TAG_SETS, TEAMS, REGION = 400, 12, 40, 4_000, 50, "eu-central-1"


def evaluations_file(evaluations: int) -> Path:
    """Make (once) a Parquet file of that many evaluations, sorted as observation sorts them.

    400 rules in every account, 12 resources per account and rule, 10 % NON_COMPLIANT, every resource with one
    of 4,000 tag sets.
    """
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
                       TIMESTAMPTZ '2026-11-16 06:00:00+00' AS captured_at,
                       (hash(a, r % 40, n) % {TAG_SETS})::INTEGER AS tag_set
                FROM range({accounts}) t(a), range({RULES}) u(r), range({PER_CELL}) v(n)
                ORDER BY account, rule, region, resource_type, resource_id
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)""")
    return path


def index_of(file: Path) -> dict[str, Path]:
    """Make (once) the index that observation writes beside the evaluations."""
    folder = file.with_suffix("")
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        partial.mkdir(exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("SET temp_directory = $folder", {"folder": str(partial / "spill")})
            evaluation_index.build(connection, [file])
            evaluation_index.write(connection, partial)
        partial.rename(folder)
    return {table: folder / f"{table}.parquet" for table in evaluation_index.TABLES}


def scope(random: Random, accounts: int) -> dict[str, object]:
    """Draw one scope: resource 40 %, account + rule 20, OU + rule 15, rule pattern 10, tag 10, glob 5."""
    a, r = random.randrange(accounts), random.randrange(RULES)
    account, rule, draw = f"{100000000000 + a:012d}", f"rule-{r:03d}-check", random.random()
    thing = f"thing-{a:05d}-{r % 40:03d}-{random.randrange(PER_CELL):04d}"
    unit = f"Unit{random.randrange(UNITS)}"
    if draw < 0.40:
        return {"account": [account], "rule": [rule], "resource": [thing]}
    if draw < 0.60:
        return {"account": [account], "rule": [rule]}
    if draw < 0.75:
        return {"ou": [unit], "rule": [rule]}
    if draw < 0.85:
        return {"account": [account], "rule": [f"rule-{r // 10:02d}*"]}
    if draw < 0.95:
        return {"ou": [unit], "rule": [rule], "tag": {"team": f"team-{random.randrange(TEAMS)}"}}
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
            NOW - timedelta(days=60), end, canonical_scope.read(json.dumps([scope(random, accounts)])),
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
        tag_sets=pd.DataFrame(
            [(n, key, value) for n in range(TAG_SETS)
             for key, value in (("team", f"team-{n % TEAMS}"), ("stage", "dev" if n % 4 else "prod"))],
            columns=["tag_set", "key", "value"]),
        evaluations=(file,), organization_is_known=True, rules_are_known=True, tags_are_known=True,
        places=pd.DataFrame({"account": accounts, "region": REGION, "fresh": True, "reason": None, "needed": True}),
        index=index_of(file), evaluated=str(file),
    )  # fmt: skip
