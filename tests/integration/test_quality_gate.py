"""Each expectation of the canonical suite keeps back what it is about, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from batches import batch
from governance.errors import GovernanceError
from governance.quality.gate import judge
from governance.quality.reasons import Reason
from governance.quality.suite import Check, canonical_suite

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
SOUND = {"requester": "rita@example.com"}
APPROVED = {
    "status": "approved", "kind": "exception", "valid_from": "2026-01-01", "valid_until": "2026-12-31",
    "decided_by": "ann@example.com", "scopes": [{"account": ["100000000012"]}],
}  # fmt: skip
CHANGE = {"kind": "change", "window_start": "2026-01-01", "window_end": "2026-01-02"}
NOT_MEETABLE = {"rows_told_apart", "columns_present"}  # about the batch; tested below
CASES = {
    "key_present": {"source_key": None},
    "key_length": {"source_key": "k" * 301},
    "kind_present": {"kind": None},
    "kind_known": {"kind": "wish"},
    "kind_as_registered": {"source_key": "REGISTERED", "kind": "change"},
    "fields_of_its_kind": {**APPROVED, "runbook": "restart"},
    "title_present": {"title": None},
    "title_readable": {"title": "???"},
    "title_length": {"title": "long " * 300},
    "requester_present": {"requester": None},
    "target_type_known": {"target_type": "idea"},
    "risk_level_known": {"risk_level": "extreme"},
    "category_known": {"category": "favour"},
    "thing_type_known": {"kind": "addition", "thing_type": "pony"},
    "status_present": {"status": None},
    "status_known": {"status": "begun"},
    "time_present": {"valid_at": None},
    "time_plausible": {"valid_at": "2026-11-18"},
    "submission_plausible": {"submitted_at": "1026-01-01"},
    "decision_plausible": {"decided_at": "2027-01-01"},
    "due_plausible": {"due_at": "2206-01-01"},
    "exception_ends_after_it_begins": {**APPROVED, "valid_until": "2026-01-01"},
    "approved_exception_has_an_end": {**APPROVED, "valid_until": None},
    "approved_exception_has_an_approver": {**APPROVED, "decided_by": None},
    "approved_exception_has_a_scope": {**APPROVED, "scopes": None},
    "end_plausible": {**APPROVED, "valid_until": "2206-01-01"},
    "window_ends_after_it_begins": {**CHANGE, "window_end": "2026-01-01"},
    "window_plausible": {**CHANGE, "window_end": "2206-01-01"},
}
NAMED = {"account_format", "key_once"}  # the source must tell: see test_intake_named.py
NOTED = {"account_known", "control_known", "owner_known"}


def decide(frame, *, reasons=None, checks=None, registered=None):
    checks = canonical_suite() if checks is None else checks
    return judge(frame, reasons or {}, checks, name="tests", now=NOW, registered_kinds=registered or {})


@pytest.fixture(scope="module")
def verdict():
    """One batch with a record for each case, between sound ones."""
    observations = [{**SOUND, **APPROVED}, {**SOUND, **CHANGE}]
    observations += [{**SOUND, **case} for case in CASES.values()]
    observations += [{**SOUND, "source_key": "TWO"}, {**SOUND, "source_key": "TWO", "kind": "change"}]
    return decide(batch(*observations), registered={"REGISTERED": "exception"})


def test_every_expectation_of_the_suite_has_a_case():
    assert {check.id for check in canonical_suite()} == {
        *CASES,
        *NOT_MEETABLE,
        *NAMED,
        *NOTED,
        "kind_said_once",
    }


@pytest.mark.parametrize("check", CASES)
def test_a_record_is_kept_back_for_what_is_wrong_with_it(verdict, check):
    number = list(CASES).index(check) + 2
    assert [reason.expectation for reason in verdict.reasons[number]] == [check]
    words = next(c.words for c in canonical_suite() if c.id == check)
    assert verdict.reasons[number][0].why == f"expected that {words}"


def test_of_two_kinds_under_one_key_neither_is_believed(verdict):
    last = len(CASES) + 2
    for number in (last, last + 1):
        assert [reason.expectation for reason in verdict.reasons[number]] == ["kind_said_once"]


def test_sound_records_pass(verdict):
    assert {0, 1}.isdisjoint(verdict.reasons)
    assert verdict.held == ""


def test_a_record_is_kept_back_as_a_whole_when_one_observation_fails():
    frame = batch(
        {**SOUND, "record_no": 0, "source_key": "A"},
        {**SOUND, "record_no": 0, "source_key": "A", "status": "begun"},
        {**SOUND, "record_no": 1, "source_key": "B"},
    )
    assert list(decide(frame).reasons) == [0]


def test_the_gate_does_not_repeat_what_the_mapping_said():
    mapped = {0: [Reason("'Parked' is none of the words", "status")]}
    verdict = decide(batch({**SOUND, "status": None}), reasons=mapped)
    assert verdict.reasons == mapped


def test_a_source_of_one_kind_is_held_against_the_suite_of_that_kind_alone():
    ids = {
        kind: {check.id for check in canonical_suite((kind,))} for kind in ("addition", "change", "exception")
    }
    assert "window_plausible" in ids["change"] - ids["addition"] - ids["exception"]
    assert ids["addition"] ^ ids["change"] == {
        "thing_type_known",
        "window_plausible",
        "window_ends_after_it_begins",
    }


def test_what_is_wrong_with_an_account_is_shown_and_a_note_keeps_nothing_back():
    frame = batch({**SOUND, "source_key": "A"}, {**SOUND, "source_key": "B"}).assign(
        malformed_account=pd.Series(["12345", None], dtype="str"),
        unknown_account=pd.Series([None, "100000000099"], dtype="str"),
    )
    verdict = decide(frame)
    assert {number: [r.expectation for r in told] for number, told in verdict.reasons.items()} == {
        0: ["account_format"]
    }
    assert verdict.reasons[0][0].why.endswith("(found '12345')")
    noted = [e["unexpected"] for e in verdict.summary["expectations"] if e["id"] == "account_known"]
    assert noted == [1]


def test_an_absent_column_holds_the_batch():
    frame = batch(SOUND).assign(absent_column=pd.Series(["State"], dtype="str"))
    assert decide(frame).held == "expected that every column that the spec requires is there"


def test_an_expectation_on_the_batch_says_what_was_found():
    fresh = Check(
        id="fresh", type="expect_column_max_to_be_between", severity="hold", words="it is fresh",
        kwargs={"column": "valid_at", "min_value": "now-1d"},
    )  # fmt: skip
    assert decide(batch(SOUND), checks=[fresh]).held.startswith("expected that it is fresh (found 2026-11-02")
    assert decide(batch({**SOUND, "valid_at": "2026-11-16"}), checks=[fresh]).held == ""


@pytest.mark.parametrize(("type_", "more"), [
    ("expect_column_values_to_be_wonderful", {}),
    ("expect_column_values_to_match_regex", {"regx": "x"}),
])  # fmt: skip
def test_an_expectation_that_cannot_be_built_is_named(type_, more):
    check = Check(id="mine", type=type_, kwargs={"column": "title", **more}, words="w")
    with pytest.raises(GovernanceError, match=r"expectation mine: .* cannot be built"):
        decide(batch(SOUND), checks=[check])


def test_the_page_is_the_one_of_great_expectations_with_our_words(verdict):
    assert "<html" in verdict.page
    assert "valid_until is after valid_from" in verdict.page


def test_the_summary_counts_what_each_expectation_found(verdict):
    found = {e["id"]: e["unexpected"] for e in verdict.summary["expectations"] if not e["success"]}
    assert found["kind_said_once"] == 2
    assert found["title_present"] == 1


def test_a_batch_that_fails_altogether_takes_seconds():
    many = pd.concat([batch({})] * 20_000, ignore_index=True)
    many = many.assign(record_no=range(20_000), row_no=range(20_000), status="begun", title="?")
    assert len(decide(many).reasons) == 20_000
