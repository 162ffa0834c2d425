"""What a spec may say about a mailbox."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from governance.documents import Document


class ImapOptions(Document):
    """A mailbox, read over IMAP and never changed; incremental by UIDVALIDITY and UID."""

    type: Literal["imap"]
    mailbox: str = Field(default="INBOX", min_length=1, pattern=r"^[^\r\n\x00]+$")
    largest_bytes: int = Field(
        default=25 * 1024**2, ge=1024, description="A larger message is not read: its headers are quarantined"
    )
    authentication_hosts: tuple[str, ...] = Field(
        default=(),
        description="Our own receiving hosts, as they name themselves in Authentication-Results",
    )
    timeout_seconds: float = Field(default=30, gt=0)
    attempts: int = Field(default=3, ge=1, le=10, description="Connections that may break in one pull")
