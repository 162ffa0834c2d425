"""Read the records of a table in the order of their last update, each with its audit trail.

https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
Times in an encoded query and raw times are UTC:
https://www.servicenow.com/community/united-kingdom-snug/soap-web-service-and-time-zones-examples/ba-p/2270667
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.errors import SourceUnavailableError
from governance.intake.readers.answers import Answer
from governance.intake.readers.http import JsonHttp
from governance.intake.readers.paginators import KeysetPages, LinkPages, UpdatedSince
from governance.intake.readers.servicenow.options import ServiceNowOptions
from governance.intake.readers.servicenow.values import instant, raw_of, written
from governance.intake.records import Pull, Raw, Record

ALWAYS = ("sys_id", "number", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by")
AUDIT = "@audit"
"""Where a record keeps the rows of `sys_audit` about it, oldest first."""
_AUDIT_COLUMNS = "sys_id,documentkey,fieldname,oldvalue,newvalue,user,sys_created_on"
_RECORDS_PER_AUDIT = 50


@dataclass(frozen=True)
class ServiceNowReader:
    """`columns` are the columns to ask for; `key` those that name a request."""

    options: ServiceNowOptions
    http: JsonHttp
    columns: tuple[str, ...]
    key: tuple[str, ...]

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:
        """Yield one record per row; the cursor afterwards holds the latest update time that was seen."""
        since = UpdatedSince.of(cursor, self.options.overlap_minutes)
        audited = self.options.history
        seen: set[tuple[str, str]] = set()
        for page in self._pages(
            self.options.table, self._which(since.start), "sys_updated_on", self._parameters()
        ):
            rows = [row for row in page if _is_new(row, seen)]
            trails = self._trails(rows, pull) if audited else {}
            audited = audited and trails is not None
            for row in rows:
                at = instant(raw_of(row.get("sys_updated_on")))
                since.saw(at)
                yield self._record(row, at, (trails or {}).get(str(raw_of(row.get("sys_id")))), pull)
        pull.cursor = since.cursor
        pull.whole = cursor is None

    def trace(self, key: str) -> str:
        """Return what became of a record that is no longer found, in words."""
        if len(self.key) != 1 or "^" in key:
            return "its key cannot be looked up by itself"
        parameters = {"sysparm_query": f"{self.key[0]}={key}", "sysparm_fields": "sys_id", "sysparm_limit": 1}
        found = self._rows(self.http.ask(f"/api/now/table/{self.options.table}", parameters))
        if found:
            return f"it is still in {self.options.table}, and no longer fits the query of the source"
        return f"{self.options.table} has no such record: deleted, or hidden from our account"

    def _which(self, start: datetime | None) -> str:
        conditions = [self.options.query, f"sys_updated_on>={written(start)}" if start else ""]
        return "^".join(filter(None, conditions))

    def _parameters(self) -> dict[str, Any]:
        return {
            "sysparm_display_value": "all" if self.options.display_values else "false",
            "sysparm_fields": ",".join(sorted({*self.columns, *ALWAYS})),
        }

    def _record(self, row: Raw, at: datetime | None, trail: list[Raw] | None, pull: Pull) -> Record:
        sys_id, number = raw_of(row.get("sys_id")), raw_of(row.get("number"))
        locator = str(number or sys_id or "?")
        pull.places.add(locator)
        if not isinstance(sys_id, str) or not sys_id:
            return Record(locator, row, "the row has no sys_id: expected a record of a table")
        if at is None:
            updated = raw_of(row.get("sys_updated_on"))
            return Record(locator, row, f"sys_updated_on is {updated!r}, which is no time of ServiceNow's")
        return Record(locator, row if trail is None else {**row, AUDIT: trail})

    def _trails(self, rows: Sequence[Raw], pull: Pull) -> dict[str, list[Raw]] | None:
        """Return sys_id -> audit rows, oldest first; None, and a note, where they are not granted."""
        ids = [str(raw_of(row["sys_id"])) for row in rows if raw_of(row.get("sys_id"))]
        found: dict[str, list[Raw]] = {}
        for start in range(0, len(ids), _RECORDS_PER_AUDIT):
            chosen = ids[start : start + _RECORDS_PER_AUDIT]
            which = (
                f"tablename={self.options.table}^documentkeyIN{','.join(chosen)}"
                f"^fieldnameIN{','.join(sorted({name.partition('.')[0] for name in self.columns}))}"
            )
            parameters = {"sysparm_display_value": "false", "sysparm_fields": _AUDIT_COLUMNS}
            try:
                pages = list(self._pages("sys_audit", which, "sys_created_on", parameters))
            except PermissionError:
                pull.notes.append("sys_audit is not granted (403): history begins with what each pull sees")
                return None
            for entry in (entry for page in pages for entry in page):
                found.setdefault(str(raw_of(entry.get("documentkey"))), []).append(entry)
        return found

    def _pages(self, table: str, which: str, time: str, parameters: dict[str, Any]) -> Iterator[list[Raw]]:
        """Yield pages by keyset. A page emptied by access rules is passed by its link to the next."""
        path = f"/api/now/table/{table}"
        keyset = KeysetPages(time, "sys_id")
        while True:
            query = "^".join(filter(None, (which, keyset.condition, keyset.order)))
            limit = {"sysparm_query": query, "sysparm_limit": self.options.page_size}
            link = LinkPages(path, {**parameters, **limit})
            answer = self._ask(link, table)
            rows = self._rows(answer)
            while not rows and link.advance(answer.next_link):
                answer = self._ask(link, table)
                rows = self._rows(answer)
            if not rows:
                return
            yield rows
            if answer.next_link is None and len(rows) < self.options.page_size:
                return
            keyset.advance([place for row in rows if (place := _place(row, time)) is not None])

    def _ask(self, link: LinkPages, table: str) -> Answer:
        answer = self.http.ask(link.path, link.parameters, accepted=(403,) if table == "sys_audit" else ())
        if answer.status == 403:
            raise PermissionError(table)
        return answer

    def _rows(self, answer: Answer) -> list[Raw]:
        body = answer.document
        rows = body.get("result") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise SourceUnavailableError("ServiceNow answers a query without a list of records")
        return [row if isinstance(row, dict) else {"@row": row} for row in rows]


def _is_new(row: Raw, seen: set[tuple[str, str]]) -> bool:
    """Whether this state of this record was not met before: pages may overlap while records change."""
    if not raw_of(row.get("sys_id")):
        return True
    state = str(raw_of(row["sys_id"])), str(raw_of(row.get("sys_updated_on")))
    if state in seen:
        return False
    seen.add(state)
    return True


def _place(row: Raw, time: str) -> tuple[str, str] | None:
    at, sys_id = raw_of(row.get(time)), raw_of(row.get("sys_id"))
    return (str(at), str(sys_id)) if instant(at) and sys_id else None
