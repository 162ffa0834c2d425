"""Records of Service Catalog as a kind of reader: who asked for which product, and what became of it.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListRecordHistory.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from governance.intake.readers.aws.calls import AwsCalls, calls, instant, session_name
from governance.intake.readers.aws.history import History
from governance.intake.readers.aws.options import ServiceCatalogOptions
from governance.intake.readers.aws.since import Since
from governance.intake.readers.kind import Opening
from governance.intake.readers.paginators import MarkerPages
from governance.intake.records import Observation, Pull, Raw, Reader, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec

PRODUCTS_PAGE = 100
"""The largest page of SearchProvisionedProducts."""


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
    """Lists records from the newest on, yields what is news, and stops where nothing is (see `history`)."""

    options: ServiceCatalogOptions
    places: list[AwsCalls]

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield each changed record.

        The cursor afterwards holds the latest change that was seen, and per region the records that were not
        finished: these are asked after next time, however far down the listing they are by then. A cursor
        with `everything` lists all.
        """
        since = Since.read(cursor, timedelta(minutes=self.options.overlap_minutes))
        told: dict[str, dict[str, str]] = (cursor or {}).get("open", {})
        may_stop = "open" in (cursor or {}) and "everything" not in (cursor or {})
        still_open: dict[str, dict[str, str]] = {}
        for place in self.places:
            before = told.get(place.region, {})
            types, level = self.options.record_types, _level(self.options)
            history = History(place, since, types, level, before, may_stop and place.region in told)
            news = list(history.news(pull))
            still_open[place.region] = history.open
            products = self._products(place) if news else {}
            for detail in news:
                key = str(detail.get("RecordId", "?"))
                if "UpdatedTime" not in detail:
                    yield Record(key, detail, "the record does not say when it was last changed")
                    continue
                pull.places.add(key)
                product = products.get(str(detail.get("ProvisionedProductId")))
                yield Record(key, {**detail, "ProvisionedProduct": product} if product else detail)
        pull.cursor = since.cursor and {**since.cursor, "open": still_open}
        pull.listed = not may_stop

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
