"""One check and its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Check:
    """`about` was looked at; `found` says what was found and `mend` what to do unless it is ok."""

    about: str
    state: State
    found: str
    mend: str = ""


Checks = Iterator[Check]
