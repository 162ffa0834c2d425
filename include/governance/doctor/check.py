"""One check and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from governance.errors import GovernanceError

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Check:
    """`about` was looked at; `found` says what was found and `mend` what to do unless it is ok."""

    about: str
    state: State
    found: str
    mend: str = ""


Checks = Iterator[Check]
Examination = Callable[[], Checks]


@contextmanager
def failing(about: str, mend: str, into: list[Check]) -> Iterator[None]:
    """Turn an error on purpose or of the operating system inside the block into a failed check."""
    try:
        yield
    except (GovernanceError, OSError) as error:
        into.append(Check(about, "failed", str(error).splitlines()[0] or type(error).__name__, mend))
