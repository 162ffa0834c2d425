"""Listings of a snapshot that say everything about everybody: their rows, and what of them is not known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from governance.reconciliation.evidence import Evidence
from governance.reconciliation.remediation import gaps_of


@dataclass(frozen=True)
class Listing:
    """Rows of one dataset. `gap` says in words why it is not complete, fresh and intact; None: it is.

    Rows that came all the same are true: what a listing shows is there, what it does not show is not known.
    """

    dataset: str
    rows: pd.DataFrame
    gap: str | None

    @classmethod
    def read(cls, known: Evidence, dataset: str, since: datetime) -> Listing:
        """Read 'service/dataset'; evidence before `since` (UTC) is too old to count."""
        gaps = gaps_of(known, dataset, since)
        return cls(dataset, known.listing(dataset), next((gaps[place] for place in sorted(gaps)), None))

    def records(self) -> list[dict[str, Any]]:
        """Return the rows, missing values as None."""
        rows = self.rows.astype("object")
        return [
            {str(name): value for name, value in row.items()}
            for row in rows.where(rows.notna(), None).to_dict("records")
        ]


def document(text: Any) -> Any:
    """Return what a JSON column holds; None where it holds nothing that can be read."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
