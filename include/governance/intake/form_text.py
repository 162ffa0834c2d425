"""A request form as plain text, the way an e-mail template carries it: `Label: value` lines below a marker.

The template is what `form_text` writes; `form_fields` reads it back as people return it: quoted, bulleted,
with a signature below, values over several lines. Pure functions: no mail, no spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from governance.register.request import KINDS

MARKER = "--- Request form ---"
"""Above the first label. The words count, not the dashes: `=== Request form: exception ===` will do."""
END = "--- End of form ---"
"""Below the last value. What follows is no part of the form; so is what follows a signature."""

_MARKER = re.compile(r"[-=*_#~ ]{2,}request form\b", re.IGNORECASE)
_KIND = re.compile(rf"form:\s*({'|'.join(KINDS)})\b", re.IGNORECASE)
_END = re.compile(
    r"[-=*_#~ ]{2,}end of (?:request )?form\b|--\s*$|_{10,}"
    r"|-{3,} ?(?:original message|ursprüngliche nachricht)",
    re.IGNORECASE,
)
_COLON = re.compile("[:：]")
_DECORATION = " \t*_•·"
_HINT = re.compile(r"\([^()]*\)$")


def form_text(fields: Mapping[str, str], title: str = "") -> str:
    r"""Return a form as text: the marker, a line for each label, the end. An empty value is one to fill in.

    >>> print(form_text({"Title": "Open port 443", "Risk": "low\nvery low"}, "change"))
    --- Request form: change ---
    Title: Open port 443
    Risk: low
      very low
    --- End of form ---
    """
    head = MARKER.replace("form", f"form: {title}") if title else MARKER
    lines = [f"{label}: {value}".rstrip().replace("\n", "\n  ") for label, value in fields.items()]
    return "\n".join([head, *lines, END])


def form_fields(text: str, labels: Iterable[str]) -> dict[str, str]:
    r"""Return what a filled form says: label -> value, only labels that hold something.

    A value goes on until the next known label, a signature (`-- `) or the end of the form. Case, quoting
    (`>`), bullets, bold and a hint in brackets after the label do not matter; lines that begin with `#` are
    hints of the template. Without a marker the whole text is read. Where a label stands twice the first value
    counts: what is quoted below an answer changes nothing.

    >>> form_fields("Hello,\n--- Request form ---\nTitle: Open: 443\n*risk level* (low, high): HIGH\n",
    ...             ["Title", "Risk level"])
    {'Title': 'Open: 443', 'Risk level': 'HIGH'}
    >>> form_fields("> Title: Report\n> Benefit:\n> a\n>\n> b\n> -- \n> Ida", ["Title", "Benefit"])
    {'Title': 'Report', 'Benefit': 'a\n\nb'}
    >>> form_fields("Title: mine\nRisk:\n\nTitle: quoted", ["Title", "Risk"])
    {'Title': 'mine'}
    >>> form_fields("no form at all: just words", ["Title"])
    {}
    """
    known = {_plain(label): label for label in labels}
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in _body(text):
        label, value = _split(line, known)
        if label is not None:
            current = [value]
            if not _joined(found.get(label, [])):
                found[label] = current
        elif current is not None:
            current.append(line.strip())
    return {label: value for label, lines in found.items() if (value := _joined(lines))}


def has_form(text: str) -> bool:
    r"""Tell whether a text carries the marker of a form.

    >>> has_form("Hi\n> --- request form: addition ---\n"), has_form("our request form is down")
    (True, False)
    """
    return any(_MARKER.match(_unquoted(line)) for line in text.splitlines())


def form_kind(text: str) -> str | None:
    r"""Return the kind of request that the marker of a form names, None: none.

    >>> form_kind("Hi\n> --- Request form: Addition ---\n"), form_kind("--- Request form ---\nKind: change")
    ('addition', None)
    """
    named = (_MARKER.match(_unquoted(line)) and _KIND.search(line) for line in text.splitlines())
    return next((found[1].lower() for found in named if found), None)


def _body(text: str) -> list[str]:
    """Lines from the marker (or the first line) to the end of the form, unquoted, hints left out."""
    lines = [_unquoted(line) for line in text.splitlines()]
    start = next((number + 1 for number, line in enumerate(lines) if _MARKER.match(line)), 0)
    end = next((number for number, line in enumerate(lines) if number >= start and _END.match(line)), None)
    return [line for line in lines[start:end] if not line.startswith("#")]


def _unquoted(line: str) -> str:
    return line.replace("\xa0", " ").lstrip("> \t")


def _split(line: str, known: Mapping[str, str]) -> tuple[str | None, str]:
    """Return (label, value) where a line begins with a known label."""
    colon = _COLON.search(line)
    if colon is None:
        return None, ""
    head, value = line[: colon.start()], line[colon.end() :]
    head = head.lstrip(_DECORATION + "-")
    label = known.get(_plain(head)) or known.get(_plain(_HINT.sub("", head.rstrip(_DECORATION))))
    return label, value.strip(_DECORATION)


def _plain(label: str) -> str:
    return " ".join(label.strip(_DECORATION + ":").casefold().split())


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip()
