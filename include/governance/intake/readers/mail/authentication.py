"""What our own receiving host found about SPF, DKIM and DMARC (RFC 8601). Everybody else's word is ignored.

Anybody can write an `Authentication-Results` header into a message. Only the topmost one counts, and only
where it names the host that the spec trusts: the receiving host adds its own above whatever was there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from email.message import Message

from governance.intake.readers.mail.charsets import header_text

METHODS = ("spf", "dkim", "dmarc")
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"^\s*(spf|dkim|dmarc)\s*(?:/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_ABOUT = re.compile(
    r"\b(?:smtp\.mailfrom|header\.d|header\.i|header\.from)\s*=\s*\"?([^\s;\"]{1,255})", re.IGNORECASE
)


def results_of(message: Message, trusted: Collection[str]) -> dict[str, str]:
    """Return method -> result (`pass`, `fail`, `none` ...) and `<method>_about`, the domain it speaks of.

    Without a header of a trusted host every result is `unknown`. Of several DKIM signatures one that passes
    counts.
    """
    unknown = dict.fromkeys(METHODS, "unknown")
    header = next(iter(message.get_all("Authentication-Results", [])), "")
    statements = _COMMENT.sub(" ", header_text(str(header))).split(";")
    words = statements[0].split()
    host = words[0].lower().rstrip(".") if words else ""
    if not host or host not in {name.lower().rstrip(".") for name in trusted}:
        return unknown
    found: dict[str, str] = dict.fromkeys(METHODS, "none")
    for statement in statements[1:]:
        result = _RESULT.match(statement)
        if result is None:
            continue
        method, outcome = result[1].lower(), result[2].lower()
        if found[method] == "pass":
            continue
        found[method] = outcome
        about = _ABOUT.search(statement)
        if about:
            found[f"{method}_about"] = about[1].lower()
    return found
