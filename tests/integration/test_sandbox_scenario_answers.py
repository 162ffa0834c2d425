"""Known answers held against a real register: each kind of case is recognised, and missed where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine, text

from governance.sandbox.scenario import Planted, build
from governance.sandbox.scenario.answers import CaseResult, check, table

Ask = Callable[[Planted], CaseResult]

FILL = (
    "INSERT INTO intake_run (source, mode, as_of) VALUES ('platform_jira', 'live', :now)",
    """INSERT INTO request (kind, source, source_key, title, status, raw, valid_at, owner, owner_rule) VALUES
       ('exception', 'exception_register', 'EXR-001', 'IMDSv1', 'approved', '{}', :now, 'p@example.com', 'rule'),
       ('change', 'platform_jira', 'GOV-1', 'Open egress', 'submitted', '{}', :now, 'o@example.com', NULL)""",
    "INSERT INTO snapshot (snapshot_id, as_of, location) VALUES ('20261116T080000Z', :now, '/lake')",
    """INSERT INTO request_verdict (request_number, as_of, snapshot_id, verdict, covered, won, why, evidence)
       SELECT request_number, at, '20261116T080000Z', verdict, 3, 2, 'three items', '{}' FROM request,
       (VALUES (:now - interval '1 day', 'STALE'), (:now, 'COVERED')) AS told (at, verdict)
       WHERE source_key = 'EXR-001'""",
    """INSERT INTO finding (family, finding_key, type, status, severity, request_number, account, region, rule,
                            resource_id, why, evidence, opened_at, last_seen_at, resolved_at) VALUES
       ('deviation', 'a', 'UNAPPROVED_DEVIATION', 'open', 'high', NULL, '100000000021', 'eu-west-1',
        'dynamodb-pitr-enabled', 'orders', 'nobody approved it', '{}', :now, :now, NULL),
       ('deviation', 'b', 'UNAPPROVED_DEVIATION', 'resolved', 'high', NULL, '100000000022', 'eu-west-1',
        'restricted-ssh', 'sg-1', 'nobody approved it', '{}', :now, :now, :now),
       ('process', 'c', 'PROCESS_BYPASS', 'open', 'high',
        (SELECT request_number FROM request WHERE source_key = 'GOV-1'), NULL, NULL, NULL, NULL,
        'never approved', '{}', :now, :now, NULL)""",
    """INSERT INTO quarantine (source, raw_hash, locator, source_key, raw, reasons, first_run, last_run, arrived_at)
       SELECT 'platform_jira', 'x', 'GOV-7', 'GOV-7', '{"key": "GOV-7"}', '["status Parked"]', run_id, run_id, :now
       FROM intake_run""",
    """INSERT INTO outbox (message_key, message_id, kind, recipient, subject, body_text, body_html, as_of,
                           not_before, status, sent_at)
       VALUES ('k', '<k@x>', 'digest', 'o@example.com', 's', 't', 'h', :now, :now, 'sent', :now)""",
    """INSERT INTO send_ledger (request_number, clock, rung, audience, recipient, reached_at, due_at, as_of, message)
       SELECT request_number, 'decision', 'reminder', 'owner', 'o@example.com', :now, :now, :now, message
       FROM request, outbox WHERE source_key = 'GOV-1'""",
)


@pytest.fixture
def ask(register: Engine, now: datetime) -> Ask:
    """Ask the filled register about one planted case."""
    with register.begin() as connection:
        for statement in FILL:
            connection.execute(text(statement), {"now": now} if ":now" in statement else {})

    def one(planted: Planted) -> CaseResult:
        (result,) = check(register, replace(build(), planted=[planted]))
        return result

    return one


VERDICT = Planted("v", "", "verdict", "", "exception_register", "EXR-001", verdict="COVERED", won=2)
DEVIATION = Planted(
    "d", "", "finding", "", finding_type="UNAPPROVED_DEVIATION", account="100000000021", region="eu-west-1",
    rule="securityhub-dynamodb-pitr-enabled-1f9a63e2", resource_id="orders",
)  # fmt: skip
BYPASS = Planted("b", "", "finding", "", "platform_jira", "GOV-1", finding_type="PROCESS_BYPASS")
COUNT = Planted("n", "", "finding", "", finding_type="UNAPPROVED_DEVIATION", count=1)
QUARANTINE = Planted("q", "", "quarantine", "", "platform_jira", "GOV-7")
NAMELESS = Planted("q", "", "quarantine", "", "platform_jira", fragment="GOV-7")
EMAIL = Planted(
    "e",
    "",
    "email",
    "",
    "platform_jira",
    "GOV-1",
    clock="decision",
    rung="reminder",
    recipient="o@example.com",
)
SILENCE = Planted("s", "", "no_email", "", "exception_register", "EXR-001", clock="decision")
OWNER = Planted("o", "", "owner", "", "exception_register", "EXR-001", recipient="p@example.com")
NOBODY = Planted("o", "", "owner", "", "platform_jira", "GOV-1", recipient="o@example.com", owned=False)


@pytest.mark.parametrize(
    "planted", [VERDICT, DEVIATION, BYPASS, COUNT, QUARANTINE, NAMELESS, EMAIL, SILENCE, OWNER, NOBODY]
)
def test_what_the_register_says_is_recognised(ask: Ask, planted: Planted) -> None:
    assert ask(planted).recognised


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (replace(VERDICT, verdict="STALE"), "COVERED, covers 3"),
        (replace(VERDICT, won=3), "wins 2"),
        (replace(VERDICT, key="EXR-999"), "no verdict"),
        (replace(DEVIATION, region="us-east-1"), "no such finding"),
        (replace(DEVIATION, account="100000000022", rule="restricted-ssh", resource_id="sg-1"), "no such"),
        (replace(BYPASS, source="exception_register", key="EXR-001"), "no such finding"),
        (replace(COUNT, count=2), "1 open"),
        (replace(QUARANTINE, key="GOV-8"), "not in quarantine"),
        (replace(QUARANTINE, key=None, count=3), "1 in quarantine"),
        (replace(EMAIL, rung="escalation"), "reminder to o@example.com: sent"),
        (replace(EMAIL, recipient="somebody@example.com"), "reminder to o@example.com"),
        (replace(SILENCE, source="platform_jira", key="GOV-1"), "reminder to o@example.com"),
        (replace(SILENCE, key="EXR-999"), "not in the register"),
        (replace(OWNER, recipient="other@example.com"), "p@example.com"),
        (replace(NOBODY, owned=True), "o@example.com"),
    ],
)
def test_what_is_wrong_or_missing_is_not_recognised_and_the_table_says_what_there_is(
    ask: Ask, planted: Planted, found: str
) -> None:
    result = ask(planted)
    assert not result.recognised
    assert found in result.found


def test_mail_that_waits_for_quiet_hours_counts_and_mail_that_failed_does_not(
    ask: Ask, register: Engine
) -> None:
    def deliver(state: str) -> bool:
        with register.begin() as connection:
            connection.execute(text(f"UPDATE outbox SET sent_at = NULL, {state}"))
        return ask(EMAIL).recognised

    assert deliver("status = 'pending', not_before = as_of + interval '3 hours'")
    assert not deliver("status = 'pending', not_before = as_of")
    assert not deliver("status = 'failed'")


def test_results_can_be_printed(ask: Ask) -> None:
    assert table([ask(VERDICT), ask(replace(VERDICT, won=3))]).row_count == 2


def test_an_empty_register_recognises_nothing(register: Engine) -> None:
    assert not any(result.recognised for result in check(register, build()))
