"""Sending: refusals, overlap, crashes and dead servers, against a real SMTP server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from escalation_worlds import MANAGER, OFFICE, OWNER, Mailbox, mailbox, observed, outbox, policies, tell
from governance.connections import Connection
from governance.escalation.delivery import MailUnavailableError, Sent, send
from governance.escalation.escalate import escalate

NOON = datetime(2026, 11, 13, 12, tzinfo=UTC)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return policies(tmp_path / "policies", attempts=3)


@pytest.fixture
def digests(register: Engine, folder: Path) -> list[str]:
    """Six reminders to six owners wait in the outbox; their addresses."""
    owners = [f"lead-{n}@example.com" for n in range(6)]
    tell(
        register,
        *(
            observed(f"C-{n}", "submitted", "2026-11-12T08:00Z", owner=owner)
            for n, owner in enumerate(owners)
        ),
    )
    assert escalate(register, now=NOON, policies=folder).digests == 6
    return owners


def states(register: Engine) -> list[str]:
    return [message.status for message in outbox(register)]


def test_a_message_is_sent_once_however_often_the_sender_runs(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    runs = [send(register, now=NOON, smtp=box.connection, policies=folder) for _ in range(10)]
    assert runs == [Sent(sent=6)] + [Sent()] * 9
    assert [message["To"] for message in box.received] == digests


def test_a_message_has_what_mail_programs_need(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    send(register, now=NOON + timedelta(hours=1), smtp=box.connection, policies=folder)
    message, row = box.received[0], outbox(register)[0]
    assert message["Message-ID"] == row.message_id
    assert message["Message-ID"].endswith("@example.com>")
    assert message["From"] == "Governance <governance@example.com>"
    assert message["Reply-To"] == OFFICE
    assert message["List-Id"] == "<governance.example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(message["Date"]) == NOON
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("html",)).get_content().replace("\r\n", "\n").strip() == row.body_html.strip()


def test_two_senders_at_once_never_send_twice(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    box.answer = lambda _: time.sleep(0.05)
    start, results = threading.Barrier(2), []

    def run() -> None:
        start.wait()
        results.append(send(register, now=NOON, smtp=box.connection, policies=folder))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message["To"] for message in box.received) == digests
    assert sum(result.sent for result in results) == 6


SENDER = """
import sys
from datetime import datetime
from pathlib import Path
from governance.connections import Connection
from governance.escalation.delivery import send
from governance.register.database import connect

