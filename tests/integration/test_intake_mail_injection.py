"""What somebody writes into a mail stays text, all the way to the e-mails and the pack that others read."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import text

from governance.escalation.envelope import compose
from governance.escalation.escalate import escalate
from governance.escalation.policies import read as read_policies
from governance.review.pack import build_pack
from intake_worlds import POLICIES, rows
from mail_worlds import drawn, form, mail, mailbox

TEMPLATE = "{{ 7 * 7 }} {% include '/etc/passwd' %} {{ ''.__class__.__mro__ }}"
HTML = "<script>alert(1)</script><img src=https://evil.example/x.png onerror=alert(1)>"


def test_templates_and_html_in_a_mail_are_shown_as_they_were_written(register, now, tmp_path):
    hostile = f"{TEMPLATE} {HTML}"
    requests = [
        mail("free", subject=hostile, text=hostile),
        mail("form", text=form(Kind="Change", Title=hostile, Benefit=hostile, Target=hostile, Category="",
                               Scopes="", Valid_from="", Valid_until="")),
    ]  # fmt: skip
    assert drawn(register, mailbox(*requests), now, tmp_path).loaded == 2
    assert rows(register, "SELECT DISTINCT title FROM request") == [(hostile,)]
    escalate(register, now=now, policies=POLICIES)
    sent = rows(register, "SELECT subject, body_text, body_html FROM outbox")
    assert any(TEMPLATE in body for _, body, _ in sent)
    for _, body, html in sent:
        assert "49" not in re.sub(r"\d{3,}", "", body)
        assert "<script>" not in html
        assert "<img src=https://evil" not in html
        assert "root:x:" not in body + html
    paths = build_pack(register, as_of=now, cadence="weekly", lake=tmp_path / "lake", policies=POLICIES)
    page = Path(paths.html).read_text("utf-8")
    assert "{{ 7 * 7 }}" in page
    assert "<script>alert" not in page
    assert "<img src=https://evil" not in page


def test_headers_cannot_be_smuggled_into_what_we_send(register, now, tmp_path):
    smuggled = b"From: =?utf-8?q?x=0D=0ABcc=3A_all=40example=2Ecom?= <ida.brandt@example.com>\r\n"
    subject = b"Subject: =?utf-8?q?Resize=0D=0ABcc=3A_all=40example=2Ecom=0D=0A=0D=0Abody?=\r\n"
    message = (
        smuggled + subject + b"Date: Mon, 02 Nov 2026 09:00:00 +0000\r\nMessage-ID: <s@example.com>\r\n\r\nHi"
    )
    assert drawn(register, mailbox(message), now, tmp_path).loaded == 1
    assert rows(register, "SELECT title, requester FROM request") == [
        ("Resize Bcc: all@example.com body", "ida.brandt@example.com")
    ]
    escalate(register, now=now, policies=POLICIES)
    settings = read_policies(POLICIES).ladder.mail
    with register.connect() as connection:
        queued = connection.execute(text("SELECT * FROM outbox")).all()
    assert queued
    for row in queued:
        sent = compose(row, settings, "governance@example.com")
        assert sent["Bcc"] is None
        assert b"\nBcc" not in sent.as_bytes()
