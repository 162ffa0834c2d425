"""AWS Service Catalog in one account and region: records of requests, provisioned products, portfolios."""

from __future__ import annotations

from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Portfolio, ServiceRecord
from governance.sandbox.planes import Row as Told
from governance.sandbox.world import World

Row = dict[str, Any]

PAGE = 20
"""A page where none is asked for; the documentation gives no default.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListRecordHistory.html"""


class ServiceCatalogRecords:
    """Handlers of records and provisioned products."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "ListRecordHistory": self._history,
            "DescribeRecord": self._record,
            "SearchProvisionedProducts": self._products,
            "DescribeProvisionedProduct": self._product,
        }

    def _history(self, call: Call) -> Row:
        """Newest first; an order of this stand-in. The access level is User where none is named.

        https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListRecordHistory.html
        """
        rows = [one for one in self._records(call) if _is_visible(one.user, call, "User")]
        chosen = call.arguments.get("SearchFilter")
        if chosen:
            rows = [one for one in rows if one.detail.get(_search_member(chosen)) == chosen.get("Value")]
        rows.sort(key=lambda one: (one.detail["CreatedTime"], one.detail["RecordId"]), reverse=True)
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"RecordDetails": [dict(one.detail) for one in found], "NextPageToken": token}

    def _records(self, call: Call) -> tuple[ServiceRecord, ...]:
        return self._world.planes.records.get(call.place, ())

    def _record(self, call: Call) -> Row:
        wanted = call.arguments["Id"]
        for one in self._records(call):
            if one.detail["RecordId"] == wanted:
                found, token = page(call.action, one.outputs, call.arguments, default=PAGE)
                outputs = [dict(output) for output in found]
                return {"RecordDetail": dict(one.detail), "RecordOutputs": outputs, "NextPageToken": token}
        raise _absent(f"Record {wanted}")

    def _products(self, call: Call) -> Row:
        """The access level is Account where none is named, other than for records.

        https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
        """
        here = self._world.planes.provisioned_products.get(call.place, ())
        rows = [row for row in here if _is_visible(row.get("UserArn", ""), call, "Account")]
        for question in (call.arguments.get("Filters") or {}).get("SearchQuery", []):
            rows = [row for row in rows if _answers(row, question)]
        rows = _sorted(rows, call.arguments)
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {
            "ProvisionedProducts": [dict(row) for row in found],
            "TotalResultsCount": len(rows),
            "NextPageToken": token,
        }

    def _product(self, call: Call) -> Row:
        asked = call.arguments
        member, wanted = ("Id", asked["Id"]) if asked.get("Id") else ("Name", asked.get("Name"))
        if not wanted:
            raise _invalid("Either the id or the name of the provisioned product is needed")
        for row in self._world.planes.provisioned_products.get(call.place, ()):
            if row[member] == wanted:
                detail = {name: value for name, value in row.items() if name in _DETAIL}
                return {"ProvisionedProductDetail": detail}
        raise _absent(f"Provisioned product {wanted}")


_DETAIL = (
    "Name", "Arn", "Type", "Id", "Status", "StatusMessage", "CreatedTime", "IdempotencyToken", "LastRecordId",
    "LastProvisioningRecordId", "LastSuccessfulProvisioningRecordId", "ProductId", "ProvisioningArtifactId",
)  # fmt: skip
_SEARCHED = {
    name[0].lower() + name[1:]: name
    for name in (
        "Arn", "CreatedTime", "Id", "LastRecordId", "IdempotencyToken", "Name", "PhysicalId", "ProductId",
        "ProvisioningArtifactId", "Type", "Status", "UserArn", "UserArnSession", "LastProvisioningRecordId",
        "LastSuccessfulProvisioningRecordId", "ProductName", "ProvisioningArtifactName",
    )
}  # fmt: skip


class Portfolios:
    """Handlers of portfolios, whom they are shared with, and their constraints."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "ListPortfolios": self._list,
            "ListPortfolioAccess": self._access,
            "ListConstraintsForPortfolio": self._constraints,
        }

    def _here(self, call: Call) -> tuple[Portfolio, ...]:
        return self._world.planes.portfolios.get(call.place, ())

    def _one(self, call: Call) -> Portfolio:
        wanted = call.arguments["PortfolioId"]
        for portfolio in self._here(call):
            if portfolio.detail["Id"] == wanted:
                return portfolio
        raise _absent(f"Portfolio {wanted}")

    def _list(self, call: Call) -> Row:
        rows = [dict(one.detail) for one in self._here(call)]
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"PortfolioDetails": found, "NextPageToken": token}

    def _access(self, call: Call) -> Row:
        """With a unit that the portfolio is shared with: every account below that inherits the share.

        https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListPortfolioAccess.html
        """
        portfolio, unit = self._one(call), call.arguments.get("OrganizationParentId")
        accounts = list(portfolio.shared_with)
        if unit is not None:
            shared = unit in portfolio.shared_units
            accounts = [one.id for one in self._world.accounts if shared and self._is_below(one.id, unit)]
        found, token = page(call.action, sorted(accounts), call.arguments, default=PAGE)
        return {"AccountIds": found, "NextPageToken": token}

    def _is_below(self, account: str, unit: str) -> bool:
        itself = next(one for one in self._world.accounts if one.id == account)
        return f"/{unit}/" in self._world.path_of(itself)

    def _constraints(self, call: Call) -> Row:
        rows, product = list(self._one(call).constraints), call.arguments.get("ProductId")
        rows = [dict(row) for row in rows if product in (None, row["ProductId"])]
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"ConstraintDetails": found, "NextPageToken": token}


def _is_visible(user: str, call: Call, default: str) -> bool:
    """Account: everything here; User and Role: what the caller made. Only the value `self` is supported.

    https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AccessLevelFilter.html
    """
    level = call.arguments.get("AccessLevelFilter") or {}
    if level.get("Value", "self") != "self":
        raise _invalid("The only supported value of the access level filter is self")
    mine = f"arn:aws:sts::{call.account}:assumed-role/stand-in/session"
    return (level.get("Key") or default) == "Account" or user == mine


def _search_member(chosen: Told) -> str:
    """https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListRecordHistorySearchFilter.html"""
    members = {"product": "ProductId", "provisionedproduct": "ProvisionedProductId"}
    if chosen.get("Key") not in members:
        raise _invalid(f"The search filter {chosen.get('Key')} is none of {', '.join(members)}")
    return members[chosen["Key"]]


def _answers(row: Told, question: str) -> bool:
    """`status:AVAILABLE` asks one field for a value; a text alone may be in any field."""
    name, colon, value = question.partition(":")
    if colon and name in _SEARCHED:
        return str(row.get(_SEARCHED[name], "")) == value
    return any(question in str(row.get(member, "")) for member in _SEARCHED.values())


def _sorted(rows: list[Told], asked: Told) -> list[Told]:
    """Unsorted where nothing is said; by arn, id, name or lastRecordId.

    https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html (SortBy)
    """
    by = asked.get("SortBy")
    if by is None:
        return rows
    if by not in ("arn", "id", "name", "lastRecordId"):
        raise _invalid(f"SortBy {by} is none of arn, id, name, lastRecordId")
    backwards = asked.get("SortOrder") == "DESCENDING"
    return sorted(rows, key=lambda row: str(row.get(_SEARCHED[by], "")), reverse=backwards)


def _absent(what: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"{what} not found.")


def _invalid(words: str) -> ServiceError:
    return ServiceError("InvalidParametersException", words)
