"""Secrets have no place in a spec: they belong into the connection, which a secrets backend keeps."""

from __future__ import annotations

import re

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an AWS access key id", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a URL with a password", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:[^\s/@'\"]+@", re.I)),
    ("a signed URL", re.compile(r"[?&](?:X-Amz-Signature|sig|access_token|api_key)=[^\s&'\"]{8,}", re.I)),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{16,}")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("an Atlassian token", re.compile(r"\bATATT3[A-Za-z0-9_=-]{20,}")),
    ("a JSON web token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a bearer token", re.compile(r"\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{16,}")),
    (
        "a secret written out",
        re.compile(
            r"\b(?:pass(?:word|wd|phrase)|pwd|(?:client|secret|api|access|private)[-_ ]?(?:key|secret|token)"
            r"|secret|token)['\"]?\s*[:=]\s*['\"]?(?=\S*[\d!$%&*+/=?@^~])[^\s'\",}]{8,}",
            re.I,
        ),
    ),
)


def secrets_in(text: str) -> list[str]:
    """Return for each line with what looks like a secret where it stands and what it is, never the secret.

    >>> secrets_in("name: x\\nlocation: s3://AKIAABCDEFGHIJKLMNOP:abc@bucket")
    ['line 2: an AWS access key id (AKIA…)', 'line 2: a URL with a password (s3:/…)']
    """
    return [
        f"line {number}: {shape} ({found[0].lstrip('?&')[:4]}…)"
        for number, line in enumerate(text.splitlines(), start=1)
        for shape, pattern in _SHAPES
        if (found := pattern.search(line))
    ]
