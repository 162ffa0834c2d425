"""Submit a request here: the same mapping, expectations and gate as every source, and an answer at once.

A submission is idempotent by its id: sent twice, it is one request. One that does not pass is refused with
the reasons and kept nowhere, because whoever sent it is there to mend it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from governance import resources
from governance.errors import GovernanceError
from governance.intake.examination import examine
from governance.intake.readers.form.reader import submission as read_submission
from governance.intake.records import Record
from governance.intake.run import Intake
from governance.intake.spec import SourceSpec
from governance.register import lookup, ownership
from governance.settings import Settings

_NOT_SAID = ("submission", "submitted")
"""What a submission holds beside what was asked for."""


class RefusedError(GovernanceError):
    """The gate does not let it pass; `reasons` say why, one line each."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(["the request was not registered:", *(f"  {one}" for one in reasons)]))


@dataclass(frozen=True)
class Submitted:
    """A registered request; `known`: it had been registered by an earlier submission of the same."""

    request_id: str
    submission: str
    status: str
    known: bool


def submission_id(answers: Mapping[str, str]) -> str:
    """Return the id that a submission gets where its sender names none: the same for the same words."""
    said = json.dumps(dict(sorted(answers.items())), ensure_ascii=False)
    return f"sub-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def submit(
    engine: Engine, spec: SourceSpec, answers: Mapping[str, str], *, now: datetime, lake: str
) -> Submitted:
    """Register one request; raises RefusedError where it does not pass the gate.

    `answers`: `kind`, register field -> text, and perhaps `submission`, the id its sender gave it.
    """
    said = {name: value for name, value in answers.items() if name not in _NOT_SAID and value.strip()}
    key = answers.get("submission") or submission_id(said)
    if re.fullmatch(r"[\w.-]{1,100}", key) is None:
        raise GovernanceError(f"submission {key!r}: expected 1 to 100 letters, digits, '.', '_' or '-'")
    known = _known(engine, spec, key, said)
    if known is not None:
        return known
    if spec.mode != "live":
        raise GovernanceError(f"source {spec.name} is in mode {spec.mode}: nothing can be submitted")
    raw = {"submission": key, "submitted": now.astimezone(UTC).isoformat(timespec="seconds"), **said}
    content = json.dumps(raw, ensure_ascii=True, indent=1).encode()
    _refuse_what_fails(engine, spec, content, now)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{key}.json"
        path.write_bytes(content)
        result = Intake(engine, now, lake, origin="submit", path=path).run(spec)
    if result.status != "complete" or result.quarantined:
        raise GovernanceError(f"{spec.name}: {result.message}")
    with engine.connect() as connection:
        found = lookup.by_key(connection, spec.name, key)
    assert found is not None  # noqa: S101 (the run has just loaded it)
    return Submitted(found["request_id"], key, found["status"], known=False)


def _known(engine: Engine, spec: SourceSpec, key: str, said: dict[str, str]) -> Submitted | None:
    """The request of an earlier submission of that id, which must say the same."""
    with engine.connect() as connection:
        found = lookup.by_key(connection, spec.name, key)
    if found is None:
        return None
    before = {name: value for name, value in found["raw"].items() if name not in _NOT_SAID}
    if before != said:
        names = ", ".join(sorted(n for n in before.keys() | said.keys() if before.get(n) != said.get(n)))
        raise GovernanceError(
            f"submission {key} is {found['request_id']} already, and differs in {names}:"
            " give a new one another id"
        )
    return Submitted(found["request_id"], key, found["status"], known=True)


def _refuse_what_fails(engine: Engine, spec: SourceSpec, content: bytes, now: datetime) -> None:
    raw, problem = read_submission(content)
    policy = ownership.read(resources.folder("policies", Settings().config_dir))
    with engine.connect() as connection:
        examined = examine(connection, spec, [Record("submission", raw, problem)], now=now, policy=policy)
    reasons = [
        f"{reason.field}: {reason.why}" if reason.field else reason.why
        for known in examined.reasons.values()
        for reason in known
    ]
    if examined.held:
        reasons.append(examined.held)
    if reasons:
        raise RefusedError(reasons)
