"""Text of an HTML mail: what a person sees, a line for each block; nothing is fetched, nothing is run.

One expression cuts the text into pieces in one pass. Python's own HTML parser takes minutes for half a
megabyte of comments that never end (the time grows with the square), and anybody can send such a mail.
"""

from __future__ import annotations

import html
import re

_PIECE = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(script|style|head|title|template|svg)\b.*?(?:</\1\s*>|\Z)"
    r"|<(?P<tag>/?[a-z][a-z0-9]*)[^<>]*>"
    r"|<[!?][^<>]*>"
    r"|(?P<text>[^<]+|<)",
    re.IGNORECASE | re.DOTALL,
)
_BLOCKS = frozenset((
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "form", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))


def text_of_html(document: str) -> str:
    r"""Return the visible text; cells of one row stay in one line, `<br>` and blocks end it.

    >>> text_of_html("<style>p{}</style><p>Title:&nbsp;<b>Open 443</b></p><tr><td>Risk:<td>low</tr>")
    'Title: Open 443\nRisk: low'
    >>> text_of_html("a<br>b <!-- c --> < d")
    'a\nb < d'
    """
    joined = "".join(_shown(found) for found in _PIECE.finditer(document))
    lines = [" ".join(line.split()) for line in joined.split("\n")]
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


def _shown(found: re.Match[str]) -> str:
    if found["text"]:
        # a line break of the source is a space; one that counts is a tag
        return re.sub(r"[\r\n\xa0]", " ", html.unescape(found["text"]))
    tag = (found["tag"] or "").lower().removeprefix("/")
    return "\n" if tag in _BLOCKS else " " if tag in _CELLS else ""
