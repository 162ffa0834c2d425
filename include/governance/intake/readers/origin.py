"""Where a reader may go over HTTP: the origin of its connection, and never to a machine's own metadata.

A link in an answer and a redirect are words of the source. They are followed on the connection's own origin
(scheme, host and port) alone, so that neither can lead our credentials or our network's insides elsewhere.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

import httpx

from governance.connections import Connection
from governance.errors import SourceUnavailableError

_REFUSED = (
    *map(ipaddress.ip_network, ("169.254.0.0/16", "0.0.0.0/32", "100.100.100.200/32", "168.63.129.16/32")),
    *map(ipaddress.ip_network, ("fe80::/10", "fd00:ec2::/32", "::/128")),
)
"""Link-local addresses and metadata services: AWS, Google and Azure have theirs at 169.254.169.254.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html"""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a connection."""

    scheme: str
    host: str
    port: int
    conn_id: str

    @classmethod
    def of(cls, connection: Connection) -> Origin:
        """Return the origin of a connection; raises SourceUnavailableError where it is none of HTTP."""
        try:
            url = httpx.URL(connection.base_url)
            scheme, host, port = _parts(url)
        except (httpx.InvalidURL, ValueError):
            raise SourceUnavailableError(
                f"the host of connection {connection.conn_id} is no address: expected https://host[:port]"
            ) from None
        if scheme not in _PORTS or not host:
            raise SourceUnavailableError(
                f"the host of connection {connection.conn_id} begins with {scheme!r}:"
                " expected http:// or https://, and a host"
            )
        if url.userinfo:
            raise SourceUnavailableError(
                f"the host of connection {connection.conn_id} holds a login:"
                " put it into login and password, where it is kept secret"
            )
        return cls(scheme, host, port, connection.conn_id)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    def require(self, url: httpx.URL, what: str) -> None:
        """Raise SourceUnavailableError where `url` leads to another origin."""
        if url.userinfo or _parts(url) != (self.scheme, self.host, self.port):
            where = f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")
            raise SourceUnavailableError(f"{self} {what} to {where}, which is not its own origin: refused")

    def require_reachable(self) -> None:
        """Raise SourceUnavailableError where the host is, or resolves to, an address we never ask.

        A name that does not resolve here passes: a proxy may know it, and without one the request says so.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        for address in sorted({str(entry[4][0]) for entry in found}):
            if is_refused(address):
                raise SourceUnavailableError(
                    f"connection {self.conn_id} leads to {address}:"
                    " link-local and metadata addresses are refused"
                )


def is_refused(address: str) -> bool:
    """Whether an address belongs to a machine's own link or metadata service.

    >>> is_refused("169.254.169.254"), is_refused("::ffff:169.254.170.2"), is_refused("fd00:ec2::254")
    (True, True, True)
    >>> is_refused("127.0.0.1"), is_refused("10.1.2.3")
    (False, False)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    return any(found in network for network in _REFUSED if network.version == found.version)


def _parts(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host.lower().rstrip("."), url.port or _PORTS.get(url.scheme, 0)