url, port, folder, now = sys.argv[1:]
extra = {"disable_ssl": True, "disable_tls": True}
smtp = Connection(conn_id="smtp_default", host="127.0.0.1", port=int(port), extra=extra)
send(connect(url), now=datetime.fromisoformat(now), smtp=smtp, policies=Path(folder))
"""


def test_a_sender_killed_after_the_server_took_the_message_sends_the_same_message_again(
    register: Engine, register_url: str, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    taken: list[bytes] = []

    def take_and_kill(message: EmailMessage) -> str | None:
        taken.append(message.as_bytes())
        if len(taken) == 2:
            os.kill(sender.pid, signal.SIGKILL)
        return None

    box.answer = take_and_kill
    command = [sys.executable, "-c", SENDER, register_url, str(box.port), str(folder), NOON.isoformat()]
    sender = subprocess.Popen(command)
    assert sender.wait(60) == -signal.SIGKILL
    assert states(register) == ["sent"] + ["pending"] * 5
    box.answer = lambda message: taken.append(message.as_bytes())
    assert _send_when_unlocked(register, box, folder) == 5
    assert len(taken) == 7
    assert taken[1] == taken[2]
    assert len({message["Message-ID"] for message in box.received}) == 6


def _send_when_unlocked(register: Engine, box: Mailbox, folder: Path) -> int:
    """Send all; the server notices a killed client and frees its row within moments, not at once."""
    sent, until = 0, time.monotonic() + 20
    while sent < 5 and time.monotonic() < until:
        sent += send(register, now=NOON, smtp=box.connection, policies=folder).sent
        time.sleep(0.05)
    return sent


def test_a_commit_that_is_lost_leads_to_the_same_message_again(
    register: Engine, box: Mailbox, folder: Path, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.escalation.delivery.compose", _compose_then("close_attempt", monkeypatch))
    with pytest.raises(ConnectionError):
        send(register, now=NOON, smtp=box.connection, policies=folder)
    monkeypatch.undo()
    assert states(register) == ["pending"] * 6
    assert send(register, now=NOON, smtp=box.connection, policies=folder).sent == 6
    first, again = (message for message in box.received if message["To"] == digests[0])
    assert first.as_bytes() == again.as_bytes()


def _compose_then(statement: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """Compose as always, but let reading the named statement fail from then on: the register is gone."""
    from governance import resources
    from governance.escalation.envelope import compose

    read = resources.sql

    def gone(path: str) -> str:
        if statement in path:
            raise ConnectionError("the register is gone")
        return read(path)

    def composing(*arguments: object) -> EmailMessage:
        monkeypatch.setattr(resources, "sql", gone)
        return compose(*arguments)

    return composing


def test_a_bounce_fails_the_message_and_somebody_is_told(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    box.refuse_recipient = lambda to: "550 5.1.1 no such mailbox" if to == digests[2] else None
    assert send(register, now=NOON, smtp=box.connection, policies=folder) == Sent(sent=5, failed=1)
    assert outbox(register)[2].last_error == "550 5.1.1 no such mailbox"
    assert escalate(register, now=NOON, policies=folder).undelivered == 1
    assert escalate(register, now=NOON, policies=folder).undelivered == 0
    assert send(register, now=NOON, smtp=box.connection, policies=folder) == Sent(sent=1)
    notice = box.received[-1]
    assert (notice["To"], notice["Subject"]) == (OFFICE, "1 message to 1 recipient could not be delivered")
    assert digests[2] in notice.get_body(("plain",)).get_content()


def test_a_temporary_refusal_is_tried_at_the_next_run_and_given_up_in_the_end(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    box.answer = lambda message: "451 4.7.1 try later" if message["To"] == digests[0] else None
    first = send(register, now=NOON, smtp=box.connection, policies=folder)
    assert first == Sent(sent=5, pending=1)
    waiting = outbox(register)[0]
    assert (waiting.attempts, waiting.last_error) == (1, "451 4.7.1 try later")
    assert send(register, now=NOON, smtp=box.connection, policies=folder) == Sent(pending=1)
    assert send(register, now=NOON, smtp=box.connection, policies=folder) == Sent(failed=1)
    assert outbox(register)[0].last_error == "given up after 3 attempts: 451 4.7.1 try later"


def test_a_message_refused_for_now_is_sent_when_the_server_takes_it(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    box.answer = lambda _: "452 4.3.1 no room"
    assert send(register, now=NOON, smtp=box.connection, policies=folder) == Sent(pending=6)
    box.answer = lambda _: None
    assert send(register, now=NOON, smtp=box.connection, policies=folder) == Sent(sent=6)
    assert {(message.status, message.last_error) for message in outbox(register)} == {("sent", None)}


def test_a_dead_server_leaves_everything_as_it_was(
    register: Engine, folder: Path, digests: list[str]
) -> None:
    extra = {"disable_ssl": True, "disable_tls": True}
    nowhere = Connection(conn_id="smtp_default", host="127.0.0.1", port=1, extra=extra)
    with pytest.raises(MailUnavailableError, match=r"mail server 127\.0\.0\.1:1 .* does not answer"):
        send(register, now=NOON, smtp=nowhere, policies=folder)
    assert {(message.status, message.attempts) for message in outbox(register)} == {("pending", 0)}


def test_a_server_without_encryption_is_refused_unless_the_connection_allows_it(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    demanding = box.connection.model_copy(update={"extra": {"disable_ssl": True, "timeout": 5}})
    with pytest.raises(MailUnavailableError, match="STARTTLS"):
        send(register, now=NOON, smtp=demanding, policies=folder)
    assert box.received == []


def test_a_refused_sender_is_a_fault_of_the_connection_not_of_the_message(
    register: Engine, box: Mailbox, folder: Path, digests: list[str]
) -> None:
    async def refuse(*_: object) -> str:
        return "553 5.7.1 sender not yours"

    Mailbox.handle_MAIL = refuse  # type: ignore[attr-defined]
    try:
        with pytest.raises(MailUnavailableError, match=r"refuses the sender .*553 5\.7\.1 sender not"):
            send(register, now=NOON, smtp=box.connection, policies=folder)
    finally:
        del Mailbox.handle_MAIL  # type: ignore[attr-defined]
    assert states(register) == ["pending"] * 6


def test_no_server_is_needed_when_nothing_waits(register: Engine, folder: Path) -> None:
    nowhere = Connection(conn_id="smtp_default", host="127.0.0.1", port=1)
    assert send(register, now=NOON, smtp=nowhere, policies=folder) == Sent()


def test_mail_written_in_quiet_hours_leaves_when_they_end(
    register: Engine, box: Mailbox, tmp_path: Path
) -> None:
    folder = policies(tmp_path / "siesta", quiet_hours={"begin": "12:30", "end": "14:00"})
    tell(register, observed("C-1", "submitted", "2026-11-12T08:00Z"))
    escalate(register, now=NOON, policies=folder)  # 13:00 in Berlin
    assert send(register, now=NOON, smtp=box.connection, policies=folder) == Sent(pending=1)
    assert send(register, now=NOON + timedelta(hours=1), smtp=box.connection, policies=folder) == Sent(sent=1)
    assert box.received[0]["To"] == OWNER


@pytest.fixture
def surroundings(register_url: str, box: Mailbox, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smtp = f"smtp://127.0.0.1:{box.port}/?disable_ssl=true&disable_tls=true"
    variables = {
        "GOVERNANCE_REGISTER_URL": register_url,
        "GOVERNANCE_NOW": "2026-11-16T08:00:00Z",
        "GOVERNANCE_CONFIG_DIR": str(folder.parent),
        "AIRFLOW_CONN_SMTP_DEFAULT": smtp,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("surroundings")
def test_the_command_rehearses_then_tells_then_shows(register: Engine, box: Mailbox) -> None:
    import typer

    from governance.escalation.commands import escalate as command
    from governance.escalation.commands import outbox_app

    app, runner = typer.Typer(), CliRunner()
    app.command("escalate")(command)
    app.add_typer(outbox_app, name="outbox")
    tell(register, observed("C-1", "submitted", "2026-11-11T08:00Z"))
    rehearsal = runner.invoke(app, ["escalate", "--dry-run"])
    assert rehearsal.output.startswith("would tell: 1 overdue\n2 digests")
    assert box.received == []
    told = runner.invoke(app, ["escalate"])
    assert "mail: 2 sent, 0 refused, 0 waiting" in told.output
    assert {message["To"] for message in box.received} == {OWNER, MANAGER}
    listed = runner.invoke(app, ["outbox", "list", "--status", "sent", "--json"])
    assert listed.output.count(f'"recipient": "{OWNER}"') == 1
    number = str(json.loads(listed.output)[0]["message"])
    assert "Decide by" in runner.invoke(app, ["outbox", "show", number]).output
    assert "is not in the outbox" in str(runner.invoke(app, ["outbox", "show", "99"]).exception)
