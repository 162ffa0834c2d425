"""Which staged observations are news, and of which request: what a load must know before it writes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from governance import resources
from governance.register.chain import lock_history, next_of
from governance.register.staging import Staged

_HELD = ("source_key", "kind")
_KNOWN = pa.schema(
    {"request_number": pa.int64(), "event": pa.int64(), "moment": pa.int64(), "content": pa.binary()}
)


@dataclass(frozen=True)
class Observed:
    """The staged observations, one row each in the order of staging, with what orders and tells them apart.

    `rows`, by place: key (place among `keys`), kind (place among `kinds`), record_no, row_no, moment
    (microseconds).
    """

    rows: pd.DataFrame
    keys: list[str]
    kinds: list[str]
    content: pa.ChunkedArray

    @cached_property
    def in_time(self) -> pd.DataFrame:
        """The rows by their own time, and by their number where they are of one instant."""
        return self.rows.sort_values(["moment", "row_no"])


def observed(staged: Staged) -> Observed:
    """Return the narrow columns of what is to be loaded, as copies: a view would hold the whole table."""
    numbers: dict[str, list[np.ndarray]] = {"record_no": [], "row_no": [], "moment": []}
    held: dict[str, list[pa.Array]] = {name: [] for name in _HELD}
    places = staged.places()
    index = pd.DataFrame(index=places)
    for table, _ in staged.parts(index, (*_HELD, "record_no", "row_no", "valid_at")):
        for name, found in held.items():
            found.append(_copied(table[name].combine_chunks()))
        for name, parts in numbers.items():
            column = table["valid_at" if name == "moment" else name].combine_chunks()
            parts.append(np.array(column.cast(pa.int64())))
    encoded = {name: pa.chunked_array(held[name]).dictionary_encode().combine_chunks() for name in _HELD}
    rows = pd.DataFrame({name: np.concatenate(parts) for name, parts in numbers.items()}, index=places)
    codes = {name: column.indices.to_numpy() for name, column in encoded.items()}
    return Observed(
        rows=rows.assign(key=codes["source_key"], kind=codes["kind"]),
        keys=encoded["source_key"].dictionary.to_pylist(),
        kinds=encoded["kind"].dictionary.to_pylist(),
        content=pa.chunked_array([_copied(one) for one in staged.fingerprints(index)]),
    )


def _copied(column: pa.Array) -> pa.Array:
    return pc.take(column, pa.array(np.arange(len(column))))


def numbered(connection: Connection, found: Observed, source: str, *, anew: bool) -> tuple[np.ndarray, int]:
    """Return the number of each key's request and the first that is new: these are numbered here, by age.

    `anew`: all of them are.
    """
    query = text(resources.sql("register/met.sql"))
    keys = [] if anew else found.keys
    met = {
        row.source_key: row.request_number
        for row in connection.execute(query, {"source": source, "keys": keys})
    }
    first = found.in_time["key"].drop_duplicates().to_numpy()
    numbers = np.array([met.get(key, 0) for key in found.keys], dtype=np.int64)
    new = first[numbers[first] == 0]
    if not len(new):
        return numbers, np.iinfo(np.int64).max
    lock_history(connection)
    taken = next_of(connection, "request_number_seq", len(new))
    numbers[new] = taken
    return numbers, taken[0]


def news(connection: Connection, found: Observed, numbers: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Tell for each observation whether it is news; `known`: numbers of requests that were there before."""
    import duckdb  # noqa: PLC0415 (not for those who only decide)

    asked = pa.table(
        {
            "request_number": numbers[found.rows["key"].to_numpy()],
            "place": np.arange(len(found.rows)),
            "moment": found.rows["moment"].to_numpy(),
            "content": found.content,
        }
    )
    query = text(resources.sql("register/known_content.sql"))
    rows = connection.execute(query, {"numbers": known.tolist()})
    held = pa.Table.from_pylist([dict(row) for row in rows.mappings()], schema=_KNOWN)
    with duckdb.connect() as database:
        database.register("observed", asked)
        database.register("known", held)
        answer = database.sql(resources.sql("register/news.sql")).to_arrow_table()
    return np.asarray(answer["is_news"].to_numpy(zero_copy_only=False), dtype=bool)
