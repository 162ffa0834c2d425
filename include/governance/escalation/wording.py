"""Words for people: durations in business days, instants on the reader's clock, text that came from outside.

Titles and reasons are written by anybody who may file a request. They are shown on one line, without control
or direction-changing characters, cut where they are long, and never used as a template or a header as is.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # spelling of some scripts, and of emoji, needs these two


def line(value: str | None, limit: int = 300) -> str:
    """Return foreign text as one line of at most `limit` characters.

    >>> line("Open port\\r\\nBcc: all@example.com")
    'Open port Bcc: all@example.com'
    """
    shown = (
        " " if unicodedata.category(char) in _UNPRINTABLE and char not in _JOINERS else char
        for char in value or ""
    )
    words = " ".join("".join(shown).split())
    return words if len(words) <= limit else f"{words[: limit - 1].rstrip()}…"


def link(source_url: str | None, link_base: str, request_id: str) -> str:
    """Return where a request opens: in its source if that is a plain web address, else in the register."""
    url = (source_url or "").strip()
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if is_web and url == line(url, len(url)) and not set(url) & set(" \"'<>\\^`{|}"):
        return url
    return link_base + quote(request_id)


def counted(number: int, noun: str) -> str:
    """Return '1 request', '3 requests'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(hours: float, day_hours: float) -> str:
    """Return a length of business time in whole days or, below one day, whole hours.

    >>> duration(33, 8), duration(8, 8), duration(5.4, 8), duration(0.2, 8)
    ('4 business days', '1 business day', '5 business hours', 'less than 1 business hour')
    """
    if hours >= day_hours:
        return counted(int(hours / day_hours), "business day")
    if hours >= 1:
        return counted(int(hours), "business hour")
    return "less than 1 business hour"


def standing(overdue: float, day_hours: float) -> str:
    """Return '4 business days overdue' or 'due in 5 business hours'."""
    if overdue < 0:
        return f"due in {duration(-overdue, day_hours)}"
    return f"{duration(overdue, day_hours)} overdue" if overdue >= 1 else "just overdue"


def moment(instant: datetime, zone: str) -> str:
    """Return an instant on the clock of `zone`: 'Mon 16 Nov 2026, 09:00 CET'."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%Y, %H:%M %Z}"


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
