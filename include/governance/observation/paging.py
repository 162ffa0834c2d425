"""Page after page of a listing, whether botocore has a paginator for it or not.

A page may be empty and still carry a token; only a page without one is the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

Row = dict[str, Any]


def paged(
    client: Any,
    operation: str,
    key: str,
    *,
    token: str = "NextToken",  # noqa: S107 (a member's name)
    **arguments: Any,
) -> Iterator[Any]:
    """Yield the items under `key` of every page. `token` names the token in request and answer.

    Service Catalog names the token of a request `PageToken` and that of an answer `NextPageToken`.
    """
    asked = "PageToken" if token == "NextPageToken" else token  # noqa: S105 (a member's name)
    call = getattr(client, operation)
    page = call(**arguments)
    yield from page.get(key, [])
    while page.get(token):
        page = call(**arguments, **{asked: page[token]})
        yield from page.get(key, [])


Reading = str | Callable[[Row], Any]


def columns(item: Row, **readings: Reading) -> Row:
    """Return a row out of an item: each column from a member, `a.b` from a member of a member.

    >>> columns({"Name": "x", "At": {"Zone": "z"}}, name="Name", zone="At.Zone", gone="At.Gone")
    {'name': 'x', 'zone': 'z', 'gone': None}
    """
    return {name: _read(item, reading) for name, reading in readings.items()}


def _read(item: Row, reading: Reading) -> Any:
    if callable(reading):
        return reading(item)
    value: Any = item
    for member in reading.split("."):
        value = value.get(member) if isinstance(value, dict) else None
    return value


def instant(text: str | None) -> datetime | None:
    """Return a time that AWS writes as text, in ISO 8601, as a few operations do."""
    return datetime.fromisoformat(text) if text else None
