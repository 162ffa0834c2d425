"""Changes against what was carried out: a verdict on each, and executions that nobody approved.

Read `sql/reconciliation/changes/` in the order in which `judge` runs it. What carries a change out is seen in
Systems Manager (automation, change requests), Service Catalog (records) and Control Tower (operations). A
change whose runbook is no document there, and whose targets neither service knows, leaves no trace: nobody
can say that it was not executed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pandas as pd

from governance import resources
from governance.reconciliation.fulfilment_policy import FulfilmentPolicy
from governance.reconciliation.listings import Listings, store
from governance.reconciliation.requested import Change
from governance.reconciliation.scopes import like

NEEDED = (
    "ssm/automation_executions", "ssm/ops_items", "ssm/documents", "servicecatalog/records",
    "controltower/control_operations",
)  # fmt: skip
"""The listings that must be complete before a change is called executed as approved, or not executed."""

_EXECUTIONS = tuple(name for name in NEEDED if name != "ssm/documents")
"""The listings of what was carried out."""

_TIME = "TIMESTAMPTZ"
_ASKED = {
    "request": "BIGINT", "request_id": "VARCHAR", "source_key": "VARCHAR", "standing": "VARCHAR",
    "begins": _TIME, "ends": _TIME, "approved_at": _TIME, "deadline": _TIME, "runbook": "VARCHAR",
    "targets": "VARCHAR[]", "patterns": "VARCHAR[]", "gap": "VARCHAR", "leaves_trace": "BOOLEAN",
}  # fmt: skip


@dataclass(frozen=True)
class JudgedChanges:
    """`verdicts`: request (index into the changes), executions, verdict, true_too (what else holds), gap,
    leaves_trace, deadline, named, ran, beyond, started_at, ended_at, unreadable, forgotten.
    `unapproved`: execution, service, runs, targets, started_at, status, by."""

    verdicts: pd.DataFrame
    unapproved: pd.DataFrame


def judge(
    connection: duckdb.DuckDBPyConnection,
    changes: list[Change],
    listings: Listings,
    policy: FulfilmentPolicy,
    now: datetime,
) -> JudgedChanges:
    """Judge every live change, and every other one that was carried out without an approval."""
    if not changes and all(listings.frames[name].empty for name in _EXECUTIONS):
        return JudgedChanges(pd.DataFrame(), pd.DataFrame())  # there is nothing to ask about
    store(connection, "change_asked", _asked(changes, listings), _ASKED)
    standing = [{"by": like(one.by), "runbook": like(one.runbook)} for one in policy.standing_changes]
    columns = {"by": "VARCHAR", "runbook": "VARCHAR"}
    store(connection, "standing_change", pd.DataFrame(standing, columns=list(columns)), columns)
    history = listings.as_of - timedelta(days=policy.evidence.execution_history_days)
    _run(connection, "executions")
    _run(connection, "links", slack=policy.match_days * 86_400)
    _run(connection, "facts", as_of=listings.as_of)
    _run(connection, "verdicts", now=now, as_of=listings.as_of, history=history)
    unapproved = resources.sql("reconciliation/changes/unapproved.sql")
    return JudgedChanges(
        connection.execute("FROM change_verdict ORDER BY request").df(),
        connection.execute(unapproved, {"began": policy.register_began}).df(),
    )


def _asked(changes: list[Change], listings: Listings) -> pd.DataFrame:
    gap = listings.gap(*NEEDED)
    traces = _traces(listings)
    rows = [
        {"request": number, "request_id": one.request_id, "source_key": one.source_key,
         "standing": one.standing, "begins": one.begin, "ends": one.end, "approved_at": one.approved_at,
         "deadline": deadline(one), "runbook": runbook_name(one.runbook), "targets": list(one.targets),
         "patterns": [like(target) for target in one.targets], "gap": gap,
         "leaves_trace": bool(traces & {runbook_name(one.runbook), one.source_key, *one.targets})}
        for number, one in enumerate(changes)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(_ASKED))


def deadline(change: Change) -> datetime | None:
    """Return by when it must be done: the end of its window, or earlier when it is said to be done."""
    known = [one for one in (change.end, change.claimed_at) if one is not None]
    return min(known, default=None)


def runbook_name(runbook: str | None) -> str | None:
    """Return the name of a document, without what is before it in an ARN and without its version.

    >>> runbook_name("arn:aws:ssm:eu-west-1:111111111111:document/Restart:3"), runbook_name("RB-1")
    ('Restart', 'RB-1')
    """
    if runbook is None:
        return None
    return re.sub(
        r":(\d+|\$LATEST|\$DEFAULT)$", "", re.sub(r"^arn:.*:(automation-definition|document)/", "", runbook)
    )


def _traces(listings: Listings) -> set[Any]:
    """Return everything whose change would show: documents, change requests, products, controls."""
    frames = listings.frames
    products, controls = (
        frames["servicecatalog/provisioned_products"],
        frames["controltower/enabled_controls"],
    )
    items = frames["ssm/ops_items"]
    seen = [
        frames["ssm/documents"].document, items.ops_item[items.type == "/aws/changerequest"],
        frames["ssm/automation_executions"].document, products.product_id, products.name,
        controls.control, controls.control.str.rpartition("/")[2] if len(controls) else controls.control,
    ]  # fmt: skip
    return {value for column in seen for value in column.dropna()}


def _run(connection: duckdb.DuckDBPyConnection, question: str, **parameters: Any) -> None:
    connection.execute(resources.sql(f"reconciliation/changes/{question}.sql"), parameters or None)
