"""Cycles of garbage are looked for again once the work is done, however it ended."""

from __future__ import annotations

import gc

import pytest

from governance import garbage


def test_nobody_looks_meanwhile_and_somebody_does_afterwards() -> None:
    assert gc.isenabled()
    with garbage.put_off():
        assert not gc.isenabled()
        with garbage.put_off():
            pass
        assert not gc.isenabled()  # the outer one is not done yet
    assert gc.isenabled()


def test_it_is_taken_up_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), garbage.put_off():
        _ = 1 // 0
    assert gc.isenabled()
