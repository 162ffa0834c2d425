"""Every message becomes a record, whatever its bytes are, and none of it becomes more than text."""

from __future__ import annotations

import doctest
import json
import sys
from datetime import UTC, datetime
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.intake.readers.mail.message import MOST_ATTACHMENTS, Reading, read_message
from governance.intake.readers.mail.reader import read
from mail_worlds import FORM, form, mail

LABELS = tuple(FORM)
HEAD = b"From: ida@example.com\r\nSubject: x\r\n"
RECEIVED = datetime(2026, 11, 16, 7, tzinfo=UTC)


def raw(data: bytes, **reading) -> dict:
    found, problem = read_message(data, Reading(**{"labels": LABELS, **reading}), RECEIVED)
    assert problem is None
    return found


@pytest.mark.parametrize("name", ["charsets", "headers", "html_text", "parts", "transport"])
def test_the_doctests_hold(name):
    module = import_module(f"governance.intake.readers.mail.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("declared", "written", "text"),
    [
        ("utf-8", "Größe".encode(), "Größe"),
        ("iso-8859-1", "Größe “x”".encode("cp1252"), "Größe “x”"),
        ("us-ascii", "Größe".encode(), "Größe"),
        ("utf-8", "Größe".encode("cp1252"), "Größe"),
        ("x-unknown", "Größe".encode(), "Größe"),
        ("gb2312", "镕".encode("gb18030"), "镕"),
        ("iso-2022-jp", "まみむめも".encode("iso-2022-jp"), "まみむめも"),
        ("utf-16", "Größe".encode("utf-16"), "Größe"),
        ("rot13", b"plain", "plain"),
        ("idna", b"plain", "plain"),
    ],
)
def test_text_is_read_whatever_charset_was_declared(declared, written, text):
    found = raw(HEAD + f"Content-Type: text/plain; charset={declared}\r\n\r\n".encode() + written)
    assert found["text"] == text


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Größe".encode(), "Größe"),
        ("Größe".encode("latin-1"), "Größe"),
        (b"=?iso-8859-1?q?Gr=F6=DFe?=", "Größe"),
        (b"=?utf-8?b?R3LDtg==?=\r\n =?utf-8?b?w59l?=", "Größe"),
        (b"=?utf-8?b?R3LDtn?=", "Grö"),
        (b"=?x-none?q?Gr=C3=B6?=", "Grö"),
        (b"a =?utf-8?q?=0D=0ABcc=3A_all=40example=2Ecom?=", "a Bcc: all@example.com"),
        (b"a\x00b\x07c", "abc"),
    ],
)
def test_a_subject_is_one_line_of_text(subject, text):
    found = raw(b"From: a@example.com\r\nSubject: " + subject + b"\r\n\r\nHi")
    assert found["subject"] == text
    assert "\n" not in found["subject"]


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Ida Brandt <Ida.Brandt@Example.com>", "ida.brandt@example.com"),
        ("=?utf-8?q?ciso=40example=2Ecom?= <evil@example.net>", "evil@example.net"),
        ('"ciso@example.com" <evil@example.net>', "evil@example.net"),
        ("evil@example.net (ciso@example.com)", "evil@example.net"),
        ("ida@example.com, ciso@example.com", "ida@example.com"),
        ("no address at all", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_the_sender_is_the_address_not_the_name(sender, address):
    assert raw(f"From: {sender}\r\nSubject: x\r\n\r\n".encode())["from"] == address


@pytest.mark.parametrize(
    ("headers", "date", "by"),
    [
        ("Date: Mon, 02 Nov 2026 10:00:00 +0100\r\n", "2026-11-02T09:00:00+00:00", "Date"),
        ("Date: yesterday\r\nReceived: by mx; Mon, 02 Nov 2026 09:00:05 +0000\r\n", "2026-11-02T09:00:05+00:00", "Received"),
        ("Date: Mon, 02 Nov 2037 10:00:00 +0100\r\n", "2026-11-16T07:00:00+00:00", "mailbox"),
        ("Date: Mon, 02 Nov 1970 10:00:00 +0100\r\n", "2026-11-16T07:00:00+00:00", "mailbox"),
        ("", "2026-11-16T07:00:00+00:00", "mailbox"),
    ],
)  # fmt: skip
def test_a_message_without_a_date_is_of_its_arrival(headers, date, by):
    found = raw(HEAD + headers.encode() + b"\r\nHi")
    assert (found["date"], found["date_from"]) == (date, by)


def test_a_message_without_an_id_is_known_by_what_it_says():
    first, again = raw(HEAD + b"\r\nHi"), raw(b"Received: x\r\n" + HEAD + b"\r\nHi")
    assert first["message_id"].endswith("@no-message-id.invalid")
    assert first["message_id"] == again["message_id"] == again["thread"]
    assert raw(HEAD + b"\r\nHo")["message_id"] != first["message_id"]


def test_html_is_read_as_text_and_a_form_in_it_too():
    body = "".join(f"<div>{line}</div>" for line in form(Title="Öffne 443").splitlines())
    found = raw(
        HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + f"<html><style>x</style>{body}".encode()
    )
    assert found["text_from"] == "html"
    assert found["form"] == {**FORM, "Title": "Öffne 443"}


def test_plain_text_goes_before_html():
    parts = b"--b\r\nContent-Type: text/%s\r\n\r\n%s\r\n"
    head = HEAD + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    found = raw(head + parts % (b"plain", b"as text") + parts % (b"html", b"<p>as html</p>") + b"--b--\r\n")
    assert (found["text"], found["text_from"], found["attachments"]) == ("as text", "plain", [])


def test_a_multipart_without_parts_is_text():
    found = raw(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\nno boundary anywhere")
    assert (found["text"], found["attachments"]) == ("no boundary anywhere", [])
    assert found["defects"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("..", "unnamed"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('<img src=x onerror="a()">.png', "img src=x onerror=a().png"),
        ("x" * 400 + ".pdf", None),
    ],
)
def test_a_file_name_is_for_people_and_never_a_path(name, shown):
    content = mail("m", files=(("placeholder", "text/plain", b"x"),))
    coded = "".join(f"%{byte:02X}" for byte in name.encode())
    data = content.replace(b'filename="placeholder"', b"filename*=utf-8''" + coded.encode())
    [file] = raw(data)["attachments"]
    assert file["name"] == shown or (shown is None and len(file["name"]) <= 120)
    assert "/" not in file["name"]
    assert "\\" not in file["name"]


def test_attachments_are_bounded_in_number_and_never_unpacked():
    parts = b"".join(b"--b\r\nContent-Type: application/zip\r\n\r\nPK%d\r\n" % n for n in range(60))
    found = raw(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n")
    assert len(found["attachments"]) == MOST_ATTACHMENTS
    assert found["attachments_left_out"] == 10
    assert {file["size"] for file in found["attachments"]} <= {3, 4}


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({"Auto-Submitted": "auto-replied (vacation)"}, True),
        ({"Auto-Submitted": "auto-generated"}, True),
        ({"Auto-Submitted": "no"}, False),
        ({"X-Autoreply": "yes"}, True),
        ({"X-Auto-Response-Suppress": "All"}, False),
        ({"X-Auto-Response-Suppress": "All", "Precedence": "bulk"}, True),
        ({"Precedence": "list"}, False),
        ({"Precedence": "bulk"}, False),
        ({"Precedence": "auto_reply", "Return-Path": "<>"}, True),
    ],
)
def test_automatic_messages_are_told_from_requests(headers, automatic):
    found = raw(mail("m", headers=headers))
    assert (found["class"] == "automatic") == automatic
    assert read(mail("m", headers=headers), Reading()).dismissed == automatic


@pytest.mark.parametrize(
    ("subject", "automatic"),
    [
        ("Automatic reply: Resize", True), ("Abwesenheitsnotiz: Resize", True), ("Réponse automatique : Resize", True),
        ("Out of office calendar for the team", False), ("Re: Resize", False),
    ],
)  # fmt: skip
def test_a_vacation_subject_counts_where_it_answers_something(subject, automatic):
    assert (raw(mail("m", subject=subject, answers=("root",)))["class"] == "automatic") == automatic
    assert raw(mail("m", subject=subject))["class"] == "message"


def test_a_filled_form_is_a_request_even_of_a_machine():
    assert raw(mail("m", text=form(), headers={"Auto-Submitted": "auto-generated"}))["class"] == "message"


def test_a_bounce_of_the_old_kind_is_recognised_by_its_sender():
    found = raw(
        mail("m", sender="MAILER-DAEMON@example.com", subject="failure notice",
             text="Sorry.\n\n--- Below is a copy:\nMessage-ID: <abc@governance>\n",
             headers={"X-Failed-Recipients": "gone@example.com"})
    )  # fmt: skip
    assert found["class"] == "bounce"
    assert found["bounce"] == {
        "recipient": "gone@example.com",
        "action": "failed",
        "original": "abc@governance",
    }


OURS = "mx.example.com; spf=pass smtp.mailfrom=example.com; dkim=fail (bad) header.d=x.org; dkim=pass header.d=example.com"


@pytest.mark.parametrize(
    ("headers", "trusted", "spf", "dkim", "dmarc"),
    [
        ([OURS], ["mx.example.com"], "pass", "pass", "none"),
        ([OURS], ["MX.example.com."], "pass", "pass", "none"),
        ([OURS], [], "unknown", "unknown", "unknown"),
        ([OURS.replace("mx.", "evil.")], ["mx.example.com"], "unknown", "unknown", "unknown"),
        (["evil.example.com; spf=fail", OURS], ["mx.example.com"], "unknown", "unknown", "unknown"),
        (["mx.example.com 1; dmarc=fail header.from=example.com", OURS], ["mx.example.com"], "none", "none", "fail"),
        ([";;;=", OURS], ["mx.example.com"], "unknown", "unknown", "unknown"),
        ([], ["mx.example.com"], "unknown", "unknown", "unknown"),
    ],
)  # fmt: skip
def test_only_the_topmost_word_of_our_own_host_is_believed(headers, trusted, spf, dkim, dmarc):
    lines = "".join(f"Authentication-Results: {header}\r\n" for header in headers)
    found = raw(lines.encode() + mail("m"), trusted=tuple(trusted))["authentication"]
    assert (found["spf"], found["dkim"], found["dmarc"]) == (spf, dkim, dmarc)


def test_a_template_in_a_mail_is_text():
    payload = "{{ 7 * 7 }} {% include '/etc/passwd' %} ${jndi:ldap://x} <script>alert(1)</script>"
    found = raw(mail("m", subject=payload, text=payload))
    assert found["text"] == payload
    assert found["title"] == payload


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00", b"\xff" * 100, b"\r\n\r\n", b"no header at all",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(
            b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(3000)
        ),
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    ],
    ids=["nothing", "NUL", "foreign bytes", "two line ends", "no header", "nested parts", "nested messages"],
)  # fmt: skip
def test_what_is_no_message_is_a_record_with_a_problem(data):
    record = read(data, Reading())
    assert record.problem is not None
    assert record.locator.endswith("@no-message-id.invalid>")
    json.dumps(record.raw)


