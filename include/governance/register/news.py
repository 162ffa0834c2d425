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


@dataclass(frozen=True)
class Observed:
    """The staged observations, one row each in the order of staging, with what orders and tells them apart.

    `rows`, by place: key (place among `keys`), kind (place among `kinds`), record_no, row_no, moment
    (microseconds). `content`: a row of words each, what tells apart what is said of the same request.
    """

    rows: pd.DataFrame
    keys: list[str]
    kinds: list[str]
    content: np.ndarray

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
    codes = {name: column.indices.to_numpy() for name, column in encoded.items()}
    rows = pd.DataFrame(
        {name: np.concatenate(parts) for name, parts in numbers.items()}
        | {"key": codes["source_key"], "kind": codes["kind"]},
        index=places,
    )
    return Observed(
        rows=rows,
        keys=encoded["source_key"].dictionary.to_pylist(),
        kinds=encoded["kind"].dictionary.to_pylist(),
        content=_content(staged, rows),
    )


def _content(staged: Staged, rows: pd.DataFrame) -> np.ndarray:
    """Return what tells apart what is said of the same request.

    Where a table is not told yet, since when something is so follows from its raw record: two records of one
    request and different times differ, and only those of the same time have to be looked at.
    """
    content = np.zeros((len(rows), 4), np.uint64)
    content[:, 0] = rows.index
    asked = rows[rows.duplicated(["key", "moment"], keep=False)] if staged.waits else rows
    if len(asked):
        words = [_words(some) for some in staged.fingerprints(asked)]
        content[np.searchsorted(rows.index, asked.index)] = np.concatenate(words)
    return content


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


@dataclass(frozen=True)
class Held:
    """What the history holds of some requests, by event.

    `numbers` of the requests, `moments` (microseconds), `content` as in `Observed`.
    """

    numbers: np.ndarray
    moments: np.ndarray
    content: np.ndarray


def held(connection: Connection, known: np.ndarray) -> Held:
    """Return what the history holds of the requests with these numbers."""
    query = text(resources.sql("register/known_content.sql"))
    rows = connection.execute(query, {"numbers": known.tolist()}).fetchall() if len(known) else ()
    numbers, moments, content = zip(*rows, strict=True) if rows else ((), (), ())
    return Held(np.array(numbers, np.int64), np.array(moments, np.int64), _as_words(b"".join(content)))


def news(held: Held, found: Observed, numbers: np.ndarray) -> np.ndarray:
    """Tell for each observation whether it is news; `numbers`: of the request of each key.

    Not those seen before at the same time, and of the others not those that only repeat what was true just
    before them.
    """
    number = np.concatenate([held.numbers, numbers[found.rows["key"].to_numpy()]])
    moment = np.concatenate([held.moments, found.rows["moment"].to_numpy()])
    content = np.concatenate([held.content, found.content])
    line = np.lexsort((moment, number))  # of one instant: what is held first, then as they came
    line = line[~_seen(number[line], moment[line], content[line])]
    follows = _like_before(number[line])
    is_news = np.zeros(len(number), dtype=bool)
    is_news[line] = ~(follows & _like_before(content[line]))
    return is_news[len(held.numbers) :]


def _seen(number: np.ndarray, moment: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Tell what was said of the same request at the same time before; in order of request and time."""
    several = _like_before(number) & _like_before(moment)
    several[:-1] |= several[1:]
    seen = np.zeros(len(number), dtype=bool)
    told = pd.DataFrame(content[several]).assign(number=number[several], moment=moment[several])
    seen[several] = told.duplicated().to_numpy()
    return seen


def _like_before(rows: np.ndarray) -> np.ndarray:
    """Tell of each row whether it is the same as the one before it; the first is not."""
    same = rows[1:] == rows[:-1]
    return np.concatenate([[False], same if same.ndim == 1 else same.all(axis=1)])


def _words(column: pa.Array) -> np.ndarray:
    """Return hashes as rows of four numbers, which are quick to compare."""
    size = column.type.byte_width
    begin, end = column.offset * size, (column.offset + len(column)) * size
    return _as_words(memoryview(column.buffers()[1])[begin:end])


def _as_words(hashes: bytes | memoryview) -> np.ndarray:
    return np.frombuffer(hashes, np.uint64).reshape(-1, 4)
