"""OpsItems of Systems Manager as a kind of reader; nothing is ever written there.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeOpsItems.html
Change requests are OpsItems of type `/aws/changerequest`; Change Manager is closed to new customers:
https://docs.aws.amazon.com/systems-manager/latest/userguide/change-manager-availability-change.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from governance.intake.readers.aws.calls import AwsCalls, calls, instant, session_name
from governance.intake.readers.aws.options import OpsItemsOptions
from governance.intake.readers.aws.since import Since
from governance.intake.readers.kind import Opening
from governance.intake.readers.paginators import MarkerPages
from governance.intake.records import Observation, Pull, Raw, Reader, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec

PAGE = 50
"""The largest page of DescribeOpsItems."""


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's OpsItems."""
    opening.refuse_path(spec)
    return OpsItemReader(_options(spec), calls(spec, opening, "ssm"))


def observations(spec: SourceSpec, record: Record) -> list[Observation]:  # noqa: ARG001
    """Return the item as it is since its last change.

    Operational data are fields `data.<key>`; who made and who changed it, `@created_by` and `@modified_by`.
    """
    item = record.raw
    data = {f"data.{key}": one.get("Value") for key, one in (item.get("OperationalData") or {}).items()}
    changed_by = session_name(item.get("LastModifiedBy"))
    people = {"@created_by": session_name(item.get("CreatedBy")), "@modified_by": changed_by}
    return [Observation({**item, **data, **people}, instant(item.get("LastModifiedTime")), changed_by)]


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that the OpsItems of every region may be listed."""
    places = calls(spec, opening, "ssm", attempts=1)
    for place in places:
        place.call("describe_ops_items", MaxResults=1)
    return f"OpsItems answer in {', '.join(place.region for place in places)}"


@dataclass(frozen=True)
class OpsItemReader:
    """Lists what changed, and reads each whole: a list shows only operational data that can be searched."""

    options: OpsItemsOptions
    places: list[AwsCalls]

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield one record per changed item; the cursor afterwards holds the latest change that was seen."""
        since = Since.read(cursor, timedelta(minutes=self.options.overlap_minutes))
        filters = self._filters(since.start)
        for place in self.places:
            arguments = {"OpsItemFilters": filters, "MaxResults": PAGE}
            for summary in place.rows("describe_ops_items", "OpsItemSummaries", MarkerPages(), **arguments):
                number, changed = str(summary.get("OpsItemId", "?")), instant(summary.get("LastModifiedTime"))
                if changed is None:
                    yield Record(number, summary, "the item does not say when it was last changed")
                elif since.is_news(number, changed):
                    yield from self._whole(place, number, pull)
        pull.cursor = since.cursor

    def _filters(self, start: datetime | None) -> list[Raw]:
        found = [_filter("OpsItemType", "Equal", *self.options.types)]
        if self.options.sources:
            found.append(_filter("Source", "Equal", *self.options.sources))
        if start is not None:
            found.append(_filter("LastModifiedTime", "GreaterThan", f"{start:%Y-%m-%dT%H:%M:%SZ}"))
        return found

    @staticmethod
    def _whole(place: AwsCalls, number: str, pull: Pull) -> Iterator[Record]:
        from botocore.exceptions import ClientError  # noqa: PLC0415 (needed for AWS alone)

        try:
            item = place.call("get_ops_item", OpsItemId=number)["OpsItem"]
        except ClientError:
            pull.notes.append(f"{number} was listed in {place.region} and is gone")
            return
        pull.places.add(number)
        yield Record(number, item)


def _filter(key: str, operator: str, *values: str) -> Raw:
    return {"Key": key, "Operator": operator, "Values": list(values)}


def _options(spec: SourceSpec) -> OpsItemsOptions:
    assert isinstance(spec.reader, OpsItemsOptions)  # noqa: S101 (the registry leads OpsItems here only)
    return spec.reader
