"""What people wrote to the governance mailbox in the days before NOW, and what must become of it.

Form mails and free text, replies, an automatic one, a bounce, a copy, a forgery, and messages that no program
should have sent. Nothing here is drawn by chance, so it changes nothing that the rest of the scenario tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from governance.intake.form_text import form_text
from governance.sandbox.imap import StoredMessage
from governance.sandbox.scenario import malformed
from governance.sandbox.scenario.model import Planted
from governance.sandbox.scenario.people import AUTHORITY, DATA, PAYMENTS, REQUESTERS, display_name

MAILBOX = "governance_mailbox"
FRIDAY = datetime(2026, 11, 13, 12, tzinfo=UTC)
_IDA, _JONAS, _MIRA, _TOMASZ = REQUESTERS[:4]
_HOST = "mx.example.com"
_TO = "governance@example.com"

_EXCEPTION = {
    "Kind": "Exception", "Title": "Public bucket for the results of the customer survey",
    "Description": "Participants may download the results until the end of the quarter.",
    "Risk level": "Low", "Target": "account/100000000033/s3/survey-results", "Target type": "resource",
    "Benefit": "Nobody needs an account to read them", "Risk": "Only figures that are published anyway",
    "Risk if denied": "The results go out as attachments", "Category": "waiver",
    "Scopes": '[{"account": ["100000000033"], "rule": ["s3-bucket-public-read-prohibited"]}]',
    "Valid from": "2026-12-01", "Valid until": "2027-01-01",
}  # fmt: skip
_ADDITION = {
    "Kind": "addition", "Title": "An account for the new recommendation service", "Risk level": "low",
    "Target": "account/100000000044", "Target type": "Resource", "Thing type": "account",
    "Thing": '{"name": "recommendation-dev"}', "Benefit": "A place of its own for the pilot",
}  # fmt: skip
_CHANGE = {
    "Kind": "Change", "Title": "Rotate the database passwords of the warehouse", "Risk level": "LOW",
    "Target": "account/100000000042/rds/warehouse", "Target type": "resource", "Runbook": "rotate-secrets",
    "Window start": "2026-12-02 20:00", "Window end": "2026-12-02 22:00",
}  # fmt: skip


def _message(
    name: str, sender: str, subject: str, text: str, answers: tuple[str, ...] = (), **headers: str
) -> EmailMessage:
    message = EmailMessage()
    message["Authentication-Results"] = f"{_HOST}; spf=pass smtp.mailfrom=example.com; dkim=pass"
    message["From"] = f"{display_name(sender)} <{sender}>"
    message["To"], message["Subject"], message["Message-ID"] = _TO, subject, _id(name)
    if answers:
        message["In-Reply-To"] = _id(answers[-1])
        message["References"] = " ".join(map(_id, answers))
    for header, value in headers.items():
        message[header.replace("_", "-")] = value
    message.set_content(text, cte="quoted-printable")
    return message


def _id(name: str) -> str:
    return f"<{name}@mail.example.com>"


def _with_file(message: EmailMessage, name: str, subtype: str, content: bytes) -> EmailMessage:
    message.add_attachment(content, maintype="application", subtype=subtype, filename=name)
    message.set_boundary(
        f"=_{message['Message-ID'].strip('<>').partition('@')[0]}"
    )  # not one drawn by chance
    return message


def _form(fields: Mapping[str, str], **changes: str) -> str:
    filled = {**fields, **{label.replace("_", " "): value for label, value in changes.items()}}
    return f"Hello,\n\nplease find the form below.\n\n{form_text(filled)}\n-- \nKind regards\n"


def _html(message: EmailMessage, text: str) -> EmailMessage:
    rows = "".join(f"<div>{line.replace('&', '&amp;')}</div>" for line in text.splitlines())
    message.set_content(f"<html><body>{rows}</body></html>", subtype="html", cte="quoted-printable")
    return message


def _good() -> list[EmailMessage | bytes]:
    survey = _message("survey", _IDA, "Exception for the survey", _form(_EXCEPTION))
    pilot = _message("pilot", _JONAS, "New account", _form(_ADDITION))
    rotate = _html(_message("rotate", _MIRA, "Change: rotation", ""), _form(_CHANGE))
    queue = _message(
        "queue", _TOMASZ, "Größere Warteschlange für die Bestellungen",
        "Guten Morgen,\n\nseit Montag läuft sie über. Können wir sie verdoppeln?\n\nTomasz",
        Date=format_datetime(FRIDAY),
    )  # fmt: skip
    return [
        _with_file(survey, "../../board/figures.pdf", "pdf", b"%PDF-1.7\n% the figures of the survey\n"),
        _with_file(pilot, "sizing.zip", "zip", b"PK\x05\x06" + b"\x00" * 18),
        rotate,
        queue,
        _message(
            "reply-1", _JONAS, "Re: Exception for the survey", "Is a signed link not enough?", ("survey",)
        ),
        _message("reply-2", _IDA, "AW: Exception for the survey", "Not for 4,000 people.", ("reply-1",)),
        _BROKEN,
        _SHIFT_JIS,
    ]


_BROKEN = b"""From: Aylin Demir <aylin.demir@example.com>\r
To: governance@example.com\r
Subject: =?utf-8?q?Alerts_for_the_=E2=82=AC_gateway?=\r
Date: yesterday afternoon\r
Message-ID: broken@mail.example.com\r
Content-Type: multipart/alternative; boundary="never"\r
\r
--never\r
Content-Type: text/plain; charset=x-mac-none\r
\r
Please let the alerts of the gateway go to the on-call rota \xe2\x80\x93 today they reach nobody.\r
"""
_TOKYO = "東京リージョンを使えるようにしてください。".encode("shift_jis")
_SHIFT_JIS = (
    b"From: hana.suzuki@example.com\r\nTo: governance@example.com\r\nMessage-ID: <tokyo@mail.example.com>\r\n"
    b"Subject: =?shift_jis?B?k4yLnoOKgVuDV4OHg5M=?=\r\n"
    b"Content-Type: text/plain; charset=shift_jis\r\n\r\n" + _TOKYO
)  # fmt: skip


def _no_requests() -> list[EmailMessage | bytes]:
    away = _message(
        "away", _MIRA, "Automatic reply: Exception for the survey", "I am back on Monday.", ("survey",),
        Auto_Submitted="auto-replied", X_Auto_Response_Suppress="All",
    )  # fmt: skip
    return [away, _BOUNCE]


_BOUNCE = b"""Return-Path: <>\r
From: MAILER-DAEMON@mx.example.com\r
To: governance@example.com\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <bounce@mx.example.com>\r
Auto-Submitted: auto-replied\r
Content-Type: multipart/report; report-type=delivery-status; boundary="report"\r
\r
--report\r
Content-Type: text/plain\r
\r
Your message could not be delivered.\r
--report\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.com\r
\r
Final-Recipient: rfc822; nobody@example.com\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 User unknown\r
\r
--report--\r
"""


def _bad() -> dict[str, tuple[str, str, EmailMessage | bytes]]:
    """Case -> (why, name, message) of those that must wait in quarantine."""
    forged = _message(
        "forged", "ciso@example.com", "Urgent: open everything", "Do it now, I approve. The CISO"
    )
    forged.replace_header("Authentication-Results", f"{_HOST}; spf=softfail; dkim=fail header.d=example.com")
    nobody = _message("nobody", _IDA, "Anonymous wish", "Guess who I am.")
    nobody.replace_header("From", "the whole team")
    return {
        "mail-unknown-risk": (
            "risk level Enormous does not exist",
            "risky",
            _message("risky", _IDA, "Change", _form(_CHANGE, Risk_level="Enormous")),
        ),
        "mail-day-first": (
            "the end is not written year-month-day",
            "dated",
            _message("dated", _MIRA, "Exception", _form(_EXCEPTION, Valid_until="31.01.2027")),
        ),
        "mail-forged": ("DKIM fails: somebody else wrote it", "forged", forged),
        "mail-nobody": ("nobody asks: there is no address in From", "nobody", nobody),
    }


def write() -> tuple[list[StoredMessage], list[Planted]]:
    """Return the mailbox, oldest message first, and what must be found of it."""
    bad = _bad()
    letters = [*_good(), *_no_requests(), *(message for _, _, message in bad.values())]
    stored = [
        _stored(letter, FRIDAY + timedelta(minutes=7 * number)) for number, letter in enumerate(letters)
    ]
    planted = [
        malformed.expectation(MAILBOX, case, why, f"{name}@mail.example.com")
        for case, (why, name, _) in bad.items()
    ]
    return stored, [*planted, *_owned(), _total(len(bad))]


def _stored(letter: EmailMessage | bytes, at: datetime) -> StoredMessage:
    if isinstance(letter, EmailMessage):
        if "Date" not in letter:
            letter["Date"] = format_datetime(at - timedelta(seconds=4))
        letter = _bytes(letter)
    return StoredMessage(letter, at)


def _bytes(message: EmailMessage) -> bytes:
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _owned() -> list[Planted]:
    """Who decides about what was asked for by mail: by its target, and where there is none the authority."""
    case = Planted(
        "mailed-form", "a form sent by mail, two replies", "owner", "its target is an account of payments",
        MAILBOX, "survey@mail.example.com", recipient=PAYMENTS,
    )  # fmt: skip
    return [
        case,
        replace(
            case, case="mailed-html-form", title="a form sent as HTML", key="rotate@mail.example.com",
            why="its target is an account of the data platform", recipient=DATA,
        ),
        replace(
            case, case="mailed-broken", title="a message of broken parts", key="broken@mail.example.com",
            why="free text names no target", recipient=AUTHORITY, owned=False,
        ),
    ]  # fmt: skip


def _total(size: int) -> Planted:
    return Planted(
        f"only-malformed-{MAILBOX}", f"{size} messages in quarantine, no more", "quarantine",
        "replies are history, automatic replies and bounces are nobody's work", MAILBOX, count=size,
    )  # fmt: skip
