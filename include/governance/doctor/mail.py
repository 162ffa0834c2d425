"""Greet the mail server, log in where a login is set, send nothing."""

from __future__ import annotations

import smtplib

from governance.connections import Connection
from governance.doctor.check import Check, Checks


def examine_mail(connection: Connection) -> Checks:
    """Yield one check: does the server of `smtp_default` greet us and take our login?"""
    place = f"{connection.host}:{connection.port or 25}"
    kind = smtplib.SMTP if connection.extra.get("disable_ssl", False) else smtplib.SMTP_SSL
    try:
        with kind(connection.host or "", connection.port or 0, timeout=10) as server:
            if connection.extra.get("disable_ssl", False) and not connection.extra.get("disable_tls", False):
                server.starttls()
            if connection.login:
                server.login(connection.login, connection.secret())
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        yield Check(
            "mail",
            "failed",
            f"{place}: {words}",
            "check host, port, login and TLS of connection smtp_default",
        )
        return
    yield Check("mail", "ok", f"{place} greets us")
