"""What Service Catalog says in the hub: products provisioned, the records of how, portfolios and constraints.

ListRecordHistory and SearchProvisionedProducts answer for the caller alone unless the account is asked for.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AccessLevelFilter.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from governance.observation.datasets import TEXT, TIME, dataset
from governance.observation.listings import Listing, Size, pages
from governance.observation.paging import Row, columns, paged

PROVISIONED_PRODUCTS = dataset(
    "servicecatalog", "provisioned_products", "product_id",
    product_id=TEXT, name=TEXT, arn=TEXT, type=TEXT, status=TEXT, message=TEXT, created_at=TIME,
    physical_id=TEXT, last_record=TEXT, of_product=TEXT, artifact=TEXT, user=TEXT,
    product_name=TEXT, artifact_name=TEXT,
)  # fmt: skip
RECORDS = dataset(
    "servicecatalog", "records", "record",
    record=TEXT, type=TEXT, status=TEXT, created_at=TIME, updated_at=TIME, product_id=TEXT, name=TEXT,
    of_product=TEXT, artifact=TEXT, errors=TEXT,
)  # fmt: skip
PORTFOLIOS = dataset(
    "servicecatalog", "portfolios", "portfolio",
    portfolio=TEXT, arn=TEXT, name=TEXT, description=TEXT, provider=TEXT, created_at=TIME,
)  # fmt: skip
SHARES = dataset("servicecatalog", "shares", "portfolio account", portfolio=TEXT, account=TEXT)
CONSTRAINTS = dataset(
    "servicecatalog", "constraints", "portfolio constraint",
    constraint=TEXT, portfolio=TEXT, of_product=TEXT, type=TEXT, description=TEXT, owner=TEXT,
)  # fmt: skip

TOKEN = "NextPageToken"  # noqa: S105 (a member's name)
WHOLE_ACCOUNT = {"Key": "Account", "Value": "self"}
PRODUCTS_PAGE, PAGE = 100, 20


def _products(client: Any) -> Iterator[Row]:
    listed = paged(
        client, "search_provisioned_products", "ProvisionedProducts", token=TOKEN,
        AccessLevelFilter=WHOLE_ACCOUNT, PageSize=PRODUCTS_PAGE,
    )  # fmt: skip
    for one in listed:
        yield columns(
            one, product_id="Id", name="Name", arn="Arn", type="Type", status="Status",
            message="StatusMessage", created_at="CreatedTime", physical_id="PhysicalId",
            last_record="LastRecordId", of_product="ProductId", artifact="ProvisioningArtifactId",
            user="UserArn", product_name="ProductName", artifact_name="ProvisioningArtifactName",
        )  # fmt: skip


def _records(client: Any) -> Iterator[Row]:
    listed = paged(
        client, "list_record_history", "RecordDetails", token=TOKEN, AccessLevelFilter=WHOLE_ACCOUNT,
        PageSize=PAGE,
    )  # fmt: skip
    for one in listed:
        yield columns(
            one, record="RecordId", type="RecordType", status="Status", created_at="CreatedTime",
            updated_at="UpdatedTime", product_id="ProvisionedProductId", name="ProvisionedProductName",
            of_product="ProductId", artifact="ProvisioningArtifactId", errors=_errors,
        )  # fmt: skip


def _errors(item: Row) -> str | None:
    told = [f"{one.get('Code', '?')}: {one.get('Description', '')}" for one in item.get("RecordErrors", [])]
    return "; ".join(told) or None


def _portfolios(client: Any) -> Iterator[Row]:
    for one in paged(client, "list_portfolios", "PortfolioDetails", token=TOKEN, PageSize=PAGE):
        yield columns(
            one, portfolio="Id", arn="ARN", name="DisplayName", description="Description",
            provider="ProviderName", created_at="CreatedTime",
        )  # fmt: skip


def _shares(client: Any) -> Iterator[Row]:
    for portfolio in _portfolios(client):
        name = portfolio["portfolio"]
        for account in paged(
            client, "list_portfolio_access", "AccountIds", token=TOKEN, PortfolioId=name, PageSize=100
        ):
            yield {"portfolio": name, "account": account}


def _constraints(client: Any) -> Iterator[Row]:
    for portfolio in _portfolios(client):
        name = portfolio["portfolio"]
        for one in paged(
            client, "list_constraints_for_portfolio", "ConstraintDetails", token=TOKEN, PortfolioId=name,
            PageSize=PAGE,
        ):  # fmt: skip
            yield {"portfolio": name} | columns(
                one, constraint="ConstraintId", of_product="ProductId", type="Type",
                description="Description", owner="Owner",
            )  # fmt: skip


def _calls_for_each(operation: str, size: Size) -> dict[str, int]:
    return {"ListPortfolios": pages(size.portfolios, PAGE), operation: size.portfolios}


LISTINGS = (
    Listing(
        PROVISIONED_PRODUCTS,
        _products,
        lambda size: {"SearchProvisionedProducts": pages(size.products, PRODUCTS_PAGE)},
        True,
    ),
    Listing(RECORDS, _records, lambda size: {"ListRecordHistory": pages(size.records, PAGE)}, True),
    Listing(PORTFOLIOS, _portfolios, lambda size: {"ListPortfolios": pages(size.portfolios, PAGE)}, True),
    Listing(SHARES, _shares, lambda size: _calls_for_each("ListPortfolioAccess", size), True),
    Listing(
        CONSTRAINTS, _constraints, lambda size: _calls_for_each("ListConstraintsForPortfolio", size), True
    ),
)
