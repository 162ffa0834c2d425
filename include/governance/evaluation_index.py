"""The index of a snapshot's evaluations: what they consist of, as numbers, for looking up.

Ten million evaluations are few cells (account, region, deployed rule, creator, resource type), few resources,
and mostly every resource of a type is judged by every rule for that type. So a cell names the group of its
resources (account, region, type) instead of listing its rows; listed are the non-compliant rows, and all rows
of the cells that judge only some of their group. Columns are told in `sql/evaluation_index/`.

Observation writes the index beside the parts when it closes a snapshot; whoever reads a snapshot without one
builds it again from the parts, the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from governance import resources

NAME = "evaluation_index"
"""Its dataset in the manifest of a snapshot, and its folder among those of the service config."""

TABLES = {
    "seen_account": "account",
    "seen_region": "region",
    "seen_type": "type",
    "seen_place": "account, region",
    "deployed": "deployment",
    "cell": "cell",
    "resource_group": "grp",
    "resource": "resource",
    "resource_by_id": "position",
    "bad": "cell, resource, row",
    "scattered": "cell, resource, row",
    "repeated": "cell",
}
"""What an index consists of, one Parquet file each, and the order of their rows."""

_STEPS = ("1_raw", "2_names", "3_resources", "4_cells", "5_rows")
_INTERIM = ("raw_cell", "raw_resource", "placed_resource", "full_group", "full_cell", "part")

_SOME = """
    SELECT account, region, rule, creator, resource_type, resource_id, compliance = 'NON_COMPLIANT' AS bad,
           tag_set, filename, file_row_number AS row
    FROM read_parquet([{files}], filename = true, file_row_number = true)"""
_NONE = """
    SELECT '' AS account, '' AS region, '' AS rule, '' AS creator, '' AS resource_type, '' AS resource_id,
           false AS bad, 0::INTEGER AS tag_set, '' AS filename, 0::BIGINT AS row WHERE false"""


def path_of(table: str) -> str:
    """Return where the file of a table is, relative to the snapshot."""
    return f"config/{NAME}/{table}.parquet"


def build(connection: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> None:
    """Create the tables from Parquet files of evaluations; their rows are numbered through in this order.

    What does not fit into the connection's memory spills to its temporary directory.
    """
    files = [str(part) for part in parts]
    connection.execute("CREATE TABLE part (filename VARCHAR, position INTEGER, first BIGINT)")
    if files:
        numbered = [(name, position) for position, name in enumerate(files)]
        connection.executemany("INSERT INTO part VALUES (?, ?, 0)", numbered)
        connection.execute(resources.sql("evaluation_index/0_parts.sql"), {"files": files})
    rows = _SOME.format(files=", ".join(map(_quoted, files))) if files else _NONE
    connection.execute(f"CREATE VIEW evaluation AS {rows}")
    for step in _STEPS:
        connection.execute(resources.sql(f"evaluation_index/{step}.sql"))
    connection.execute("DROP VIEW evaluation")
    for table in _INTERIM:
        connection.execute(f"DROP TABLE {table}")


def write(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Path]:
    """Write the tables that `build` made as Parquet; return the file of each.

    They are made to be read fast: LZ4 instead of zstd, and delta encodings (Parquet version 2), by which
    sorted numbers need next to no space.
    """
    files = {table: folder / f"{table}.parquet" for table in TABLES}
    for table, file in files.items():
        rows = f"FROM {table} ORDER BY {TABLES[table]}"
        how = "FORMAT parquet, COMPRESSION lz4_raw, PARQUET_VERSION v2"
        connection.execute(f"COPY ({rows}) TO {_quoted(str(file))} ({how})")
    return files


def use(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path]) -> None:
    """Make the tables of an index readable under their names."""
    for table in TABLES:
        path = _quoted(str(files[table]))
        connection.execute(f"CREATE OR REPLACE VIEW {table} AS FROM read_parquet({path})")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
