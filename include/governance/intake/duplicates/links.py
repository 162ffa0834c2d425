"""The same request from two sources: linked as a duplicate with its evidence, never merged silently.

A link is a suggestion until a person confirms it or unlinks the two; while both are still asked for it is a
finding DUPLICATE_REQUEST.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field
from sqlalchemy import Connection, text

from governance import documents, resources
from governance.documents import Document
from governance.errors import GovernanceError
from governance.register import findings

Decision = Literal["confirmed", "unlinked"]


class DuplicatePolicy(Document):
    """The whole of `policies/duplicates.yaml`."""

    within_days: float = Field(default=14, ge=0)
    reference_words: tuple[str, ...] = ("duplicate of",)


def read_policy(policies: Path) -> DuplicatePolicy:
    """Read `duplicates.yaml` of a policies folder; a folder without one means what ships."""
    own = policies / "duplicates.yaml"
    return documents.read(own if own.is_file() else resources.folder("policies") / own.name, DuplicatePolicy)


def link_duplicates(
    connection: Connection, policies: Path, *, now: datetime, source: str, run_id: int
) -> int:
    """Link what a run brought to requests of other sources that ask for the same; return how many.

    The lock comes first: of two sources loaded at once, the later to commit sees both sides.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.findings'))"))
    policy = read_policy(policies)
    words, pattern = _patterns(policy.reference_words)
    parameters = {
        "run_id": run_id, "source": source, "now": now, "days": policy.within_days, "words": words,
        "pattern": pattern, "hints": _hints(policy.reference_words),
    }  # fmt: skip
    linked = connection.execute(text(resources.sql("intake/link_duplicates.sql")), parameters).rowcount
    sync_findings(connection, now)
    return int(linked)


def _patterns(words: tuple[str, ...]) -> tuple[str, str]:
    """Return regular expressions of PostgreSQL: the words alone, and the words with the name after them."""
    either = "|".join(r"\s+".join(re.escape(part) for part in one.split()) for one in words) or "(?!)"
    said = rf"\m(?:{either})\M"
    return said, rf"{said}\s*[:#]?\s*[^[:alnum:]\s]*(\S+)"


def _hints(words: tuple[str, ...]) -> list[str]:
    """Return patterns of LIKE for texts that may hold one of the words: cheap to look for."""
    firsts = [(one.split() or [""])[0].lower() for one in words]
    return ["%" + re.sub(r"([\\%_])", r"\\\1", first) + "%" for first in firsts]


def sync_findings(connection: Connection, now: datetime) -> findings.Turns:
    """Make the findings of family `duplicate` equal to the links that are still to be acted on."""
    rows = connection.execute(text(resources.sql("intake/duplicate_findings.sql")))
    frame = pd.DataFrame(rows.fetchall(), columns=list(findings.COLUMNS))
    frame = frame.assign(request_number=frame["request_number"].astype("Int64"))
    return findings.sync(connection, "duplicate", frame, at=now)


def listing(connection: Connection, *, status: str | None = None) -> list[dict[str, Any]]:
    """Return the links with both of their sides, oldest first; `status` None: all."""
    rows = connection.execute(text(resources.sql("intake/duplicates.sql")), {"status": status})
    return [dict(row) for row in rows.mappings()]


def decide(
    connection: Connection, link: int, decision: Decision, *, reason: str, by: str, at: datetime
) -> None:
    """Confirm that two requests are the same, or unlink them for good; a reason is required."""
    _need(reason)
    parameters = {"link": link, "status": decision, "reason": reason, "by": by, "at": at}
    if not connection.execute(text(resources.sql("intake/decide_link.sql")), parameters).rowcount:
        raise GovernanceError(
            f"there is no link {link}: `governance duplicates list --status all` shows them"
        )
    sync_findings(connection, at)


def link_by_hand(
    connection: Connection, later: str, earlier: str, *, reason: str, by: str, at: datetime
) -> None:
    """Link two requests by their ids because a person says that they are the same."""
    _need(reason)
    if later == earlier:
        raise GovernanceError(f"found {later} twice, expected two requests: none is a duplicate of itself")
    parameters = {"later": later, "earlier": earlier, "reason": reason, "by": by, "at": at}
    if not connection.execute(text(resources.sql("intake/link_by_hand.sql")), parameters).rowcount:
        raise GovernanceError(f"found {later} and {earlier}, expected ids of requests such as CHG-000012")
    sync_findings(connection, at)


def _need(reason: str) -> None:
    if not reason.strip():
        raise GovernanceError("a decision has a reason: --reason says it")
