"""The index of a snapshot's evaluations: what they consist of, as numbers, for joining.

Ten million evaluations are few cells (account, region, deployed rule, creator, resource type), few resources,
and mostly every resource of a type is judged by every rule for that type. So a cell names the group of its
resources (account, region, type) instead of listing its rows; listed are the non-compliant rows, and all rows
of the cells that judge only some of their group. Tables: `TABLES`, their columns in `sql/evaluation_index/`.

Observation writes the index beside the parts when it closes a snapshot; whoever reads a snapshot without one
builds it again from the parts, the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from governance import resources

TABLES = ("seen_account", "seen_region", "seen_place", "deployed", "cell", "resource_group", "resource", "bad", "scattered",
          "repeated")  # fmt: skip
"""What an index consists of, one Parquet file each."""

_ORDER = {
    "seen_account": "account", "seen_region": "region", "seen_place": "account, region",
    "deployed": "deployment", "cell": "cell", "resource_group": "grp", "resource": "resource", "bad": "row", "scattered": "row",
    "repeated": "cell",
}  # fmt: skip

_STEPS = ("1_raw", "2_names", "3_resources", "4_cells", "5_rows")
_INTERIM = ("raw_cell", "raw_resource", "placed_resource", "full_group", "full_cell", "part")

_COLUMNS = (
    "account, region, rule, creator, resource_type, resource_id, compliance = 'NON_COMPLIANT' AS bad, tag_set"
)
_NOTHING = """
    SELECT ''::VARCHAR AS account, '' AS region, '' AS rule, '' AS creator, '' AS resource_type, '' AS resource_id,
           false AS bad, 0::INTEGER AS tag_set, '' AS filename, 0::BIGINT AS row WHERE false"""


def build(connection: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> None:
    """Create the tables from Parquet files of evaluations; their rows are numbered through in this order.

    What does not fit into the connection's memory spills to its temporary directory.
    """
    numbered = [(str(part), position) for position, part in enumerate(parts)]
    connection.execute("CREATE TABLE part (filename VARCHAR, position INTEGER, first BIGINT)")
    if numbered:
        connection.executemany("INSERT INTO part VALUES (?, ?, 0)", numbered)
        connection.execute(resources.sql("evaluation_index/0_parts.sql"), {"files": [f for f, _ in numbered]})
        files = ", ".join("'" + name.replace("'", "''") + "'" for name, _ in numbered)
        rows = f"SELECT {_COLUMNS}, filename, file_row_number AS row FROM read_parquet([{files}], filename = true, file_row_number = true)"  # noqa: S608, E501 (paths of our own)
    else:
        rows = _NOTHING
    connection.execute(f"CREATE VIEW evaluation AS {rows}")
    for step in _STEPS:
        connection.execute(resources.sql(f"evaluation_index/{step}.sql"))
    connection.execute("DROP VIEW evaluation")
    for table in _INTERIM:
        connection.execute(f"DROP TABLE {table}")


def write(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Path]:
    """Write the tables that `build` made as Parquet; return the file of each. Same rows, same bytes."""
    files = {table: folder / f"{table}.parquet" for table in TABLES}
    for table, file in files.items():
        target = str(file).replace("'", "''")
        connection.execute(
            f"COPY (FROM {table} ORDER BY {_ORDER[table]}) TO '{target}' (FORMAT parquet, COMPRESSION lz4_raw, PARQUET_VERSION v2)"
        )
    return files


def use(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path]) -> None:
    """Make the tables of an index readable under their names."""
    for table in TABLES:
        path = str(files[table]).replace("'", "''")
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{path}')")
