"""What the options of several readers share."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from governance.documents import Document


def _is_encoding(value: str) -> str:
    try:
        "".encode(value)  # codecs also knows hex and zip, which are no encodings of text
    except (LookupError, UnicodeError):
        raise ValueError("an encoding Python knows, such as utf-8-sig or cp1252") from None
    return value


def _is_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("an IANA time zone such as Europe/Berlin")
    return value


Encoding = Annotated[str, AfterValidator(_is_encoding)]
TimeZone = Annotated[str, AfterValidator(_is_zone)]
Patterns = Annotated[tuple[str, ...], Field(min_length=1)]


class HttpOptions(Document):
    """How patient a reader is with a source that it asks over HTTP."""

    page_size: int = Field(default=100, ge=1, le=1000)
    timeout_seconds: float = Field(default=30, gt=0)
    attempts: int = Field(default=4, ge=1, le=10, description="Tries for each page")
    patience_seconds: float = Field(default=120, ge=0, description="Longest time to wait in all")
    max_megabytes: float = Field(default=64, gt=0, le=1024, description="Largest answer that is read")
    whole_every_days: float = Field(
        default=7, gt=0, description="How often a scheduled pull asks for everything, and sees what is gone"
    )
