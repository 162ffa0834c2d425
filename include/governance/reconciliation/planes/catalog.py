"""Constraints of Service Catalog that let a product do what its users may not.

A LAUNCH constraint lends the rights of a role, a STACKSET constraint reaches other accounts, RESOURCE_UPDATE
lets tags of provisioned products change. TEMPLATE and NOTIFICATION let nothing through.

https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from governance.reconciliation.evidence import Evidence
from governance.reconciliation.planes.listings import Listing
from governance.reconciliation.planes.live import Found, Live

LOOSENING = frozenset({"LAUNCH", "STACKSET", "RESOURCE_UPDATE"})


def names_of(row: dict[str, Any]) -> frozenset[str]:
    """Return what a scope may call a constraint: its id, or its type."""
    return frozenset({str(row["constraint"]), str(row["type"])})


def live(found: Found, known: Evidence, since: datetime) -> list[Live]:
    """Return every constraint that lets something through; what is not known goes to `found.gaps`."""
    listing = Listing.read(known, "servicecatalog/constraints", since)
    if listing.gap:
        found.gaps["service_catalog", "*", "*"] = listing.gap
    return [
        Live(
            "service_catalog", "constraint", str(row["constraint"]),
            str(row["of_product"] or row["portfolio"]), names_of(row), resource_type=str(row["type"]),
            evidence={"dataset": listing.dataset, "portfolio": row["portfolio"], "type": row["type"],
                      "description": row["description"]},
        )
        for row in listing.records()
        if row["type"] in LOOSENING
    ]  # fmt: skip
