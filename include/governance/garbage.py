"""Python's search for cycles of garbage, put off where it would look at many things that have none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_off() -> Iterator[None]:
    """Let nobody look for cycles meanwhile; in the whole process, so not for longer than a piece of work."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
