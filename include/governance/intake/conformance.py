"""The conformance suite: what must hold for every source, proved offline on its sample.

`governance sources check NAME` runs it, and the test of a source inherits it in one line:

    TestVendorChanges = source_tests("include/sources/vendor_changes.yaml")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from governance import resources
from governance.errors import GovernanceError
from governance.intake import runs
from governance.intake.examination import examine as examine_records
from governance.intake.examined import Examined
from governance.intake.mapping import Mapped, map_records
from governance.intake.readers.files.options import FileOptions
from governance.intake.readers.registry import observations
from governance.intake.records import Record
from governance.intake.samples import read_sample, sample_path
from governance.intake.spec import SourceSpec, read_spec
from governance.intake.spec_secrets import secrets_in
from governance.register import ownership
from governance.register.load import load
from governance.register.ownership import OwnershipPolicy
from governance.register.request import BATCH_COLUMNS, TIME_FIELDS
from governance.settings import Settings

SHOWN = 10
"""So many problems of one check are told; more of the same help nobody."""


@dataclass(frozen=True)
class Case:
    """A source with its sample. `register`: any register; what is loaded there for a check is rolled back."""

    spec: SourceSpec
    text: str
    records: tuple[Record, ...]
    now: datetime
    policy: OwnershipPolicy
    register: Engine | None = None

    @classmethod
    def of(
        cls, spec_file: Path, *, now: datetime, path: Path | None = None, register: Engine | None = None
    ) -> Case:
        """Read a spec and its sample, or the records at `path` instead."""
        spec = read_spec(spec_file)
        records = read_sample(spec, path or sample_path(spec_file))
        policy = ownership.read(resources.folder("policies", Settings().config_dir))
        return cls(spec, spec_file.read_text("utf-8"), tuple(records), now, policy, register)

    def with_register(self, register: Engine) -> Case:
        """Return the same case, to be loaded into `register`; what was found about it already is kept."""
        other = replace(self, register=register)
        vars(other).update({name: vars(self)[name] for name in ("mapped", "examined") if name in vars(self)})
        return other

    @cached_property
    def mapped(self) -> Mapped:
        """What the spec makes of the records."""
        return map_records(self.records, self.spec, now=self.now, policy=self.policy)

    @cached_property
    def examined(self) -> Examined:
        """What the gate makes of the records; how fresh and how many they are is for real pulls."""
        limits = self.spec.batch.model_copy(update={"freshness_days": None, "min_records": 0})
        spec = self.spec.model_copy(update={"batch": limits})
        return examine_records(None, spec, self.records, now=self.now, policy=self.policy)

    def unreadable(self, about: Callable[[str], bool]) -> list[str]:
        """Return what the mapping could not read in fields that `about` picks: place, field, why."""
        return [
            f"{self.records[number].locator}: {reason.field}: {reason.why}"
            for number, reasons in sorted(self.mapped.reasons.items())
            for reason in reasons
            if reason.field is not None and about(reason.field)
        ]


@dataclass(frozen=True)
class Conformance:
    """One check: `problems` finds what is wrong with a case; None says that it could not be carried out."""

    name: str
    words: str
    problems: Callable[[Case], list[str] | None]


def records_are_read(case: Case) -> list[str]:
    """Every record of the sample is one, and there are enough to see a difference."""
    broken = [f"{record.locator}: {record.problem}" for record in case.records if record.problem]
    unread = [
        f"{case.records[number].locator}: {reason.why}"
        for number, reasons in sorted(case.mapped.reasons.items())
        for reason in reasons
        if reason.field is None and case.records[number].problem is None
    ]
    few = [] if len(case.records) >= 2 else [f"{len(case.records)} records, expected at least 2"]
    return [*few, *broken, *unread]


def columns_occur(case: Case) -> list[str]:
    """A column that no record has is a misspelt one. Networks leave empty fields out, so files only."""
    if not isinstance(case.spec.reader, FileOptions):
        return []
    seen = {column for record in case.records for column in _columns_of(case.spec, record)}
    sources = [case.spec.status, case.spec.kind, *case.spec.fields.values()]
    named = [*case.spec.key, *(column for source in sources for column in source.column)]
    known = ", ".join(sorted(seen)) or "none"
    return [
        f"column {column!r} is in no record; there are {known}"
        for column in dict.fromkeys(named)
        if column not in seen and column.split(".")[0] not in seen and not column.startswith("@")
    ]


def _columns_of(spec: SourceSpec, record: Record) -> set[str]:
    """The columns that a record gives to the mapping; none where it cannot be read."""
    try:
        told = [] if record.problem else observations(spec, record)
    except (ValueError, KeyError, TypeError):
        return set()
    return {column for observation in told for column in observation.fields}


def fields_are_mapped(case: Case) -> list[str]:
    """Every value finds its place in a request."""
    return case.unreadable(lambda field: field not in (*TIME_FIELDS, "status"))


def dates_are_read(case: Case) -> list[str]:
    """Every date fits a declared format and exists on the declared clock."""
    return case.unreadable(lambda field: field in TIME_FIELDS)


def statuses_are_mapped(case: Case) -> list[str]:
    """Every status of the sample is a word of the register, or is mapped to one."""
    return case.unreadable(lambda field: field == "status")


def keys_are_unique(case: Case) -> list[str]:
    """A snapshot tells each request once; a history tells each step once."""
    batch = case.mapped.batch.drop_duplicates(["record_no", "source_key"])
    told = ["source_key"] if case.spec.shape == "snapshot" else ["source_key", "valid_at", "raw"]
    twice = batch[batch.duplicated(told, keep=False) & batch["source_key"].notna()]
    return [
        f"key {key}: {' and '.join(group['locator'])}"
        for key, group in twice.groupby("source_key", sort=True)
    ]


def batch_is_canonical(case: Case) -> list[str]:
    """Columns and types are those that the register loads, and somebody is accountable for every row."""
    batch = case.mapped.batch
    problems = [] if list(batch.columns) == list(BATCH_COLUMNS) else ["the columns are not those of a batch"]
    problems += [
        f"{name} is {batch[name].dtype}, not an instant in UTC"
        for name in (*TIME_FIELDS, "valid_at")
        if str(batch[name].dtype) != "datetime64[us, UTC]"
    ]
    if not all(isinstance(json.loads(raw), dict) for raw in batch["raw"]):
        problems.append("raw holds something else than an object")
    return problems + ["a request without an owner"] * int(batch["owner"].isna().any())


def expectations_pass(case: Case) -> list[str]:
    """The canonical suite, the spec's own expectations and its limits."""
    failed = [
        f"{case.records[number].locator}: {reason.why}"
        for number, reasons in sorted(case.examined.reasons.items())
        for reason in reasons
        if reason.expectation is not None
    ]
    held = case.examined.held
    return [*([f"the batch would be held: {held}"] if held else []), *failed]


