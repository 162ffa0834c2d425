"""Which messages no person wrote: automatic replies, and bounces with what they say about the message lost.

A strong sign settles it alone; of weak ones it takes two, because a request that is taken for an automatic
reply would be lost. A filled form is a request, whatever machine sent it, unless the machine calls it a
reply.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import Any

from governance.intake.readers.mail.charsets import header_text
from governance.intake.readers.mail.headers import ids, sender, text

_VACATION = re.compile(
    r"^\s*(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|ooo|on vacation|abwesenheits?\w*"
    r"|abwesend|automatische antwort|r[ée]ponse automatique|respuesta autom[áa]tica|risposta automatica)"
    r"\s*(?::|-|$)",
    re.IGNORECASE,
)
_UNDELIVERED = re.compile(
    r"undeliver(?:ed|able)|returned mail|delivery (?:status notification|has failed)"
    r"|mail delivery (?:failed|failure)|failure notice|unzustellbar",
    re.IGNORECASE,
)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ORIGINAL_ID = re.compile(r"^message-id:\s*<([^<>\s]{1,240})>", re.IGNORECASE | re.MULTILINE)


def bounce_of(message: Message, body: str) -> dict[str, Any] | None:
    """Return what a bounce says: recipient, action, status, why, and the id of the message it is about.

    Delivery status notifications are read as RFC 3464 has them; older bounces are known by who sends them.
    """
    if not (_is_report(message) or _is_from_a_mailer(message)):
        return None
    said: dict[str, Any] = {}
    for block in _status_blocks(message):
        said = _told(block)
        if said.get("action") == "failed":
            break
    failed = text(message, "X-Failed-Recipients")
    if failed and "recipient" not in said:
        said |= {"recipient": failed.split(",")[0].strip().lower(), "action": "failed"}
    original = _original(message, body)
    return {**said, "original": original} if original else {**said}


def automatic_because(message: Message, has_form: bool, is_reply: bool) -> str | None:
    """Return the sign by which a message is an automatic one, or None."""
    submitted = text(message, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted.startswith("auto-replied"):
        return "Auto-Submitted: auto-replied"
    for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply"):
        if text(message, name).lower() not in ("", "no"):
            return name
    if message.get_content_type() == "multipart/report" and _report_type(message) != "delivery-status":
        return f"a report: {_report_type(message) or 'of no type'}"
    if has_form:
        return None
    if submitted not in ("", "no"):
        return f"Auto-Submitted: {submitted[:40]}"
    signs = _weak_signs(message, is_reply)
    return " and ".join(signs[:2]) if len(signs) > 1 else None


def _weak_signs(message: Message, is_reply: bool) -> list[str]:
    precedence = text(message, "Precedence").lower()
    suppress = text(message, "X-Auto-Response-Suppress").lower()
    found = {
        f"Precedence: {precedence}": precedence in ("auto_reply", "bulk", "junk"),
        "X-Auto-Response-Suppress": suppress not in ("", "none"),
        "its subject": bool(_VACATION.match(text(message, "Subject"))),
        "an empty Return-Path": _has_null_path(message),
        "an answer": is_reply and bool(_VACATION.match(text(message, "Subject"))),
    }
    return [sign for sign, there in found.items() if there]


def _is_report(message: Message) -> bool:
    return _report_type(message) == "delivery-status" or any(
        part.get_content_type() == "message/delivery-status" for part in message.walk()
    )


def _report_type(message: Message) -> str:
    return str(message.get_param("report-type") or "").lower()


def _is_from_a_mailer(message: Message) -> bool:
    user = sender(message)[0].partition("@")[0]
    signs = (
        user == "mailer-daemon", _has_null_path(message), user == "postmaster",
        bool(_UNDELIVERED.search(text(message, "Subject"))), "X-Failed-Recipients" in message,
    )  # fmt: skip
    return sum(signs) > 1


def _has_null_path(message: Message) -> bool:
    return str(message.get("Return-Path", "x")).strip() in ("<>", "")


def _status_blocks(message: Message) -> list[Message]:
    """The groups of fields about one recipient each."""
    blocks = []
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(part.get_payload(), list):
            blocks += [block for block in part.get_payload() if isinstance(block, Message)]
    return [block for block in blocks if "Final-Recipient" in block or "Action" in block]


def _told(block: Message) -> dict[str, Any]:
    recipient = text(block, "Final-Recipient").rpartition(";")[2].strip().strip("<>").lower()
    status = _STATUS.search(text(block, "Status"))
    found = {
        "recipient": recipient[:320],
        "action": text(block, "Action").lower()[:20],
        "status": status[0] if status else "",
        "why": text(block, "Diagnostic-Code")[:400],
    }
    return {name: value for name, value in found.items() if value}


def _original(message: Message, body: str) -> str | None:
    """The id of the message that did not arrive: in the copy that came back, else what the bounce answers."""
    for part in message.walk():
        if part is not message and part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            if isinstance(inner, Message) and ids(inner, "Message-ID"):
                return ids(inner, "Message-ID")[0]
        if part.get_content_type() == "text/rfc822-headers":
            found = _ORIGINAL_ID.search(header_lines(part))
            if found:
                return found[1]
    quoted = _ORIGINAL_ID.search(body)
    answered = [*ids(message, "In-Reply-To"), *ids(message, "References")]
    return quoted[1] if quoted else next(iter(answered), None)


def header_lines(part: Message) -> str:
    """Return the headers that a part quotes, one to a line."""
    data = part.get_payload(decode=True)
    return "\n".join(map(header_text, data.decode("latin-1").splitlines())) if isinstance(data, bytes) else ""
