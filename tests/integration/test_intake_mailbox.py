"""A mailbox over real IMAP: every message is accounted for, a thread is one request, nothing in it is touched."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256

import pytest
from typer.testing import CliRunner

from governance import resources
from governance.cli import app
from governance.errors import SourceUnavailableError
from governance.intake import evidence, examination
from governance.intake.readers.kind import Opening
from governance.intake.readers.mail import kind
from governance.intake.readers.registry import probe
from governance.intake.replay import replay
from governance.intake.run import Intake
from governance.quality.gate import Verdict
from governance.register import lookup
from governance.review.scorecards.card import scorecards
from governance.sandbox.imap import Imap
from governance.sandbox.scenario import build
from intake_worlds import POLICIES, connections, frame, pull, reasons, rows, shipped
from mail_worlds import FORM, SOURCE, drawn, form, history, mail, mailbox, served

ROOT = mail("root", text=form())
REPLY = mail("reply", subject="Re: your request", text="It may stay until May.", sender="mira@example.com", hours=2,
             answers=("root",))  # fmt: skip
SECOND = mail("second", subject="Re: your request", text="Agreed.", sender="jon@example.com", hours=3,
              answers=("root", "reply"))  # fmt: skip
YIELD = {"source": SOURCE, "count": "yield"}
REGISTERED = (
    "SELECT source_key, kind, title, requester, status, valid_until, category FROM request ORDER BY 1"
)


@pytest.fixture
def real_gate():
    """For tests about expectations; the others do without, because the gate takes most of the time."""


@pytest.fixture(autouse=True)
def quick_gate(request, monkeypatch):
    if "real_gate" not in request.fixturenames:
        monkeypatch.setattr(examination, "judge", lambda batch, reasons, *a, **k: Verdict(reasons, "", {}))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    unhurried = partial(kind.ImapReader, sleep=lambda _: None)
    monkeypatch.setattr(kind, "ImapReader", unhurried)


def test_a_form_and_free_text_become_requests(register, real_gate, now, tmp_path):
    free = mail(
        "free", subject="Fwd: Resize the cluster", text="It is too small since Monday.\n\nIda", hours=1
    )
    result = drawn(register, mailbox(ROOT, free), now, tmp_path)
    assert (result.status, result.pulled, result.loaded, result.quarantined) == ("complete", 2, 2, 0)
    asked = frame(register, "SELECT * FROM request ORDER BY valid_at").to_dict("records")
    assert [(r["source_key"], r["kind"], r["title"], r["requester"], r["status"]) for r in asked] == [
        ("root@example.com", "exception", FORM["Title"], "ida.brandt@example.com", "submitted"),
        ("free@example.com", "change", "Resize the cluster", "ida.brandt@example.com", "submitted"),
    ]
    assert asked[0]["scopes"] == [{"account": ["100000000021"], "rule": ["s3-bucket-public-read-prohibited"]}]
    assert f"{asked[0]['valid_until']:%Y-%m-%d %H:%M}" == "2027-02-28 23:00"
    assert f"{asked[1]['submitted_at']:%Y-%m-%d %H:%M}" == "2026-11-02 10:00"
    assert asked[1]["description"] == "It is too small since Monday.\n\nIda"


def test_a_form_filled_wrong_waits_in_quarantine_with_the_reason(register, now, tmp_path):
    result = drawn(register, mailbox(mail("bad", text=form(Risk_level="gigantic")), ROOT), now, tmp_path)
    assert (result.loaded, result.quarantined) == (1, 1)
    [(locator, why)] = reasons(register, SOURCE).items()
    assert locator == "<bad@example.com>"
    assert "'gigantic' is none of the words that the spec knows" in why[0]


def test_nothing_in_the_mailbox_is_touched(register, now, tmp_path):
    box = mailbox(ROOT, REPLY)
    drawn(register, box, now, tmp_path)
    assert box.trespasses == []
    assert set(box.commands) == {"CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"}


def test_a_poll_that_finds_nothing_new_asks_for_nothing(register, now, tmp_path):
    box = mailbox(ROOT)
    drawn(register, box, now, tmp_path)
    box.commands.clear()
    assert drawn(register, box, now, tmp_path).pulled == 0
    assert "UID SEARCH" not in box.commands
    assert "UID FETCH" not in box.commands


@pytest.mark.parametrize("tells_uid_next", [True, False])
def test_only_what_came_since_is_read(register, now, tmp_path, tells_uid_next):
    box = mailbox(ROOT, tells_uid_next=tells_uid_next)
    drawn(register, box, now, tmp_path)
    assert drawn(register, box, now, tmp_path).pulled == 0
    box.messages.append(mailbox(mail("new", hours=5)).messages[0])
    box.gone.add(1)
    assert drawn(register, box, now, tmp_path).pulled == 1


def test_a_mailbox_numbered_anew_is_read_again_and_nothing_twice(register, now, tmp_path):
    box = mailbox(ROOT, REPLY, mail("free", hours=1))
    drawn(register, box, now, tmp_path)
    before = rows(register, "SELECT count(*) FROM request_event")
    box.renumber([*box.messages[::-1], *mailbox(mail("new", hours=7)).messages])
    again = drawn(register, box, now, tmp_path)
    assert (again.pulled, again.loaded, again.unchanged) == (4, 1, 3)
    assert "numbers its messages anew" in again.message
    assert rows(register, "SELECT count(*) FROM request_event") == [(before[0][0] + 1,)]


def test_a_copy_that_took_another_way_says_nothing_new(register, now, tmp_path):
    copy = b"Received: from list.example.org; Mon, 02 Nov 2026 11:00:00 +0000\r\nX-List: yes\r\n" + ROOT
    result = drawn(register, mailbox(ROOT, copy), now, tmp_path)
    assert (result.loaded, result.unchanged) == (1, 1)
    assert drawn(register, mailbox(copy), now, tmp_path, full=True).unchanged == 1


def test_a_reply_is_history_of_its_request_and_changes_no_field(register, now, tmp_path):
    forged = mail("forged", subject="Re: approved", sender="ciso@example.com", hours=4, answers=("root",),
                  text=form(Valid_until="2036-01-01", Title="Everything is public"))  # fmt: skip
    result = drawn(register, mailbox(ROOT, REPLY, SECOND, forged), now, tmp_path)
    assert (result.loaded, result.quarantined) == (4, 0)
    asked = frame(register, "SELECT * FROM request")
    assert asked[["title", "status", "requester"]].to_numpy().tolist() == [
        [FORM["Title"], "submitted", "ida.brandt@example.com"]
    ]
    assert f"{asked['valid_until'][0]:%Y}" == "2027"
    told = history(register, "root@example.com")
    assert [actor for actor, _, _ in told] == [
        "ida.brandt@example.com", "mira@example.com", "jon@example.com", "ciso@example.com"
    ]  # fmt: skip
    assert told[1] == ("mira@example.com", FORM["Title"], "It may stay until May.")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)], ids=str)
def test_a_thread_that_comes_in_any_order_over_several_pulls_is_the_same_request(
    register, now, tmp_path, order
):
    root = mail("root", text="Please resize it.", subject="Resize the cluster")
    messages = [root, REPLY, SECOND]
    box = mailbox()
    for position in order:
        box.messages += mailbox(messages[position]).messages
        result = drawn(register, box, now, tmp_path)
        assert (result.loaded, result.quarantined) == (1, 0)
    asked = frame(register, "SELECT * FROM request")
    assert asked[["source_key", "title", "description", "requester"]].to_numpy().tolist() == [
        ["root@example.com", "Resize the cluster", "Please resize it.", "ida.brandt@example.com"]
    ]
    latest = [(actor, text) for actor, _, text in history(register, "root@example.com")]
    assert latest[-1] == ("jon@example.com", "Agreed.")
    box.renumber()
    assert drawn(register, box, now, tmp_path).unchanged == 3


def test_a_thread_is_found_by_any_message_of_it_that_is_known(register, now, tmp_path):
    box = mailbox(ROOT, REPLY)
    drawn(register, box, now, tmp_path)
    cut_short = mail("late", sender="jon@example.com", hours=9, answers=("reply",), subject="Re: x")
    box.messages += mailbox(cut_short).messages
    drawn(register, box, now, tmp_path)
    assert rows(register, "SELECT source_key FROM request") == [("root@example.com",)]
    assert len(history(register, "root@example.com")) == 3


def test_the_id_of_a_request_in_the_subject_leads_to_it(register, now, tmp_path):
    box = mailbox(ROOT)
    drawn(register, box, now, tmp_path)
    [(name,)] = rows(register, "SELECT request_id FROM request")
    box.messages += mailbox(mail("asked", subject=f"Question about [{name}]", hours=6)).messages
    result = drawn(register, box, now, tmp_path)
    assert result.loaded == 1
    assert len(history(register, "root@example.com")) == 2


def test_a_reply_to_a_request_of_another_source_is_no_new_request(register, now, tmp_path):
    with register.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO request (kind, source, source_key, title, status, raw, valid_at)"
            " VALUES ('change', 'platform_jira', 'GOV-1', 'Open egress', 'submitted', '{}', '2026-11-01')"
        )
    result = drawn(register, mailbox(mail("tagged", subject="Re: [CHG-000001] egress")), now, tmp_path)
    assert (result.loaded, result.quarantined) == (0, 1)
    [why] = reasons(register, SOURCE).values()
    assert why == ["it answers CHG-000001, a request of platform_jira: what it says belongs there"]


def test_a_filled_form_asks_for_something_also_as_an_answer_to_the_template(register, now, tmp_path):
    template = ("template",)
    first = mail("first", subject="Re: form", text=form(), answers=template)
    second = mail("second", subject="Re: form", text=form(Title="Another bucket"), hours=1, answers=template)
    drawn(register, mailbox(first, second), now, tmp_path)
    assert rows(register, "SELECT title FROM request ORDER BY valid_at") == [
        (FORM["Title"],),
        ("Another bucket",),
    ]


def test_a_reply_waits_with_the_request_that_waits_and_both_come_back(register, now, tmp_path):
    spec = shipped(SOURCE)
    strict = spec.model_copy(update={"kind": spec.kind.model_copy(update={"map": {"Change": "change"}})})
    with served(mailbox(ROOT, REPLY)) as lookup:
        result = pull(register, strict, now, tmp_path, lookup=lookup)
    assert (result.loaded, result.quarantined) == (0, 2)
    [done] = replay(register, source=SOURCE, now=now, by="ida", spec=spec, config_dir=POLICIES.parent)
    assert (done.loaded, done.quarantined) == (2, 0)
    assert [title for _, title, _ in history(register, "root@example.com")] == [FORM["Title"]] * 2
    assert drawn(register, mailbox(SECOND), now, tmp_path, full=True).loaded == 1
    assert len(history(register, "root@example.com")) == 3


def test_two_messages_of_one_id_are_told_apart(register, now, tmp_path):
    drawn(register, mailbox(ROOT), now, tmp_path)
    stolen = mail("root", text=form(Title="Everything is public"), sender="evil@example.net", hours=5)
    drawn(register, mailbox(stolen), now, tmp_path, full=True)
    assert rows(register, "SELECT title, requester FROM request") == [
        (FORM["Title"], "ida.brandt@example.com")
    ]
    assert history(register, "root@example.com")[1][0] == "evil@example.net"


VACATION = mail("away", subject="Automatic reply: your request", text="I am away.", sender="mira@example.com",
                answers=("root",), headers={"Auto-Submitted": "auto-replied"})  # fmt: skip


def test_files_that_came_with_a_request_are_shown_with_it(register, register_url, now, tmp_path, monkeypatch):
    files = (("../plan.pdf", "application/pdf", b"%PDF-1.7 plan"), ("red\x1b[31m.txt", "text/plain", b"red"))
    drawn(register, mailbox(mail("files", files=files), mail("none", subject="No file")), now, tmp_path)
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", now.isoformat())
    ids = dict(rows(register, "SELECT source_key, request_id FROM request"))

    def shown(key, *options):
        return CliRunner().invoke(app, ["requests", "show", ids[f"{key}@example.com"], *options]).output

    lines = [line for line in shown("files").splitlines() if line.startswith("evidence")]
    digest = sha256(files[0][2]).hexdigest()
    assert len(lines) == 2
    assert lines[0].startswith("evidence  ")
    assert "plan.pdf, 13 bytes: " in "".join(lines)
    assert digest in "".join(lines)
    assert "\x1b" not in shown("files")
    told = json.loads(shown("files", "--json"))["evidence"]
    assert sorted(one["size"] for one in told) == [3, 13]
    for one in told:
        assert (tmp_path / one["path"]).read_bytes() in (files[0][2], files[1][2])
    assert "evidence" not in shown("none")


def test_automatic_replies_are_counted_and_nobody_is_asked_to_mend_them(register, now, tmp_path):
    result = drawn(register, mailbox(ROOT, VACATION), now, tmp_path)
    assert (result.pulled, result.loaded, result.quarantined) == (2, 1, 1)
    assert "1 of them no request" in result.message
    [(status, by, why)] = rows(register, "SELECT status, resolved_by, resolution FROM quarantine")
    assert (status, by) == ("discarded", "intake")
    assert why == "an automatic message, no request (Auto-Submitted: auto-replied)"
    assert len(history(register, "root@example.com")) == 1
    box = mailbox(ROOT, VACATION)
    box.renumber()
    drawn(register, box, now, tmp_path)
    assert rows(register, "SELECT status, count(*) FROM quarantine GROUP BY 1") == [("discarded", 1)]


def test_a_flood_of_automatic_replies_does_not_hold_the_batch(register, real_gate, now, tmp_path):
    flood = [mail(f"away-{n}", headers={"Auto-Submitted": "auto-replied"}) for n in range(9)]
    spec = shipped(SOURCE)
    spec = spec.model_copy(update={"batch": spec.batch.model_copy(update={"max_quarantined": 0.5})})
    with served(mailbox(ROOT, *flood)) as lookup:
        result = pull(register, spec, now, tmp_path, lookup=lookup)
    assert (result.status, result.loaded, result.quarantined) == ("complete", 1, 9)
    shares = rows(register, resources.sql("kpis/intake_quality.sql"), as_of=now, source=SOURCE)
    # nine automatic replies speak neither for nor against the one request
    assert [value for dimension, value, *_ in shares if dimension == YIELD] == [1]
    with register.connect() as connection:
        [card] = scorecards(connection, as_of=now, policies=POLICIES, source=SOURCE)
    assert (card.first_pass, card.weeks[-1]["pulled"], card.weeks[-1]["good"]) == (1, 1, 1)


def test_what_a_person_discards_still_counts_against_the_yield(register, now, tmp_path):
    drawn(register, mailbox(ROOT, mail("away", headers={"Auto-Submitted": "auto-replied"})), now, tmp_path)
    with register.begin() as connection:
        connection.exec_driver_sql("UPDATE quarantine SET resolved_by = 'ada'")
    shares = rows(register, resources.sql("kpis/intake_quality.sql"), as_of=now, source=SOURCE)
    assert [value for dimension, value, *_ in shares if dimension == YIELD] == [0.5]


def test_a_run_of_nothing_but_automatic_replies_has_no_yield(register, now, tmp_path):
    drawn(register, mailbox(mail("away", headers={"Auto-Submitted": "auto-replied"})), now, tmp_path)
    shares = rows(register, resources.sql("kpis/intake_quality.sql"), as_of=now, source=SOURCE)
    [(_, value, _, pulled, _, reason)] = [row for row in shares if row[0] == YIELD]
    assert (value, pulled, reason) == (None, 1, "the run pulled no request")
    with register.connect() as connection:
        [card] = scorecards(connection, as_of=now, policies=POLICIES, source=SOURCE)
    assert (card.last["pulled"], card.good, card.first_pass) == (1, card.last, None)


def bounce(original: str, recipient: str, action: str = "failed") -> bytes:
    """A delivery status notification as Postfix writes it."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: governance@example.com
