"""Sources, runs and answers for the tests of intake: say what matters, the rest is filled in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from sqlalchemy import Engine, text

from conftest import ROOT
from governance.connections import Connection
from governance.intake import examination
from governance.intake.run import Intake
from governance.intake.runs import RunResult
from governance.intake.spec import SourceSpec, read_spec
from governance.quality.gate import Verdict

POLICIES = ROOT / "include" / "policies"
SOURCES = ROOT / "include" / "sources"

MINIMAL: dict[str, Any] = {
    "name": "drops", "title": "Drops", "owner": "owner@example.com", "connection": "drops", "schedule": "@daily",
    "mode": "live", "shape": "event_log", "reader": {"type": "csv"}, "time_zone": "Europe/Berlin",
    "dates": ["%Y-%m-%d %H:%M"], "nulls": ["-"], "key": "id", "kind": "addition",
    "status": {"column": "state", "map": {"new": "submitted", "granted": "approved", "built": "fulfilled"}},
    "fields": {
        "title": "title", "requester": "who", "source_updated_at": "changed", "target": "target",
        "submitted_at": "submitted", "decided_by": "approver",
    },
}  # fmt: skip


def spec(**changes: Any) -> SourceSpec:
    """Return a small spec of a CSV source; `fields` are added to its fields."""
    fields = {**MINIMAL["fields"], **changes.pop("fields", {})}
    return SourceSpec.model_validate({**MINIMAL, **changes, "fields": fields})


def write_spec(folder: Path, **changes: Any) -> Path:
    """Write the small spec into a folder of specs and return its file."""
    document = {**MINIMAL, **changes}
    path = folder / f"{document['name']}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    return path


def shipped(name: str) -> SourceSpec:
    """Return a spec of include/sources or its examples."""
    found = [
        path for path in (SOURCES / f"{name}.yaml", SOURCES / "examples" / f"{name}.yaml") if path.is_file()
    ]
    return read_spec(found[0])


def pull(
    engine: Engine, source: SourceSpec, now: datetime, lake: Path, *, path: Path | None = None, **more: Any
) -> RunResult:
    """Run one source; a folder stands for the source's own place, a file is read by hand."""
    if path is not None and path.is_dir():
        place = source.reader.model_copy(update={"location": str(path)})
        source, path = source.model_copy(update={"reader": place}), None
    return Intake(engine, now, str(lake), path=path, policies=POLICIES, **more).run(source)


def pass_everything(monkeypatch: Any) -> None:
    """Let the gate pass what could be mapped: for tests that are no matter of its expectations, which take long."""
    monkeypatch.setattr(examination, "judge", lambda batch, reasons, *a, **k: Verdict(reasons, "", {}))


def connections(**found: dict[str, Any]) -> Any:
    """Return a lookup that knows these connections."""

    def lookup(conn_id: str) -> Connection:
        return Connection(conn_id=conn_id, **found[conn_id])

    return lookup


def frame(engine: Engine, query: str, **parameters: Any) -> pd.DataFrame:
    """Return what a query finds."""
    with engine.connect() as connection:
        result = connection.execute(text(query), parameters)
        return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


def rows(engine: Engine, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Return what a query finds, as tuples."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), parameters)]


def reasons(engine: Engine, source: str = "drops") -> dict[str, list[str]]:
    """Return locator -> why, for the open items of a source."""
    found = rows(
        engine, "SELECT locator, reasons FROM quarantine WHERE source = :s AND status = 'open'", s=source
    )
    return {locator: [reason["why"] for reason in told] for locator, told in found}


REGISTER = (
    "SELECT source_key, kind, title, description, target_type, target, requester, owner, owner_rule, assignee,"
    " risk_level, status, submitted_at, due_at, decided_at, decided_by, fulfilled_at, closed_at, source_updated_at,"
    " valid_at FROM request WHERE source = :s ORDER BY source_key"
)
"""What the register says about the requests of one source, without what depends on how they arrived."""
