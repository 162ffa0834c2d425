"""Each verdict on a change, and beside it the nearest case that must not get it."""

from __future__ import annotations

import pytest

from fulfilment_worlds import NOW, RUNBOOKS, change, change_verdict, execution, hours, judged_changes, seen

RUNS, ITEMS, DOCUMENTS = "ssm/automation_executions", "ssm/ops_items", "ssm/documents"
RECORDS, OPERATIONS = "servicecatalog/records", "controltower/control_operations"


def ran(*executions, **more):
    return {RUNS: list(executions), DOCUMENTS: RUNBOOKS, **more}


def second(**more):
    return execution(**({"execution": "e-2", "started_at": hours(-4), "ended_at": hours(-3)} | more))


CHANGE = change()
NAMED = {"change_request": "CHG-000001"}
RUNNING = {"status": "InProgress", "ended_at": None}

CASES = [
    ("all of it, within the window", "EXECUTED_IN_WINDOW", CHANGE, ran(execution())),
    ("in two parts", "EXECUTED_IN_WINDOW", CHANGE, ran(execution(targets=["i-1"]), second(targets=["i-2"]))),
    ("its targets are not told", "EXECUTED_IN_WINDOW", CHANGE, ran(execution(targets=[]))),
    ("failed and done again", "EXECUTED_IN_WINDOW", CHANGE, ran(execution(status="Failed"), second())),
    ("from the first instant of the window to its end", "EXECUTED_IN_WINDOW", CHANGE, ran(execution(started_at=hours(-6), ended_at=hours(-2)))),
    ("a target by a pattern", "EXECUTED_IN_WINDOW", change(targets=("i-*",)), ran(execution())),
    ("a runbook by its ARN", "EXECUTED_IN_WINDOW", change(runbook="arn:aws:ssm:eu:1:document/Restart:2"), ran(execution())),
    ("the runbook of a change template", "EXECUTED_IN_WINDOW", CHANGE, ran(execution(document="AWS-Template", runbooks='["Restart"]'))),
    ("no window was named", "EXECUTED_IN_WINDOW", change(begin=None, end=None), ran(execution())),
    ("half of it", "EXECUTED_PARTIAL", CHANGE, ran(execution(targets=["i-1"]))),
    ("done and failed afterwards", "EXECUTED_PARTIAL", CHANGE, ran(execution(), second(status="Failed"))),
    ("half of it failed", "EXECUTED_PARTIAL", CHANGE, ran(execution(targets=["i-1"], status="Failed"), second(targets=["i-2"]))),
    ("failed", "EXECUTED_FAILED", CHANGE, ran(execution(status="Failed"))),
    ("timed out", "EXECUTED_FAILED", CHANGE, ran(execution(status="TimedOut"))),
    ("a failure of another change", "NOT_EXECUTED", CHANGE, ran(execution(status="Failed", targets=["i-9"]))),
    ("went on beyond the window", "OVERRAN", CHANGE, ran(execution(ended_at=hours(-1.9)))),
    ("still running beyond the window", "OVERRAN", CHANGE, ran(execution(**RUNNING))),
    ("still running within the window", "IN_PROGRESS", change(end=hours(1)), ran(execution(**RUNNING))),
    ("failed once, running again", "IN_PROGRESS", change(end=hours(1)), ran(execution(status="Failed"), second(**RUNNING))),
    ("begun just before the window", "OUT_OF_WINDOW", CHANGE, ran(execution(started_at=hours(-6.1)))),
    ("begun at the end of the window", "OUT_OF_WINDOW", CHANGE, ran(execution(started_at=hours(-2), ended_at=hours(-1)))),
    ("begun weeks before, by another hand", "NOT_EXECUTED", CHANGE, ran(execution(started_at=hours(-190)))),
    ("begun weeks before, in its name", "OUT_OF_WINDOW", CHANGE, ran(execution(started_at=hours(-190), **NAMED))),
    ("touched one more", "SCOPE_EXCEEDED", CHANGE, ran(execution(targets=["i-1", "i-2", "i-3"]))),
    ("touched one less", "EXECUTED_PARTIAL", CHANGE, ran(execution(targets=["i-2"]))),
    ("no targets were named", "EXECUTED_IN_WINDOW", change(targets=()), ran(execution(targets=["i-1", "i-3"]))),
    ("a pattern is anchored at both ends", "SCOPE_EXCEEDED", change(targets=("i-?",)), ran(execution(targets=["i-1", "i-22"]))),
    ("another runbook on its target", "RUNBOOK_MISMATCH", CHANGE, ran(execution(document="Drain"))),
    ("another runbook in its name", "RUNBOOK_MISMATCH", CHANGE, ran(execution(document="Drain", targets=[], **NAMED))),
    ("another runbook on another target", "NOT_EXECUTED", CHANGE, ran(execution(document="Drain", targets=["i-9"]))),
    ("another runbook after the window", "NOT_EXECUTED", CHANGE, ran(execution(document="Drain", started_at=hours(-1)))),
    ("no runbook was named", "EXECUTED_IN_WINDOW", change(runbook=None), ran(execution(document="Drain"))),
    ("before it was approved", "UNAPPROVED_CHANGE", change(approved_at=hours(-4.5)), ran(execution())),
    ("in the instant it was approved", "EXECUTED_IN_WINDOW", change(approved_at=hours(-5)), ran(execution())),
    ("while it was being discussed", "UNAPPROVED_CHANGE", change(standing="undecided", status="in_review", approved_at=None), ran(execution(**NAMED))),
    ("although it was refused", "UNAPPROVED_CHANGE", change(standing="refused", status="rejected", approved_at=None), ran(execution(ops_item="C-1"))),
    ("in the window, not there yet", "PENDING", change(end=hours(1)), ran()),
    ("before the window", "PENDING", change(begin=hours(1), end=hours(2)), ran()),
    ("nobody says until when", "PENDING", change(begin=None, end=None), ran()),
    ("the window is over", "NOT_EXECUTED", CHANGE, ran()),
    ("the window ends now", "NOT_EXECUTED", change(end=NOW), ran()),
    ("said to be done", "NOT_EXECUTED", change(end=hours(1), claimed_at=hours(-1), status="fulfilled"), ran()),
    ("waits for its approval in AWS", "NOT_EXECUTED", CHANGE, ran(execution(status="PendingApproval"))),
    ("by hand", "UNKNOWN", change(runbook="RB-1"), ran()),
    ("by hand, before the window", "PENDING", change(runbook="RB-1", begin=hours(1), end=hours(2)), ran()),
    ("longer ago than AWS remembers", "UNKNOWN", change(begin=hours(-24 * 40), end=hours(-24 * 39)), ran()),
    ("a status nobody knows", "UNKNOWN", CHANGE, ran(execution(status="Levitating"))),
    ("a change request with its own times", "EXECUTED_IN_WINDOW", change(source_key="oi-1", targets=()),
     {ITEMS: [{"ops_item": "oi-1", "type": "/aws/changerequest", "status": "CompletedWithSuccess", "actual_start": hours(-5), "actual_end": hours(-3)}]}),
    ("an issue is no change request", "NOT_EXECUTED", change(source_key="oi-1", targets=()),
     {ITEMS: [{"ops_item": "oi-1", "type": "/aws/issue", "status": "Closed", "actual_start": hours(-5)}], DOCUMENTS: RUNBOOKS}),
    ("a product updated", "EXECUTED_IN_WINDOW", change(targets=("pp-1",), runbook=None),
     {RECORDS: [{"record": "r", "type": "UPDATE_PROVISIONED_PRODUCT", "status": "SUCCEEDED", "product_id": "pp-1", "created_at": hours(-5), "updated_at": hours(-4)}]}),
    ("a product made is an addition", "UNKNOWN", change(targets=("pp-1",), runbook=None),
     {RECORDS: [{"record": "r", "type": "PROVISION_PRODUCT", "status": "SUCCEEDED", "product_id": "pp-1", "created_at": hours(-5), "updated_at": hours(-4)}]}),
    ("a control reset, and it failed", "EXECUTED_FAILED", change(targets=("GR",), runbook=None),
     {OPERATIONS: [{"operation": "o", "type": "RESET_ENABLED_CONTROL", "status": "FAILED", "control": "arn:x/GR", "target": "arn:y/ou-1", "started_at": hours(-5), "ended_at": hours(-4)}]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "asked", "rows"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_verdict(verdict, asked, rows):
    assert change_verdict(asked, seen(rows)) == verdict


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (ran(), "UNKNOWN"),
        (ran(execution()), "UNKNOWN"),
        (ran(execution(status="Failed")), "EXECUTED_FAILED"),
        (ran(execution(document="Drain")), "RUNBOOK_MISMATCH"),
        (ran(execution(started_at=hours(-6.1))), "OUT_OF_WINDOW"),
    ],
)
def test_a_breach_is_proved_by_what_is_seen_and_that_all_is_well_only_by_all_there_is(rows, verdict):
    assert change_verdict(CHANGE, seen(rows, {RUNS: "PARTIAL: throttled"})) == verdict


def test_a_snapshot_of_before_the_end_of_the_window_does_not_say_that_nothing_happened():
    assert change_verdict(CHANGE, seen(ran(), as_of=hours(-3))) == "UNKNOWN"
    assert change_verdict(CHANGE, seen(ran(), as_of=hours(-2))) == "NOT_EXECUTED"


def test_the_first_breach_is_the_verdict_and_the_others_stand_beside_it():
    worst = execution(
        document="Drain", targets=["i-1", "i-3"], started_at=hours(-7), status="Failed", **NAMED
    )
    found = judged_changes([change(approved_at=hours(-6.5))], seen(ran(worst))).verdicts.iloc[0]
    assert found.verdict == "UNAPPROVED_CHANGE"
    assert set(found.true_too) == {
        "UNAPPROVED_CHANGE", "SCOPE_EXCEEDED", "RUNBOOK_MISMATCH", "OUT_OF_WINDOW", "EXECUTED_FAILED",
    }  # fmt: skip


def test_an_execution_belongs_to_one_change_the_one_it_names_before_the_nearest():
    near, far = change(), change(request_id="CHG-000002", source_key="C-2", begin=hours(-30), end=hours(-26))
    assert list(judged_changes([near, far], seen(ran(execution()))).verdicts.verdict) == [
        "EXECUTED_IN_WINDOW",
        "NOT_EXECUTED",
    ]
    named = ran(execution(change_request="CHG-000002 restart"))
    assert list(judged_changes([near, far], seen(named)).verdicts.verdict) == [
        "NOT_EXECUTED",
        "OUT_OF_WINDOW",
    ]


def loose(shown, asked=(), **policy):
    return [
        row.execution for row in judged_changes(list(asked), seen(shown), **policy).unapproved.itertuples()
    ]


def test_an_execution_without_an_approved_change_is_unapproved():
    assert loose(ran(execution())) == ["e-1"]
    assert loose(ran(execution()), [CHANGE]) == []
    assert loose(ran(execution(targets=["i-9"])), [CHANGE]) == ["e-1"], "the runbook alone is no approval"
    assert loose(ran(execution()), [change(standing="undecided", approved_at=None)]) == ["e-1"]
    assert loose(ran(execution()), [change(targets=("e-1",))]) == [], "a later approved change names it"


def test_what_was_carried_out_before_the_register_began_or_is_approved_for_good_is_not_unapproved():
    assert loose(ran(execution(started_at=hours(-24 * 15)))) == []
    service = "arn:aws:sts::1:assumed-role/AWSServiceRoleForConfig/remediation"
    assert loose(ran(execution(by=service))) == []
    assert loose(ran(execution(by=service)), standing_changes=()) == ["e-1"]
    assert loose(ran(execution(by=None))) == ["e-1"]