def mapping_twice_is_the_same(case: Case) -> list[str]:
    """Mapping depends on the records and on `now` alone."""
    again = map_records(case.records, case.spec, now=case.now, policy=case.policy)
    same = case.mapped.batch.equals(again.batch) and case.mapped.reasons == again.reasons
    return [] if same else ["the second mapping gives another batch"]


def loading_twice_changes_nothing(case: Case) -> list[str] | None:
    """The first load brings the records, the second finds all of them unchanged; both are rolled back."""
    if case.register is None:
        return None
    batch = case.mapped.batch[~case.mapped.batch["record_no"].isin(list(case.examined.reasons))]
    source = f"conformance {case.spec.name}"
    with case.register.connect() as connection, connection.begin() as transaction:
        run_id = runs.open_run(connection, source, mode="live", origin="conformance", now=case.now)
        first = load(connection, batch, source=source, run_id=run_id, known_at=case.now)
        again = load(connection, batch, source=source, run_id=run_id, known_at=case.now)
        transaction.rollback()
    records = batch["record_no"].nunique()
    problems = [] if first.loaded + first.unchanged == records else [f"{first} of {records} records"]
    return problems if again.loaded == 0 else [*problems, f"the second load finds {again.loaded} new"]


def spec_holds_no_secret(case: Case) -> list[str]:
    """Keys, tokens and passwords belong into the connection."""
    return [f"{found}: it belongs into connection {case.spec.connection}" for found in secrets_in(case.text)]


SUITE: tuple[Conformance, ...] = (
    Conformance("records_read", "every record of the sample is read", records_are_read),
    Conformance("columns_occur", "every column that the spec names occurs", columns_occur),
    Conformance("mapping_complete", "every value finds its field", fields_are_mapped),
    Conformance("keys_unique", "keys name one request, or one step of it", keys_are_unique),
    Conformance("dates_parse", "every date is read as the spec declares", dates_are_read),
    Conformance("statuses_mapped", "every status is mapped", statuses_are_mapped),
    Conformance("batch_canonical", "the batch is what the register loads", batch_is_canonical),
    Conformance("expectations_pass", "every record passes the gate", expectations_pass),
    Conformance("mapping_repeats", "mapping twice gives the same", mapping_twice_is_the_same),
    Conformance("loading_repeats", "loading twice changes nothing", loading_twice_changes_nothing),
    Conformance("no_secrets", "the spec holds no secret", spec_holds_no_secret),
)


@dataclass(frozen=True)
class Outcome:
    """How one check went: `passed`, `failed` or `skipped`, and what is wrong."""

    check: Conformance
    status: str
    problems: tuple[str, ...] = ()


def examine(case: Case) -> Iterator[Outcome]:
    """Run the whole suite."""
    for check in SUITE:
        try:
            found = check.problems(case)
        except GovernanceError as error:
            found = str(error).splitlines()
        if found is None:
            yield Outcome(check, "skipped")
            continue
        more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        yield Outcome(check, "failed" if found else "passed", (*found[:SHOWN], *more))