Subject: Undelivered Mail Returned to Sender
Date: Mon, 16 Nov 2026 08:05:00 +0000
Message-ID: <bounce-{recipient}@mx.example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

This is the mail system. It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: message/rfc822

From: governance@example.com
Message-ID: <{original}>
Subject: 2 requests are overdue

...
--b--
""".replace("\n", "\r\n").encode()


OUTBOX = """INSERT INTO outbox (message_key, message_id, kind, recipient, subject, body_text, body_html, as_of, not_before,
                                status, sent_at)
            VALUES ('k', '<our-own@governance>', 'digest', 'Lead@example.com', 's', 't', 'h', '2026-11-16T08:00Z',
                    '2026-11-16T08:00Z', 'sent', '{}')"""


@pytest.mark.parametrize(
    ("message", "sent_at", "status"),
    [
        (bounce("our-own@governance", "lead@example.com"), "2026-11-16T08:00Z", "failed"),
        (bounce("our-own@governance", "lead@example.com", "delayed"), "2026-11-16T08:00Z", "sent"),
        (bounce("our-own@governance", "another@example.com"), "2026-11-16T08:00Z", "sent"),
        (bounce("not-ours@example.org", "lead@example.com"), "2026-11-16T08:00Z", "sent"),
        (bounce("our-own@governance", "lead@example.com"), "2026-11-16T09:00Z", "sent"),
    ],
    ids=["it failed", "it is late", "another recipient", "not our message", "sent again since"],
)
def test_a_bounce_of_our_own_mail_goes_back_to_the_outbox(register, now, tmp_path, message, sent_at, status):
    with register.begin() as connection:
        connection.exec_driver_sql(OUTBOX.format(sent_at))
    result = drawn(register, mailbox(message), now, tmp_path)
    assert (result.loaded, result.quarantined) == (0, 1)
    [(found, error)] = rows(register, "SELECT status, last_error FROM outbox")
    assert found == status
    assert (error == "bounced: smtp; 550 5.1.1 User unknown") == (status == "failed")
    assert rows(register, "SELECT status FROM quarantine") == [("discarded",)]


def test_an_answer_to_our_own_mail_about_one_request_is_history_of_it(register, now, tmp_path):
    box = mailbox(ROOT)
    drawn(register, box, now, tmp_path)
    with register.begin() as connection:
        connection.exec_driver_sql(OUTBOX.format("2026-11-16T08:00Z"))
        connection.exec_driver_sql(
            "INSERT INTO send_ledger (request_number, clock, rung, audience, recipient, reached_at, due_at, as_of, message)"
            " SELECT request_number, 'decision', 'reminder', 'owner', 'l@example.com', now(), now(), now(), message"
            " FROM request, outbox"
        )
    ours = mail("answer", subject="Re: overdue", hours=9, headers={"In-Reply-To": "<our-own@governance>"})
    lost = mail("lost", subject="Re: overdue", headers={"In-Reply-To": "<nobodys@governance>"})
    box.messages += mailbox(ours, lost).messages
    drawn(register, box, now, tmp_path)
    assert len(history(register, "root@example.com")) == 2
    assert rows(register, "SELECT source_key FROM request ORDER BY 1") == [
        ("nobodys@governance",),
        ("root@example.com",),
    ]


PDF = ("../../../etc/cron.d/plan.pdf", "application/pdf", b"%PDF-1.7 not really")
BOMB = ("bomb.zip", "application/zip", b"PK\x03\x04" + b"\x00" * 5000)


def test_attachments_are_evidence_stored_once_below_the_lake(register, now, tmp_path):
    lake = tmp_path / "lake"
    twin = mail("twin", hours=1, files=(("copy.pdf", "application/pdf", PDF[2]),))
    box = mailbox(mail("filed", files=(PDF, BOMB)), twin)
    drawn(register, box, now, lake)
    box.renumber()
    drawn(register, box, now, lake)
    stored = sorted(path for path in tmp_path.rglob("*") if path.is_file() and "validation" not in path.parts)
    assert len(stored) == 2
    assert all(path.is_relative_to(lake / "evidence") for path in stored)
    with register.connect() as connection:
        found = lookup.evidence(connection, SOURCE, "filed@example.com", now)
    assert [(one["name"], one["media_type"], one["size"]) for one in found] == [
        ("plan.pdf", "application/pdf", 19),
        ("bomb.zip", "application/zip", 5004),
    ]
    assert evidence.EvidenceStore(str(lake)).read(found[0]["path"]) == PDF[2]
    assert rows(register, "SELECT count(*) FROM evidence") == [(3,)]
    [(raw,)] = rows(register, "SELECT raw -> 'attachments' -> 0 FROM request WHERE source_key LIKE 'filed%'")
    assert raw["sha256"] == found[0]["sha256"]


def test_evidence_of_a_quarantined_record_is_kept(register, now, tmp_path):
    drawn(register, mailbox(mail("bad", text=form(Risk_level="x"), files=(PDF,))), now, tmp_path)
    assert rows(register, "SELECT source_key, name FROM evidence") == [("bad@example.com", "plan.pdf")]


def test_a_huge_message_is_not_read_but_accounted_for(register, now, tmp_path):
    huge = mail("huge", files=(("big.bin", "application/octet-stream", b"x" * 90_000),))
    box = mailbox(ROOT, huge)
    result = drawn(register, box, now, tmp_path, {"largest_bytes": 65536})
    assert (result.loaded, result.quarantined) == (1, 1)
    [(locator, why)] = reasons(register, SOURCE).items()
    assert (locator, why) == ("<huge@example.com>", ["the message has 0.1 MiB; at most 0.1 MiB are read"])


TRUSTED = "mx.example.com; dkim={} header.d=example.com; spf=pass smtp.mailfrom=example.com"


@pytest.mark.parametrize(
    ("header", "passes"),
    [
        (TRUSTED.format("pass"), True),
        (TRUSTED.format("fail"), False),
        (TRUSTED.format("fail").replace("mx.", "mx.evil."), True),
    ],
    ids=["pass", "fail", "somebody else's word"],
)
def test_a_spec_may_demand_what_the_receiving_host_found(register, real_gate, now, tmp_path, header, passes):
    box = mailbox(mail("signed", headers={"Authentication-Results": header}))
    result = drawn(register, box, now, tmp_path)
    assert (result.loaded, result.quarantined) == ((1, 0) if passes else (0, 1))
    if not passes:
        assert reasons(register, SOURCE) == {
            "<signed@example.com>": ["expected that the mail is not shown to be forged (DKIM does not fail)"]
        }


def test_a_connection_that_breaks_in_a_message_is_taken_up_again(register, now, tmp_path):
    box = mailbox(ROOT, REPLY, SECOND)
    box.plan("drop_in_literal", times=2)
    result = drawn(register, box, now, tmp_path)
    assert (result.status, result.loaded) == ("complete", 3)
    assert box.commands.count("LOGIN") == 3


def test_a_connection_that_breaks_every_time_fails_the_run_and_the_next_finishes(register, now, tmp_path):
    box = mailbox(ROOT, REPLY)
    box.plan("drop_in_literal", times=3)
    result = drawn(register, box, now, tmp_path)
    assert (result.status, result.pulled) == ("failed", 0)
    assert "breaks off" in result.message
    assert "3 times in one pull" in result.message
    assert drawn(register, box, now, tmp_path).loaded == 2


def test_a_slow_server_is_given_up_in_time(register, now, tmp_path):
    box = mailbox(ROOT, slow_seconds=5)
    box.plan("slow")
    result = drawn(register, box, now, tmp_path, {"timeout_seconds": 0.2, "attempts": 1})
    assert result.status == "failed"
    assert "timed out" in result.message


def test_a_refused_login_names_the_connection_and_no_password(register, now, tmp_path):
    box = mailbox(ROOT)
    box.plan("refuse_login")
    result = drawn(register, box, now, tmp_path)
    assert result.status == "failed"
    assert "check login and password of connection governance_mailbox" in result.message
    assert "sandbox-only" not in result.message
    assert box.commands.count("LOGIN") == 1


def test_an_answer_that_is_not_imap_fails_the_run_in_one_line(register, now, tmp_path):
    box = mailbox(ROOT)
    box.plan("garbage", times=10)
    result = drawn(register, box, now, tmp_path)
    assert result.status == "failed"
    assert "\n" not in result.message


def test_a_mailbox_that_is_not_there_is_named(register, now, tmp_path):
    result = drawn(register, mailbox(ROOT), now, tmp_path, {"mailbox": "Anträge"})
    assert result.status == "failed"
    assert "refuses Anträge: [NONEXISTENT] Unknown mailbox" in result.message


def test_no_server_at_all(register, now, tmp_path):
    lookup = connections(governance_mailbox={"host": "127.0.0.1", "port": 1, "extra": {"use_ssl": False}})
    result = pull(register, shipped(SOURCE), now, tmp_path, lookup=lookup)
    assert result.status == "failed"
    assert "127.0.0.1:1 breaks off" in result.message


def test_a_folder_of_messages_can_be_read_instead(register, now, tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "1.eml").write_bytes(ROOT)
    (folder / "2.eml").write_bytes(VACATION)
    result = Intake(register, now, str(tmp_path), path=folder, policies=POLICIES).run(shipped(SOURCE))
    assert (result.loaded, result.quarantined) == (1, 1)


def test_the_mailbox_of_the_demo_gives_what_was_planted(register, real_gate, now, tmp_path):
    scenario = build()
    box = Imap(list(scenario.mailbox))
    result = drawn(register, box, now, tmp_path)
    assert reasons(register, SOURCE).keys() == {
        "<risky@mail.example.com>",
        "<dated@mail.example.com>",
        "<forged@mail.example.com>",
        "<nobody@mail.example.com>",
    }
    assert (result.pulled, result.loaded, result.unchanged, result.quarantined) == (14, 8, 0, 6)
    keys = [key.partition("@")[0] for (key,) in rows(register, "SELECT source_key FROM request ORDER BY 1")]
    assert keys == ["broken", "pilot", "queue", "rotate", "survey", "tokyo"]
    assert [actor.partition("@")[0] for actor, _, _ in history(register, "survey@mail.example.com")] == [
        "ida.brandt", "jonas.keller", "ida.brandt"
    ]  # fmt: skip
    waiting = rows(register, "SELECT source_key FROM quarantine WHERE status = 'open'")
    planted = [p.key for p in scenario.planted if p.source == SOURCE and p.expects == "quarantine" and p.key]
    assert sorted(key for (key,) in waiting) == sorted(planted)
    assert rows(register, "SELECT count(*) FROM quarantine WHERE status = 'discarded'") == [(2,)]
    assert rows(register, "SELECT name FROM evidence ORDER BY 1") == [("figures.pdf",), ("sizing.zip",)]
    owners = dict(rows(register, "SELECT source_key, owner FROM request"))
    for case in scenario.planted:
        if case.source == SOURCE and case.expects == "owner":
            assert owners[case.key] == case.recipient, case
    assert drawn(register, box, now, tmp_path).pulled == 0


def test_the_doctor_hears_whether_the_mailbox_opens():
    spec = shipped(SOURCE)
    box = mailbox(ROOT)
    with served(box) as lookup:
        assert probe(spec, Opening(lookup)).startswith("INBOX of 127.0.0.1:")
        box.plan("refuse_login")
        with pytest.raises(SourceUnavailableError, match="check login and password"):
            probe(spec, Opening(lookup))
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        probe(spec, Opening(lookup))


def test_evidence_lies_in_a_remote_lake_as_in_a_folder():
    store = evidence.EvidenceStore("memory://lake")
    kept = store.keep(b"the figures")
    assert store.keep(b"the figures") == kept
    assert kept["path"] == f"evidence/{kept['sha256'][:2]}/{kept['sha256']}"
    assert store.read(kept["path"]) == b"the figures"
