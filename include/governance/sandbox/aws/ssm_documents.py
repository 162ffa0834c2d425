"""Systems Manager documents in one account and region: runbooks, templates, calendars, and their hashes."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Row as Told
from governance.sandbox.world import World

Row = dict[str, Any]

PAGE = 50
"""The largest page; the documentation gives no default.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListDocuments.html"""

_LISTED = (
    "Name", "CreatedDate", "DisplayName", "Owner", "VersionName", "PlatformTypes", "DocumentVersion",
    "DocumentType", "SchemaVersion", "DocumentFormat", "TargetType", "Tags", "Requires", "ReviewStatus",
    "Author",
)  # fmt: skip


class Documents:
    """Handlers of documents; a World holds one version of each, its newest and default."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {"ListDocuments": self._list, "DescribeDocument": self._describe}

    def _list(self, call: Call) -> Row:
        """Filters are met by any of their values; `Owner: Self` means this account.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DocumentKeyValuesFilter.html
        """
        here = self._here(call)
        chosen = call.arguments.get("Filters") or []
        rows = [row for row in here if all(_fits(row, one, call.account) for one in chosen)]
        rows.sort(key=lambda row: str(row["Name"]))
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        listed = [{name: row[name] for name in _LISTED if name in row} for row in found]
        return {"DocumentIdentifiers": listed, "NextToken": token}

    def _describe(self, call: Call) -> Row:
        name = call.arguments["Name"].rpartition(":document/")[2]
        row = next((one for one in self._here(call) if one["Name"] == name), None)
        if row is None:
            raise ServiceError("InvalidDocument", f"Document with name {name} does not exist.")
        version = call.arguments.get("DocumentVersion", "$DEFAULT")
        if version not in ("$DEFAULT", "$LATEST", row["DocumentVersion"]):
            raise ServiceError("InvalidDocumentVersion", f"Document {name} has no version {version}.")
        return {"Document": dict(row)}

    def _here(self, call: Call) -> list[Told]:
        """Return the documents of the account and region; a change calendar is one, too.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-change-calendar.html
        """
        calendars = [
            {
                "Name": calendar.name, "Owner": call.account, "DocumentType": "ChangeCalendar",
                "DocumentFormat": "TEXT", "DocumentVersion": "1", "LatestVersion": "1", "DefaultVersion": "1",
                "Hash": sha256(repr(calendar).encode()).hexdigest(), "HashType": "Sha256",
                "Status": "Active", "CreatedDate": self._world.now,
            }
            for calendar in self._world.planes.calendars.get(call.place, ())
        ]  # fmt: skip
        return [*self._world.planes.documents.get(call.place, ()), *calendars]


def _fits(row: Told, chosen: Told, account: str) -> bool:
    key, values = chosen.get("Key", ""), chosen.get("Values") or []
    if key == "Owner":
        owners = {account if value in ("Self", "self") else value for value in values}
        return row["Owner"] in owners
    if key == "Name":
        return any(str(row["Name"]).startswith(value) for value in values)
    if key == "PlatformTypes":
        return bool(set(row.get("PlatformTypes", ())) & set(values))
    if key in ("DocumentType", "TargetType"):
        return row.get(key) in values
    if key.startswith("tag:"):
        tags = {tag["Key"]: tag["Value"] for tag in row.get("Tags", ())}
        return tags.get(key.removeprefix("tag:")) in values
    raise ServiceError("InvalidFilterKey", f"the filter {key} is not supported")
