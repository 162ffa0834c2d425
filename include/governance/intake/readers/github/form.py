"""Read the body of an issue that was opened with a form back into the fields of that form.

GitHub writes a form down as `### Heading`, an empty line and the answer; `_No response_` where there is none;
checkboxes as a list of tasks.
https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

NO_RESPONSE = "_No response_"
_HEADING = re.compile(r"### +(.+?)\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE = re.compile(r"(`{3,})[^\n`]*\n(.*?)\n?\1", re.DOTALL)
_TASK = re.compile(r"- \[([ xX])\] +(.*)$")


def fields(body: str | None, headings: Sequence[str] = ()) -> dict[str, Any]:
    r"""Return heading -> answer: text, the list of what is ticked, or None.

    With `headings` only these end an answer, so people may write headings of their own; otherwise all do.
    Raises ValueError where a heading comes twice, because then nobody knows which answer is the form's.

    >>> fields("### Risk level\n\nHigh\n\n### Why\n\n_No response_")
    {'Risk level': 'High', 'Why': None}
    >>> fields("### I have\n\n- [X] read the policy\n- [ ] asked the owner")
    {'I have': ['read the policy']}
    """
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    fence = ""
    for line in (body or "").replace("\r\n", "\n").split("\n"):
        fence = _fence(line, fence)
        heading = None if fence else _HEADING.match(line)
        if heading and (not headings or heading[1] in headings):
            if heading[1] in found:
                raise ValueError(f"the heading {heading[1]!r} comes twice: which answer is the form's?")
            current = found.setdefault(heading[1], [])
        elif current is not None:
            current.append(line)
    return {name: _answer("\n".join(lines).strip()) for name, lines in found.items()}


def _fence(line: str, inside: str) -> str:
    """The fence of the code block that the next line is in, '' outside of any."""
    mark = _FENCE.match(line)
    if mark is None:
        return inside
    if not inside:
        return mark[1]
    closes = mark[1].startswith(inside) and not line.strip().strip(inside[0])
    return "" if closes else inside


def _answer(text: str) -> Any:
    code = _CODE.fullmatch(text)
    if code:
        text = code[2]  # a field with `render` is written down as one block of code
    if not text or text == NO_RESPONSE:
        return None
    tasks = [_TASK.match(line) for line in text.split("\n") if line.strip()]
    if all(tasks):
        return [task[2].strip() for task in tasks if task and task[1] != " "]
    return text
