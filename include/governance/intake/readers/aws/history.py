"""The history of records in one region, from its newest end: where reading may stop, and what stays open.

AWS filters records by no time and documents no order; it lists the newest first. So a pull stops at the first
page without news, asks after the records one by one that were not finished when they were last seen
(DescribeRecord), and trusts the order no further than it shows: where a record is newer than the one before
it, or one that was open is not found, everything is read. Now and then everything is read all the same.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListRecordHistory.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from governance.intake.readers.aws.calls import AwsCalls, instant
from governance.intake.readers.aws.since import Since
from governance.intake.readers.paginators import MarkerPages
from governance.intake.records import Pull, Raw

PAGE = 20
"""The largest page of ListRecordHistory."""
ASKED_AFTER = 20
"""So many open records are asked after one by one at most; with more, the listing is read on."""
FINAL = frozenset({"SUCCEEDED", "FAILED"})


@dataclass
class History:
    """One region. `before` are the records that were open: id and state, `status at last change`."""

    place: AwsCalls
    since: Since
    record_types: tuple[str, ...]
    level: Raw
    before: dict[str, str]
    may_stop: bool
    open: dict[str, str] = field(default_factory=dict)
    """Those that are open now, once all news are drawn."""
    _met: set[str] = field(default_factory=set)
    _newest_first: bool = True
    _is_quiet: bool = False
    _oldest: datetime | None = None

    def news(self, pull: Pull) -> Iterator[Raw]:
        """Yield every record that is not as it was; what the order broke is a note of the pull."""
        pages = MarkerPages(asked="PageToken", answered="NextPageToken")
        arguments: dict[str, Any] = {"AccessLevelFilter": self.level, "PageSize": PAGE}
        for page in self.place.pages("list_record_history", "RecordDetails", pages, **arguments):
            self._is_quiet = bool(page)
            yield from self._news_of(page)
            if self._is_quiet and self._can_stop():
                found = self._asked_after(sorted(self.before.keys() - self._met))
                if found is not None:
                    yield from self._news_of(found)
                    return
        if self.may_stop and not self._newest_first:
            pull.notes.append(
                f"Service Catalog in {self.place.region} does not list its newest records first:"
                " all of them were read"
            )

    def _can_stop(self) -> bool:
        return self.may_stop and self._newest_first and len(self.before.keys() - self._met) <= ASKED_AFTER

    def _news_of(self, details: Iterable[Raw]) -> Iterator[Raw]:
        """Yield what is news; of every record it is noted whether it is open and whether order holds."""
        for detail in details:
            key, changed = str(detail.get("RecordId", "?")), instant(detail.get("UpdatedTime"))
            self._met.add(key)
            self._watch_order(instant(detail.get("CreatedTime")))
            is_news = changed is None or self.since.is_news(key, changed)
            self._is_quiet = self._is_quiet and not is_news  # of other types as well: more may be behind them
            if detail.get("RecordType") not in self.record_types:
                continue
            state = f"{detail.get('Status')} at {detail.get('UpdatedTime')}"
            if detail.get("Status") not in FINAL:
                self.open[key] = state
            if is_news or self.before.get(key, state) != state:
                self._is_quiet = False
                yield detail

    def _watch_order(self, created: datetime | None) -> None:
        if created is None or (self._oldest is not None and created > self._oldest):
            self._newest_first = False
        self._oldest = created or self._oldest

    def _asked_after(self, keys: list[str]) -> list[Raw] | None:
        """Return records one by one; None where one of them is not found."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 (needed for AWS alone)

        self._oldest = None
        try:
            return [self.place.call("describe_record", Id=key)["RecordDetail"] for key in keys]
        except ClientError:
            return None
