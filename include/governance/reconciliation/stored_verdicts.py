"""Verdicts in the register: one is written where it says something else than the one before."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.register.copying import copy_frame

_BETWEEN = "\x1f"


def store(connection: Connection, verdicts: pd.DataFrame, now: datetime, snapshot_id: str) -> int:
    """Write the verdicts (columns `verdicts.COLUMNS`) that differ from the ones before; return how many."""
    instant = {"now": now, "snapshot_id": snapshot_id}
    numbers = verdicts.request_number.tolist()
    question = text(resources.sql("reconciliation/verdicts_before.sql"))
    before = dict(connection.execute(question, {"numbers": numbers, **instant}).tuples().all())
    flags = [",".join(names) for names in verdicts["flags"]]
    told = (verdicts[name].tolist() for name in ("covered", "won", "matched", "why"))
    said = map(_said, verdicts.verdict.tolist(), flags, *told)
    is_new = [before.get(number) != words for number, words in zip(numbers, said, strict=True)]
    if not any(is_new):
        return 0
    news = verdicts.assign(flags=[f"{{{names}}}" for names in flags])[is_new].drop(columns="request_id")
    connection.execute(text(resources.sql("reconciliation/stage_verdicts.sql")))
    copy_frame(connection, news, "stage_verdict")
    connection.execute(text(resources.sql("reconciliation/store_verdicts.sql")), instant)
    connection.execute(text("DROP TABLE stage_verdict"))
    return len(news)


def _said(verdict: str, flags: str, covered: int, won: int, matched: int, why: str) -> str:
    """Return what is compared, as `verdicts_before.sql` writes it."""
    return f"{verdict}{_BETWEEN}{flags}{_BETWEEN}{covered}{_BETWEEN}{won}{_BETWEEN}{matched}{_BETWEEN}{why}"
