"""One HTTP request to the stand-in, and who sent it: SigV4 names the key, the region and the service."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qs

from governance.sandbox.aws.errors import ServiceError

_SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Request:
    """Method, decoded path, raw query, headers in lower case, body."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """The query string, values decoded."""
        return parse_qs(self.query_string, keep_blank_values=True)

    @cached_property
    def signature(self) -> Signature:
        """Who signed; the signature itself is not checked.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
        Raises ServiceError (MissingAuthenticationToken) for an unsigned request, as AWS does:
        https://docs.aws.amazon.com/awsconfig/latest/APIReference/CommonErrors.html
        """
        header = self.headers.get("authorization", "")
        signed = _SCOPE.search(header) or _SCOPE.search(
            "Credential=" + self.query.get("X-Amz-Credential", [""])[0]
        )
        if signed is None:
            raise ServiceError(
                "MissingAuthenticationToken", "Request is missing Authentication Token", status=403
            )
        key, _, region, service = signed.groups()
        return Signature(key, region, service)


@dataclass(frozen=True)
class Signature:
    """Access key, region and service of the credential scope."""

    access_key: str
    region: str
    service: str


_OFFSET = int.from_bytes(base64.b32decode(b"QAAAAAAA"), "big")


def account_of_key(access_key: str) -> str | None:
    """Return the account that an access key of ours says it belongs to, None where it says nothing.

    Key ids carry their account; `sts:GetAccessKeyInfo` tells it, and moto makes its keys the same way, so
    that a key stays good when the stand-in is restarted.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html

    >>> account_of_key("AKIASANDBOX000000001") is None
    True
    """
    try:
        number = int.from_bytes(base64.b32decode(access_key[4:12]), "big")
    except (binascii.Error, ValueError):
        return None
    odd = access_key[12:13] >= "Q" or access_key[12:13].isdigit()
    account = 2 * (number - _OFFSET) + odd
    return f"{account:012d}" if account >= 0 else None
