"""Records of Service Catalog as a kind of reader: who asked for which product, and what became of it.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListRecordHistory.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from governance.intake.readers.aws.calls import AwsCalls, calls, instant, session_name
from governance.intake.readers.aws.options import ServiceCatalogOptions
from governance.intake.readers.aws.since import Since
from governance.intake.readers.kind import Opening
from governance.intake.readers.paginators import MarkerPages
from governance.intake.records import Observation, Pull, Raw, Reader, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec

RECORDS_PAGE, PRODUCTS_PAGE = 20, 100
"""The largest pages of ListRecordHistory and SearchProvisionedProducts."""


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a spec's records."""
    opening.refuse_path(spec)
    return RecordReader(_options(spec), calls(spec, opening, "servicecatalog"))


def observations(spec: SourceSpec, record: Record) -> list[Observation]:  # noqa: ARG001
    """Return the record as it is since its last change.

    Tags are fields `tags.<key>`; `@user` is who asked, as far as the product is still there to tell; `@thing`
    what was asked for.
    """
    detail = record.raw
    tags = {f"tags.{tag['Key']}": tag.get("Value") for tag in detail.get("RecordTags") or ()}
    product = detail.get("ProvisionedProduct") or {}
    thing = {
        "name": detail.get("ProvisionedProductName"),
        "provisioned_product": detail.get("ProvisionedProductId"),
        "product": detail.get("ProductId"),
        "artifact": detail.get("ProvisioningArtifactId"),
    }
    user = session_name(product.get("UserArn"))
    told = {"@user": user, "@thing": {name: value for name, value in thing.items() if value}}
    return [Observation({**detail, **tags, **told}, instant(detail.get("UpdatedTime")), user)]


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that the records and products of every region may be listed."""
    level = _level(_options(spec))
    places = calls(spec, opening, "servicecatalog", attempts=1)
    for place in places:
        place.call("list_record_history", AccessLevelFilter=level, PageSize=1)
        place.call("search_provisioned_products", AccessLevelFilter=level, PageSize=1)
    return f"Service Catalog answers in {', '.join(place.region for place in places)}"


@dataclass(frozen=True)
class RecordReader:
    """Lists every record, for AWS filters them by no time and documents no order; yields what is news."""

    options: ServiceCatalogOptions
    places: list[AwsCalls]

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield each changed record; the cursor afterwards holds the latest change that was seen."""
        since = Since.read(cursor, timedelta(minutes=self.options.overlap_minutes))
        for place in self.places:
            news = list(self._news(place, since))
            products = self._products(place) if news else {}
            for detail in news:
                key = str(detail.get("RecordId", "?"))
                if "UpdatedTime" not in detail:
                    yield Record(key, detail, "the record does not say when it was last changed")
                    continue
                pull.places.add(key)
                product = products.get(str(detail.get("ProvisionedProductId")))
                yield Record(key, {**detail, "ProvisionedProduct": product} if product else detail)
        pull.cursor = since.cursor

    def _news(self, place: AwsCalls, since: Since) -> Iterator[Raw]:
        arguments = {"AccessLevelFilter": _level(self.options), "PageSize": RECORDS_PAGE}
        for detail in place.rows("list_record_history", "RecordDetails", _pages(), **arguments):
            changed = instant(detail.get("UpdatedTime"))
            wanted = detail.get("RecordType") in self.options.record_types
            if wanted and (changed is None or since.is_news(str(detail.get("RecordId")), changed)):
                yield detail

    def _products(self, place: AwsCalls) -> dict[str, Raw]:
        """Return the products by id: they say who asked for them, which records do not."""
        arguments = {"AccessLevelFilter": _level(self.options), "PageSize": PRODUCTS_PAGE}
        rows = place.rows("search_provisioned_products", "ProvisionedProducts", _pages(), **arguments)
        return {str(row["Id"]): row for row in rows if "Id" in row}


def _pages() -> MarkerPages:
    return MarkerPages(asked="PageToken", answered="NextPageToken")


def _level(options: ServiceCatalogOptions) -> Raw:
    return {"Key": options.access_level, "Value": "self"}


def _options(spec: SourceSpec) -> ServiceCatalogOptions:
    assert isinstance(spec.reader, ServiceCatalogOptions)  # noqa: S101 (the registry leads records here only)
    return spec.reader
