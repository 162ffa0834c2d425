"""Send what waits in the outbox, one message and one transaction at a time.

A message is locked, sent, marked and committed; a second sender passes over what the first one holds, so
nothing is sent twice by overlap. A process that dies after the mail server took a message and before the
commit leaves it pending: the next run sends the same bytes under the same Message-ID, by which servers and
readers recognise it as the same message.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, text

from governance import resources
from governance.connections import Connection
from governance.errors import GovernanceError
from governance.escalation import ladder
from governance.escalation.envelope import compose
from governance.escalation.ladder import Mail


class MailUnavailableError(GovernanceError):
    """The mail server does not answer or does not want us; the outbox is as it was."""


@dataclass(frozen=True)
class Sent:
    """Messages sent and refused for good in this run, and those still waiting (quiet hours, retries)."""

    sent: int = 0
    failed: int = 0
    pending: int = 0


def send(engine: Engine, *, now: datetime, smtp: Connection, policies: Path | None = None) -> Sent:
    """Send every message whose quiet hours are over at `now`.

    A refusal with 5xx fails the message; anything temporary leaves it for the next run, until `attempts` of
    `ladder.yaml` in the folder `policies` (default: the shipped one) are used up. Raises MailUnavailableError
    where the server cannot be used at all: no message counts an attempt for that.
    """
    mail = ladder.read(policies or resources.folder("policies")).mail
    ended = {"sent": 0, "failed": 0, "pending": 0}
    after: int | None = 0
    with _Server(smtp) as server:
        while after is not None:
            after = _send_next(engine, server, mail, now, after, ended)
    with engine.connect() as connection:
        waiting = connection.scalar(text(resources.sql("escalation/pending.sql")))
    return Sent(ended["sent"], ended["failed"], int(waiting or 0))


def _send_next(
    engine: Engine, server: _Server, mail: Mail, now: datetime, after: int, ended: dict[str, int]
) -> int | None:
    """Send the next message beyond number `after`; return its number, or None where there is none."""
    with engine.begin() as connection:
        query = text(resources.sql("escalation/next_message.sql"))
        message = connection.execute(query, {"now": now, "after": after}).one_or_none()
        if message is None:
            return None
        status, error = server.attempt(message, mail)
        if status == "pending" and message.attempts + 1 >= mail.attempts:
            status, error = "failed", f"given up after {mail.attempts} attempts: {error}"
        connection.execute(
            text(resources.sql("escalation/close_attempt.sql")),
            {"message": message.message, "status": status, "error": error, "now": now},
        )
    ended[status] += 1
    return int(message.message)


class _Server:
    """The mail server of a connection in Airflow's notation, reached when the first message needs it.

    Extras as the SMTP provider of Airflow reads them: `disable_ssl` (else TLS from the start), `disable_tls`
    (else STARTTLS where TLS is not there from the start), `timeout` in seconds, `from_email`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> _Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def attempt(self, message: Row[Any], mail: Mail) -> tuple[str, str | None]:
        """Return (sent | failed | pending, what was said) for one message."""
        smtp = self._alive() or self._connect()
        sender = self._connection.extra.get("from_email") or mail.sender
        try:
            smtp.send_message(compose(message, mail, sender), to_addrs=[message.recipient])
        except smtplib.SMTPSenderRefused as error:
            self._hang_up()
            if 500 <= error.smtp_code < 600 and error.smtp_code != 552:  # 552: this message is too large
                raise self._unusable(f"refuses the sender {sender}: {_said(error)}") from error
            return _verdict(error.smtp_code), _said(error)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[message.recipient]
            return _verdict(code), _words(code, said)
        except smtplib.SMTPResponseException as error:
            return _verdict(error.smtp_code), _said(error)
        except (smtplib.SMTPNotSupportedError, ValueError) as error:  # an address this server cannot take
            return "failed", " ".join(str(error).split())
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            return "pending", " ".join(str(error).split()) or type(error).__name__
        return "sent", None

    def _alive(self) -> smtplib.SMTP | None:
        """The open connection, unless the server closed it since the last message."""
        try:
            if self._smtp is not None and self._smtp.noop()[0] != 250:
                self._hang_up()
        except (OSError, smtplib.SMTPException):
            self._hang_up()
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        known, extra = self._connection, self._connection.extra
        host, timeout = known.host or "localhost", float(extra.get("timeout", 30))
        context = ssl.create_default_context()
        try:
            if _is_on(extra.get("disable_ssl")):
                smtp = smtplib.SMTP(host, known.port or 25, timeout=timeout)
                if not _is_on(extra.get("disable_tls")):
                    smtp.starttls(context=context)
            else:
                smtp = smtplib.SMTP_SSL(host, known.port or 465, timeout=timeout, context=context)
            self._smtp = smtp
            if known.login:
                smtp.login(known.login, known.secret())
        except smtplib.SMTPAuthenticationError as error:
            self._hang_up()
            raise self._unusable(f"refuses login {known.login!r}") from error
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise self._unusable(f"does not answer: {' '.join(str(error).split())}") from error
        return smtp

    def _unusable(self, why: str) -> MailUnavailableError:
        place = f"{self._connection.host}:{self._connection.port or ''}".rstrip(":")
        return MailUnavailableError(f"the mail server {place} of connection {self._connection.conn_id} {why}")

    def _hang_up(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()


def _verdict(code: int) -> str:
    return "failed" if 500 <= code < 600 else "pending"


def _said(error: smtplib.SMTPResponseException) -> str:
    return _words(error.smtp_code, error.smtp_error)


def _words(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{code} {' '.join(words.split())}"


def _is_on(value: object) -> bool:
    """Read a flag that may have come out of a URI as text."""
    return str(value).lower() in ("true", "1", "yes")
