"""Can every source be read: its spec, its connection, and the place it names?"""

from __future__ import annotations

from typing import Any

from governance.connections import ConnectionLookup
from governance.doctor.check import Check, Checks
from governance.errors import GovernanceError
from governance.settings import Settings


def examine_sources(settings: Settings, lookup: ConnectionLookup) -> Checks:
    """Yield the outcome of every spec, wrong ones first."""
    from governance.intake.spec import read_specs

    specs, broken = read_specs(settings.config_dir)
    for name, problem in broken.items():
        for line in str(problem).splitlines():
            yield Check(f"sources: {name}", "failed", line, "correct the spec")
    for spec in specs:
        yield _examine(spec, lookup)


def _examine(spec: Any, lookup: ConnectionLookup) -> Check:
    from governance.intake.readers.kind import Opening
    from governance.intake.readers.registry import probe

    about = f"sources: {spec.name}"
    try:
        return Check(about, "ok", probe(spec, Opening(lookup)))
    except GovernanceError as error:
        return Check(about, "failed", str(error), f"mend the connection {spec.connection}")
