"""The test of a source in one line of pytest: `TestVendor = source_tests("include/sources/vendor.yaml")`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from governance.intake.conformance import SUITE, Case, Conformance


def source_tests(spec_file: str | Path, *, now: datetime | None = None) -> type:
    """Return a class with one test for each check of the conformance suite, on the sample of that spec.

    A fixture `register` (an engine), where there is one, is what the sample is loaded into, and rolled back;
    without one, loading is not tried. `now` None: the time of the test.
    """
    path = Path(spec_file)
    shared: dict[str, Case] = {}

    def case(register: Any) -> Case:
        if "case" not in shared:
            shared["case"] = Case.of(path, now=now or datetime.now(UTC))
        known = shared["case"]
        return known if register is None else known.with_register(register)

    tests = {f"test_{check.name}": _test(check, case) for check in SUITE}
    return type(f"Test_{path.stem}", (), {"__doc__": f"The conformance suite on {path.name}.", **tests})


def _test(check: Conformance, case: Callable[[Any], Case]) -> Callable[..., None]:
    def test(self: object, request: Any) -> None:  # noqa: ARG001 (pytest hands both over)
        problems = check.problems(case(_register(request) if check.name == "loading_repeats" else None))
        assert not problems, f"expected that {check.words}:\n" + "\n".join(problems or ())  # noqa: S101

    test.__doc__ = check.words
    return test


def _register(request: Any) -> Any:
    """The fixture `register`, or None where the project has none."""
    try:
        return request.getfixturevalue("register")
    except LookupError:
        return None
