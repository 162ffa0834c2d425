"""An SMTP server that keeps what it receives as .eml files, and that fails on demand."""

from __future__ import annotations

import email
import email.policy
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
_SENDER, _RECIPIENTS = "X-Envelope-From", "X-Envelope-To"


@dataclass(frozen=True)
class Received:
    """One message as it arrived: the envelope, which decides who gets it, and what is inside."""

    path: Path
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def message_id(self) -> str:
        """The Message-ID; the same id twice is the same message sent again."""
        return str(self.message["Message-ID"] or "")

    def text(self, kind: str = "plain") -> str:
        """The body as text/plain, or as text/html."""
        body = self.message.get_body((kind,))
        return str(body.get_content()) if body is not None else ""


def read(folder: Path) -> list[Received]:
    """Return the messages in a folder in the order in which they arrived."""
    return [_read(path) for path in sorted(folder.glob("*.eml"))]


def _read(path: Path) -> Received:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    recipients = tuple(part.strip() for part in str(message[_RECIPIENTS]).split(",") if part.strip())
    return Received(path, str(message[_SENDER]), recipients, message)


class Mailbox:
    """What the server does with mail. Replies are those of RFC 5321; set a fault, then send."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.refused: set[str] = set()
        self.attempts = 0
        self._replies: deque[str] = deque()
        self._vanish = 0
        self._lock = threading.Lock()

    def refuse(self, *recipients: str) -> None:
        """Answer 550 to every mail for these addresses, from now on."""
        self.refused.update(recipients)

    def fail(self, code: int = 451, times: int = 1) -> None:
        """Answer the next `times` messages with a temporary (4xx) or permanent (5xx) failure."""
        words = "4.3.0 Try again later" if code < 500 else "5.7.1 Message refused"
        self._replies.extend([f"{code} {words}"] * times)

    def vanish(self, times: int = 1) -> None:
        """Keep the next `times` messages, but break the connection before saying so."""
        self._vanish += times

    def reset(self) -> None:
        """Behave again."""
        self.refused.clear()
        self._replies.clear()
        self._vanish = 0

    async def handle_RCPT(  # noqa: N802 (aiosmtpd calls it so)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse one recipient."""
        if address in self.refused:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take or refuse one message."""
        self.attempts += 1
        if self._replies:
            return self._replies.popleft()
        self._keep(envelope)
        if self._vanish:
            self._vanish -= 1
            server.transport.abort()  # type: ignore[union-attr]
        return "250 OK: kept"

    def _keep(self, envelope: Envelope) -> None:
        content: Any = envelope.content
        head = f"{_SENDER}: {envelope.mail_from}\r\n{_RECIPIENTS}: {', '.join(envelope.rcpt_tos)}\r\n"
        with self._lock:
            number = len(list(self.folder.glob("*.eml"))) + 1
            path = self.folder / f"{number:05d}.eml"
            part = path.with_suffix(".part")
            part.write_bytes(head.encode() + bytes(content))
            part.replace(path)


class MailServer:
    """The SMTP server of a mailbox on this machine; it can be stopped and started again on the same port."""

    def __init__(self, mailbox: Mailbox, port: int = 0, host: str = HOST) -> None:
        self.mailbox = mailbox
        self.host = host
        self.port = port
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen; port 0 takes a free one at the first start and keeps it."""
        controller = _Controller(self.mailbox, hostname=self.host, port=self.port, enable_SMTPUTF8=True)
        controller.start()
        self.port = controller.bound_port
        self._controller = controller

    def stop(self) -> None:
        """Stop listening: whoever sends now finds nobody."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


class _Controller(Controller):
    """aiosmtpd's controller, told to take port 0 and to say which port it was given."""

    @property
    def bound_port(self) -> int:
        """The port that the system gave."""
        server: Any = self.server
        return int(server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        """Speak with the server once, so that its first session is made before anybody waits."""
        self.port = self.bound_port
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def serve(folder: Path, port: int = 0, host: str = HOST) -> Iterator[MailServer]:
    """Serve a mailbox that keeps its messages in `folder` until the block ends."""
    server = MailServer(Mailbox(folder), port, host)
    server.start()
    try:
        yield server
    finally:
        server.stop()