def work_of(data):
    """Calls that reading a message takes, those of the interpreter's own functions included."""
    calls = 0

    def note(frame, event, _):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        read(data, Reading(labels=LABELS))
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.timeout(60)  # where one call does all the work, a square of it never ends
@pytest.mark.parametrize(
    ("begin", "again", "end", "times"),
    [
        (HEAD + b"Content-Type: text/html\r\n\r\n", b"<!--", b"", 125_000),
        (HEAD + b"Content-Type: text/html\r\n\r\n", b"<a x='", b"", 80_000),
        (HEAD + b"Content-Type: text/plain", b'; "', b"\r\n\r\n", 100_000),
        (b"From: ", b"a,(", b"\r\nSubject: x\r\n\r\n", 100_000),
        (b"From: a@example.com\r\nSubject: ", b"=?utf-8?q?a?=", b"\r\n\r\n", 50_000),
        (HEAD + b"References: ", b"<a@b> ", b"\r\n\r\n", 100_000),
    ],
    ids=["comments", "attributes", "parameters", "addresses", "encoded words", "references"],
)
def test_no_message_takes_long_to_read(begin, again, end, times):
    few, twice = (work_of(begin + again * (times // part) + end) for part in (20, 10))
    assert twice < 2.5 * few
    record = read(begin + again * times + end, Reading(labels=LABELS))
    assert len(json.dumps(record.raw)) < 1_500_000


LINES = st.sampled_from(
    [
        b"From: ", b"Subject: ", b"Date: ", b"Message-ID: <", b"References: ", b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: text/html; charset=", b"Content-Transfer-Encoding: base64", b"Content-Type: message/rfc822",
        b"Content-Disposition: attachment; filename*=", b"--b", b"--b--", b"Authentication-Results: mx; dkim=", b"",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b", b"Content-Type: message/delivery-status",
        b"Auto-Submitted: ", b"--- Request form ---", b"Title: ", b"=?utf-8?b?", b"Received: ;",
    ]
)  # fmt: skip
MESSAGES = st.lists(st.tuples(LINES, st.binary(max_size=12)), max_size=30).map(
    lambda lines: b"\r\n".join(start + rest for start, rest in lines)
)


@settings(max_examples=250, deadline=None)
@given(st.one_of(st.binary(max_size=400), MESSAGES))
def test_arbitrary_bytes_never_raise(data):
    record = read(data, Reading(labels=LABELS, trusted=("mx",)))
    assert record.raw["message_id"]
    assert json.loads(json.dumps(record.raw, ensure_ascii=True)) == record.raw
    assert "\\u0000" not in json.dumps(record.raw)
    again = read(data, Reading(labels=LABELS, trusted=("mx",)))
    assert again == record
