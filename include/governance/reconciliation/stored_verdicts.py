"""Verdicts in the register: one is written where it says something else than the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.register.copying import copy_frame

_BETWEEN = "\x1f"


def before(connection: Connection, numbers: Sequence[int], now: datetime, snapshot_id: str) -> dict[int, str]:
    """Return what the latest verdict up to `now` said on each of these requests, to be compared."""
    question = text(resources.sql("reconciliation/verdicts_before.sql"))
    listed = f"{{{','.join(map(str, numbers))}}}"  # as text: an array is put together one by one
    parameters = {"numbers": listed, "now": now, "snapshot_id": snapshot_id}
    return dict(connection.execute(question, parameters).tuples().all())


def store(
    connection: Connection,
    verdicts: pd.DataFrame,
    known: Mapping[int, str],
    now: datetime,
    snapshot_id: str,
) -> int:
    """Write the verdicts (columns `verdicts.COLUMNS`) that differ from those `known`; return how many."""
    flags = [",".join(names) for names in verdicts["flags"]]
    told = (verdicts[name].tolist() for name in ("covered", "won", "matched", "why"))
    said = map(_said, verdicts.verdict.tolist(), flags, *told)
    is_new = [known.get(number) != words for number, words in zip(verdicts.request_number, said, strict=True)]
    if not any(is_new):
        return 0
    news = verdicts.assign(flags=[f"{{{names}}}" for names in flags])[is_new].drop(columns="request_id")
    connection.execute(text(resources.sql("reconciliation/stage_verdicts.sql")))
    copy_frame(connection, news, "stage_verdict")
    query = text(resources.sql("reconciliation/store_verdicts.sql"))
    connection.execute(query, {"now": now, "snapshot_id": snapshot_id})
    connection.execute(text("DROP TABLE stage_verdict"))
    return len(news)


def _said(verdict: str, flags: str, covered: int, won: int, matched: int, why: str) -> str:
    """Return what is compared, as `verdicts_before.sql` writes it."""
    return f"{verdict}{_BETWEEN}{flags}{_BETWEEN}{covered}{_BETWEEN}{won}{_BETWEEN}{matched}{_BETWEEN}{why}"
