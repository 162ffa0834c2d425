"""Additions against the listings of a snapshot: a verdict on each live one, and what nobody asked for.

Read `sql/reconciliation/additions/` in the order in which `judge` runs it. Listings are tables that
`listings.create` made, beside `listed_evaluated` (account, rule): where a Config rule evaluates anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd

from governance import resources
from governance.reconciliation.listings import Listings, normal_json, store
from governance.reconciliation.requested import Addition

_NEEDED: dict[str, tuple[str, ...]] = {
    "account": ("organizations/accounts",),
    "provisioned_product": ("servicecatalog/provisioned_products", "servicecatalog/records"),
    "enabled_control": ("controltower/enabled_controls",),
    "config_rule": ("config/organization_rules", "config/rules"),
    "policy_attachment": ("organizations/policies", "organizations/policy_targets"),
    "ssm_document": ("ssm/documents",),
}
"""Type of thing -> the listings that must be complete before anything is called absent or misplaced."""

THING_TYPES = tuple(_NEEDED)

_TEXTS = (
    "name", "email", "account", "ou", "provisioned_product", "product", "artifact", "control", "rule",
    "source_identifier", "policy", "target", "content_sha256", "document", "hash", "version",
)  # fmt: skip
_ASKED = {
    "request": "BIGINT", "request_id": "VARCHAR", "standing": "VARCHAR", "status": "VARCHAR",
    "was_there": "BOOLEAN", "thing_type": "VARCHAR", "problem": "VARCHAR", "gap": "VARCHAR",
    "deadline": "TIMESTAMPTZ", "looked_at": "TIMESTAMPTZ", "parameters": "VARCHAR", "regions": "VARCHAR[]",
    **dict.fromkeys(_TEXTS, "VARCHAR"),
}  # fmt: skip

_CANDIDATES = {
    "account": "accounts", "provisioned_product": "products", "enabled_control": "controls",
    "config_rule": "rules", "policy_attachment": "attachments", "ssm_document": "documents",
}  # fmt: skip
"""Type of thing -> the file that looks for its candidates."""


@dataclass(frozen=True)
class JudgedAdditions:
    """`verdicts`: request (index into the additions), verdict, subject, state, told, in_place, same,
    candidates, gap. `unrequested`: type, subject, account, words, created_at, not_approved. `things`:
    request, subject, in_place, same, state, told, of everything that may be what a live one asks for.
    `detached`: as `detached.sql` says."""

    verdicts: pd.DataFrame
    unrequested: pd.DataFrame
    things: pd.DataFrame
    detached: pd.DataFrame


def judge(
    connection: duckdb.DuckDBPyConnection,
    additions: list[Addition],
    listings: Listings,
    earlier: pd.DataFrame | None,
    began: datetime,
    now: datetime,
) -> JudgedAdditions:
    """Judge every live addition. `earlier` is what an earlier snapshot held (type, subject).

    A type of which `earlier` has no row with an empty subject was not listed completely then. None: no such
    snapshot.
    """
    _news(connection, earlier, began)
    if not additions:
        unrequested = connection.execute("FROM news ORDER BY type, subject").df().assign(not_approved=None)
        return JudgedAdditions(pd.DataFrame(), unrequested, pd.DataFrame(columns=["request"]), pd.DataFrame())
    store(connection, "asked", _asked(additions, listings), _ASKED)
    types = {one.thing_type for one in additions if one.thing is not None}
    for question in (
        "units",
        "product_names",
        "candidates",
        *(_CANDIDATES[kind] for kind in _CANDIDATES if kind in types),
    ):
        _run(connection, question)
    _run(connection, "verdicts", now=now)
    verdicts = connection.execute(
        "SELECT v.*, a.gap FROM addition_verdict v JOIN asked a USING (request) ORDER BY request"
    ).df()
    things = (
        "SELECT c.* FROM candidate c JOIN addition_verdict USING (request) ORDER BY request, subject, told"
    )
    unrequested, detached = (
        connection.execute(resources.sql(f"reconciliation/additions/{question}.sql")).df()
        for question in ("unrequested", "detached")
    )
    return JudgedAdditions(verdicts, unrequested, connection.execute(things).df(), detached)


def _news(connection: duckdb.DuckDBPyConnection, earlier: pd.DataFrame | None, began: datetime) -> None:
    """Find what is there, and what of it is newer than the register."""
    _run(connection, "present")
    known = pd.DataFrame(columns=["type", "subject"]) if earlier is None else earlier
    store(connection, "earlier", known[known.subject != ""], {"type": "VARCHAR", "subject": "VARCHAR"})
    store(connection, "earlier_type", known[known.subject == ""][["type"]], {"type": "VARCHAR"})
    _run(connection, "news", began=began)


def things_present(connection: duckdb.DuckDBPyConnection, listings: Listings) -> pd.DataFrame:
    """Return what a snapshot held (type, subject), and an empty subject for each type it listed whole."""
    _run(connection, "present")
    held: pd.DataFrame = connection.execute("SELECT type, subject FROM present ORDER BY ALL").df()
    whole = [kind for kind, needed in _NEEDED.items() if listings.gap(*needed) is None]
    return pd.concat([held, pd.DataFrame({"type": whole, "subject": ""}, columns=["type", "subject"])])


def gap_of_type(thing_type: str, listings: Listings) -> str | None:
    """Return which evidence about things of a type is missing, None: none."""
    return listings.gap(*_NEEDED[thing_type])


def _asked(additions: list[Addition], listings: Listings) -> pd.DataFrame:
    rows = [
        {"request": number, "request_id": one.request_id, "standing": one.standing, "status": one.status,
         "thing_type": one.thing_type, "was_there": one.was_there, "problem": one.problem,
         "gap": _gap(one, listings), "deadline": deadline(one),
         "looked_at": listings.looked_at(*_needed(one)), **_properties(one)}
        for number, one in enumerate(additions)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(_ASKED))


def deadline(addition: Addition) -> datetime | None:
    """Return from when on it must be there: when it is due, or earlier when it is said to be there."""
    known = [one for one in (addition.due_at, addition.claimed_at) if one is not None]
    return min(known, default=None)


def _properties(addition: Addition) -> dict[str, Any]:
    told = addition.thing.model_dump(mode="json") if addition.thing else {}
    parameters = told.pop("parameters", None)
    if parameters is not None:
        told["parameters"] = normal_json(json.dumps(parameters))
    return told


def _needed(addition: Addition) -> tuple[str, ...]:
    """Return the listings that must be complete before the thing is called absent; of no thing: none."""
    if addition.thing is None or addition.thing_type is None:
        return ()
    told = addition.thing.model_dump()
    needed = _NEEDED[addition.thing_type]
    if told.get("ou") or (addition.thing_type == "policy_attachment" and "/" in told["target"]):
        needed += ("organizations/units",)
    if told.get("provisioned_product") and addition.thing_type == "account":
        needed += ("servicecatalog/provisioned_products",)
    return needed


def _gap(addition: Addition, listings: Listings) -> str | None:
    """Return which evidence about the thing is missing."""
    found = listings.gap(*_needed(addition))
    account = getattr(addition.thing, "account", None) if addition.thing_type == "ssm_document" else None
    if found is None and account and account not in set(listings.frames["ssm/documents"].owner):
        found = f"documents of account {account} are not listed"
    return found


def _run(connection: duckdb.DuckDBPyConnection, question: str, **parameters: Any) -> None:
    connection.execute(resources.sql(f"reconciliation/additions/{question}.sql"), parameters or None)
