"""What is known of each account and region, out of a delivery and the aggregator: rows of the manifest."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.observation.delivery import Delivered
from governance.observation.items import Place
from governance.observation.paging import Row
from governance.observation.snapshot import REFUSED, Evidence, Status

if TYPE_CHECKING:
    from governance.observation.compliance import Told

UNLISTED = "the sources of the aggregator could not be listed: how fresh it is here is not known"
ABSENT = "the aggregator has no source here: the region is not opted in, or Config is not enabled"


class Known:
    """Reads `Told` place by place. `sources` has the columns of the dataset aggregator_sources.

    `are_listed` tells whether they are complete: only then is a place without one a place without Config.
    """

    def __init__(self, sources: pd.DataFrame, told: Told, *, are_listed: bool) -> None:
        self._absent = ABSENT if are_listed else UNLISTED
        rows: Any = sources.itertuples()
        self._sources: dict[Place, Any] = {(row.account, row.region): row for row in rows}
        self._regions = set(sources.region)
        self._told = told

    def delivered_whole(self, place: Place) -> datetime | None:
        """Return as of when a delivery tells everything there."""
        found = self._told.delivered.get(place)
        return found.at if found and found.is_whole else None

    def asked_whole(self, place: Place) -> datetime | None:
        """Return as of when the aggregator told everything there; None where only changes were asked for."""
        source = self._sources.get(place)
        if place[0] not in self._told.whole or place[0] in self._told.evaluations.refusals:
            return None
        return _updated(source) if source is not None and source.status == "SUCCEEDED" else None

    def evaluations(self, accounts: list[str], rows: list[Row]) -> list[Evidence]:
        """Return the manifest of evaluations: each account in every region of the aggregator."""
        counts = Counter((row["account"], row["region"]) for row in rows)
        return [
            self._place(place, counts[place], "evaluations", self._told.evaluations.refusals.get(place[0]))
            for place in self._places(accounts, rows)
        ]

    def tags(self, accounts: list[str], rows: list[Row]) -> list[Evidence]:
        """Return the manifest of tag sets; rows are counted as resources' evaluations that name a set."""
        counts = Counter((row["account"], row["region"]) for row in rows if row["tag_set"] is not None)
        found = []
        for place in self._places(accounts, rows):
            refusal = self._told.tags.refusals.get(place[0])
            found.append(self._place(place, counts[place], "tag_sets", refusal))
        return found

    def deliveries(self) -> list[Evidence]:
        """Return the manifest of deliveries."""
        return [
            Evidence(
                "config", "deliveries", *place, status=one.status, row_count=int(one.at is not None),
                evidence_at=one.at, message=one.message,
            )
            for place, one in sorted(self._told.delivered.items())
        ]  # fmt: skip

    def delivery_rows(self) -> list[Row]:
        """Return the rows of the dataset deliveries: which file was read for each place."""
        return [
            {"account": place[0], "region": place[1], "delivered_at": one.at, "key": one.key,
             "items": len(one.items)}
            for place, one in sorted(self._told.delivered.items())
            if one.at is not None
        ]  # fmt: skip

    def _places(self, accounts: list[str], rows: list[Row]) -> list[Place]:
        regions = sorted(self._regions | {row["region"] for row in rows}) or ["*"]
        return [(account, region) for account in accounts for region in regions]

    def _place(self, place: Place, count: int, dataset: str, refusal: str | None) -> Evidence:
        """The aggregator's own word where it is good, else the delivery's, else why neither is."""
        source, delivered = self._sources.get(place), self._told.delivered.get(place)
        row = Evidence("config", dataset, *place, row_count=count)
        row = replace(row, evidence_at=_updated(source) if source is not None else None)
        trouble = _trouble(row, source, refusal, self._absent)
        usable = delivered is not None and delivered.is_usable(self._told.usable_since)
        if delivered is None or delivered.at is None:
            return trouble or row
        if trouble is None:
            newest = max(filter(None, (row.evidence_at, delivered.at if usable else None)), default=None)
            return replace(row, evidence_at=newest)
        if usable:
            return _as_delivered(row, delivered, trouble)
        status: Status = "STALE" if delivered.status == "COMPLETE" else delivered.status
        words = f"{trouble.message}; delivered: {delivered.message or delivered.at}"
        return replace(trouble, status=status, evidence_at=delivered.at, message=words[:500])


def _as_delivered(row: Evidence, delivered: Delivered, trouble: Evidence) -> Evidence:
    """Known as of the delivery; the message still tells why it is not known as of now."""
    words = f"{trouble.message}; known as of the last delivery"
    return replace(row, evidence_at=delivered.at, message=words[:500])


def _trouble(row: Evidence, source: Any, refusal: str | None, absent: str) -> Evidence | None:
    """Return what the aggregator's silence amounts to, None where it spoke."""
    if refusal:
        status: Status = "PARTIAL" if row.row_count else "FAILED"
        return replace(row, status=status, message=f"{REFUSED}{refusal}")
    if source is None:
        return replace(row, status="FAILED", message=absent)
    if source.status == "SUCCEEDED":
        return None
    status = "STALE" if source.status == "OUTDATED" else "FAILED"
    reason = source.error if isinstance(source.error, str) else "no reason given"
    return replace(row, status=status, message=f"aggregator source {source.status}: {reason}")


def _updated(source: Any) -> datetime | None:
    updated: datetime | None = None if pd.isna(source.updated_at) else source.updated_at.to_pydatetime()
    return updated
