"""The SMTP stand-in, spoken to over real SMTP: what it keeps, what it refuses, how it dies and comes back."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from governance.sandbox import mail


@pytest.fixture
def server(tmp_path: Path) -> Iterator[mail.MailServer]:
    with mail.serve(tmp_path / "mail") as running:
        yield running


def letter(
    subject: str = "Three requests wait for you", to: str = "platform-lead@example.com"
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "governance@example.com", to, subject
    message["Message-ID"] = "<key-1@governance.example.com>"
    message.set_content("Grüße,\nGovernance")
    message.add_alternative("<p>Grüße</p>", subtype="html")
    return message


def send(server: mail.MailServer, message: EmailMessage, *to: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(mail.HOST, server.port, timeout=5) as client:
        return client.send_message(message, to_addrs=to or None)


def test_a_letter_is_kept_as_it_came_with_its_envelope(server: mail.MailServer) -> None:
    send(server, letter(), "platform-lead@example.com", "deputy@example.com")
    (kept,) = mail.read(server.mailbox.folder)
    assert kept.recipients == ("platform-lead@example.com", "deputy@example.com")
    assert kept.sender == "governance@example.com"
    assert kept.message_id == "<key-1@governance.example.com>"
    assert kept.message["Subject"] == "Three requests wait for you"
    assert kept.text().startswith("Grüße")
    assert "<p>Grüße</p>" in kept.text("html")


def test_letters_are_read_in_the_order_they_came(server: mail.MailServer) -> None:
    for number in range(12):
        send(server, letter(f"letter {number}"))
    subjects = [received.message["Subject"] for received in mail.read(server.mailbox.folder)]
    assert subjects == [f"letter {number}" for number in range(12)]


def test_a_recipient_who_is_unknown_is_refused_and_the_others_are_served(server: mail.MailServer) -> None:
    server.mailbox.refuse("gone@example.com")
    refused = send(server, letter(), "gone@example.com", "platform-lead@example.com")
    assert refused["gone@example.com"][0] == 550
    assert mail.read(server.mailbox.folder)[0].recipients == ("platform-lead@example.com",)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(server, letter(), "gone@example.com")


@pytest.mark.parametrize("code", [451, 550])
def test_a_failure_on_demand_passes(server: mail.MailServer, code: int) -> None:
    server.mailbox.fail(code)
    with pytest.raises(smtplib.SMTPDataError) as error:
        send(server, letter())
    assert error.value.smtp_code == code
    assert mail.read(server.mailbox.folder) == []
    send(server, letter())
    assert len(mail.read(server.mailbox.folder)) == 1


def test_a_letter_may_arrive_without_anybody_being_told(server: mail.MailServer) -> None:
    server.mailbox.vanish()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(server, letter())
    send(server, letter())
    ids = [received.message_id for received in mail.read(server.mailbox.folder)]
    assert ids == ["<key-1@governance.example.com>"] * 2


def test_the_server_dies_and_comes_back_on_the_same_port(server: mail.MailServer) -> None:
    port = server.port
    send(server, letter("before"))
    server.stop()
    with pytest.raises(OSError, match="refused"):
        send(server, letter())
    server.start()
    assert server.port == port
    send(server, letter("after"))
    assert [received.message["Subject"] for received in mail.read(server.mailbox.folder)] == [
        "before",
        "after",
    ]
