"""An outbox row as an RFC 5322 message: the same row gives the same bytes, whenever it is sent."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from sqlalchemy import Row

from governance.escalation.ladder import Mail


def compose(message: Row[Any], mail: Mail, sender: str) -> EmailMessage:
    """Return the message with text and HTML parts; dated when it was written, not when it is sent."""
    email = EmailMessage(policy=SMTP)
    email["From"] = sender
    email["To"] = message.recipient
    email["Subject"] = message.subject
    email["Date"] = format_datetime(message.as_of)
    email["Message-ID"] = message.message_id
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies stay away
    email["List-Id"] = f"<{mail.list_id}>"
    if mail.reply_to:
        email["Reply-To"] = mail.reply_to
    email.set_content(message.body_text, cte="quoted-printable")
    email.add_alternative(message.body_html, subtype="html", cte="quoted-printable")
    email.set_boundary(f"=_{message.message_id.strip('<>').partition('@')[0]}")
    return email
