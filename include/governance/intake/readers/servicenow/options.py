"""What a spec may say about a ServiceNow table."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from governance.intake.readers.vocabulary import HttpOptions


def _is_plain_query(value: str) -> str:
    for word in ("^NQ", "ORDERBY", "GROUPBY"):
        if word in value.upper():
            raise ValueError(f"an encoded query without {word}: the reader adds its own conditions and order")
    return value.strip("^")


class ServiceNowOptions(HttpOptions):
    """Records of one table, incremental by update time, with their history out of `sys_audit`."""

    type: Literal["servicenow"]
    table: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="change_request, sc_req_item, any table")
    query: Annotated[str, AfterValidator(_is_plain_query)] = Field(
        default="", description="Which records, as an encoded query: assignment_group.name=Platform"
    )
    display_values: bool = Field(
        default=True, description="Ask for what people see as well, as COLUMN.display_value"
    )
    history: bool = Field(default=True, description="Ask sys_audit for what the records were before")
    web: str | None = Field(
        default=None, pattern=r"^https?://[^\s]+$", description="Where people read records, for @url"
    )
    overlap_minutes: int = Field(default=60, ge=1, description="How far behind the last update a pull starts")
