"""Connections to sources, AWS and mail, in Airflow's own notation but without importing Airflow.

On the command line a connection comes from the environment variable `AIRFLOW_CONN_<ID>`, as JSON or as a
URI, exactly as Airflow reads it; inside Airflow the plugin `governance_airflow` resolves it with whatever
secrets backend is configured and hands over the same object.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from governance.errors import GovernanceError


class Connection(BaseModel):
    """One connection. The password never appears in a repr, a log or an error."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    conn_id: str
    conn_type: str = ""
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: SecretStr | None = None
    path: str | None = Field(default=None, alias="schema")
    extra: dict[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def base_url(self) -> str:
        """`scheme://host[:port]` of an HTTP service; a host that already has a scheme keeps it."""
        host = self.host or ""
        if "://" not in host:
            host = f"{self.path or 'https'}://{host}"
        return f"{host}:{self.port}" if self.port else host

    def secret(self) -> str:
        """The password in clear, for the one call that needs it."""
        return self.password.get_secret_value() if self.password else ""


ConnectionLookup = Callable[[str], Connection]


def from_environment(conn_id: str, environ: Mapping[str, str] = os.environ) -> Connection:
    """Read `AIRFLOW_CONN_<CONN_ID>`; raise GovernanceError with the name to set where it is missing."""
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    text = environ.get(variable, "").strip()
    if not text:
        raise GovernanceError(
            f"connection {conn_id!r} is not defined: set {variable} to JSON or a URI, "
            "or define it in Airflow (Admin > Connections)"
        )
    try:
        fields = json.loads(text) if text.startswith("{") else _from_uri(text)
        if isinstance(fields.get("extra"), str):
            fields["extra"] = json.loads(fields["extra"] or "{}")
        return Connection(conn_id=conn_id, **fields)
    except (ValueError, TypeError):
        raise GovernanceError(
            f"connection {conn_id!r}: {variable} is neither a JSON object nor a URI that can be read"
        ) from None  # the original error may quote the secret


def _from_uri(uri: str) -> dict[str, Any]:
    parts = urlsplit(uri)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    return {
        "conn_type": parts.scheme.replace("-", "_"),
        "host": unquote(parts.hostname) if parts.hostname else None,
        "port": parts.port,
        "login": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "schema": unquote(parts.path.lstrip("/")) or None,
        "extra": extra,
    }
