"""From bytes to text whatever charset was declared, and headers decoded whatever was written into them."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header

from governance.quality.storable import storable

_WIDER = {
    "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932",
    "x-sjis": "cp932", "iso-2022-jp": "iso2022_jp_ext", "iso-8859-1": "cp1252", "us-ascii": "utf-8",
    "ascii": "utf-8", "unicode-1-1-utf-7": "utf-7", "iso-8859-8-i": "iso-8859-8", "utf8mb4": "utf-8",
}  # fmt: skip
"""Charset as declared -> the superset that mail programs really mean by it."""
_NO_CHARSETS = frozenset(
    ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "unicode-escape")
)


def text_of(data: bytes, charset: str | None = None) -> str:
    r"""Return bytes as text: as declared, else as UTF-8, else as Windows-1252; never raises.

    >>> text_of(b"Gr\xc3\xbc\xc3\x9fe", "us-ascii"), text_of(b"Gr\xfc\xdfe", "utf-8"), text_of(b"a", "x-none")
    ('Grüße', 'Grüße', 'a')
    """
    for name in (_known(charset), "utf-8"):
        if name is None:
            continue
        try:
            return storable(data.decode(name))
        except (UnicodeError, LookupError, ValueError):
            continue
    return storable(data.decode("cp1252", "replace"))


def _known(charset: str | None) -> str | None:
    name = (charset or "").strip().strip("\"'").lower()
    return None if not name or name in _NO_CHARSETS else _WIDER.get(name, name)


def header_text(value: str) -> str:
    r"""Return a header as text in one line: raw 8-bit bytes read, encoded words decoded, folding undone.

    `value` is as Python's parser keeps it, bytes beyond ASCII as surrogate escapes.

    >>> header_text("=?iso-8859-1?q?Gr=FC=DFe?=\r\n =?utf-8?b?IG5hY2g=?= Köln")
    'Grüße nach Köln'
    >>> header_text("=?x-none?q?Gr=C3=BC?= =?utf-8?b?!!!?=").startswith("Grü")
    True
    """
    text = _one_line(_raw_text(value))
    if "=?" not in text:
        return storable(text)
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        return storable(text)
    words = [
        text_of(piece, charset) if isinstance(piece, bytes) and charset else _plain(piece)
        for piece, charset in pieces
    ]
    return storable(_one_line("".join(words)))


def _plain(piece: bytes | str) -> str:
    """What stands between encoded words; Python hands it over as raw-unicode-escape bytes."""
    return piece if isinstance(piece, str) else piece.decode("raw_unicode_escape", "replace")


def _raw_text(value: str) -> str:
    if not any("\udc80" <= char <= "\udcff" for char in value):
        return value
    return text_of(value.encode("utf-8", "surrogateescape"), "utf-8")


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", _CONTROLS.sub("", text)).strip()


_SPACE = re.compile(r"\s+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\u202a-\u202e\u2066-\u2069]")
"""What has no business in one line of text: control characters, and marks that turn its direction around."""
