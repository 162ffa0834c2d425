"""Drafted exception requests: one per owner and rule, told once, and whole when submitted."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from escalation_worlds import BOARD, OFFICE, OWNER, outbox, policies
from governance.cli import app
from governance.escalation.draft import LARGEST_SCOPE, drafts_of
from governance.escalation.drafts import find, listing
from governance.escalation.escalate import Escalated, escalate
from governance.reconciliation.preview import preview
from governance.reconciliation.reconcile import reconcile
from governance.register import exception_limits
from reconciliation_worlds import World
from reconciliation_worlds import policies as reconciliation_policies

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
RULE, OTHER = "s3-bucket-versioning-enabled", "rds-storage-encrypted"
SYDNEY = "sandbox-lead@example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return policies(tmp_path / "policies")


def deviate(register: Engine, *resources: str, at: datetime = NOW, **more: Any) -> None:
    """Open one finding per resource, as reconciliation does."""
    statement = text(
        "INSERT INTO finding (family, finding_key, type, status, severity, account, region, rule, resource_type,"
        " resource_id, owner, why, evidence, opened_at, last_seen_at) VALUES (:family, :account || :region ||"
        " :rule || :resource, :type, 'open', :severity, :account, :region, :rule, 'AWS::S3::Bucket', :resource,"
        " :owner, 'why', CAST(:evidence AS jsonb), :at, :at)"
    )
    finding = {
        "family": "deviation", "type": "UNAPPROVED_DEVIATION", "severity": "medium", "account": "100000000030",
        "region": "eu-central-1", "rule": RULE, "owner": OWNER, "evidence": "{}",
    }  # fmt: skip
    with register.begin() as connection:
        for resource in resources:
            connection.execute(statement, finding | more | {"resource": resource, "at": at})


def drafts(register: Engine) -> list[dict[str, Any]]:
    """Every draft, oldest first, with its content."""
    with register.connect() as connection:
        return [find(connection, row["draft_id"]) or {} for row in reversed(listing(connection, limit=1000))]


def run(register: Engine, folder: Path, now: datetime = NOW, **more: Any) -> Escalated:
    return escalate(register, now=now, policies=folder, **more)


def test_a_thousand_alike_deviations_are_one_draft_and_one_message(register: Engine, folder: Path) -> None:
    deviate(register, *(f"b-{n:03}" for n in range(1000)))
    assert run(register, folder) == Escalated(drafts=1)
    [draft] = drafts(register)
    assert len(draft["findings"]) == 1000
    assert draft["content"]["title"] == f"Exception from {RULE} for 1,000 resources in 1 account"
    assert draft["content"]["scopes"].count("\n") == 0
    [message] = outbox(register)
    assert (message.kind, message.recipient, message.message) == ("draft", OWNER, draft["message"])
    assert "b-004 and 995 more" in message.body_text


def test_another_rule_or_owner_is_another_draft_and_an_owner_hears_all_in_one(register, folder) -> None:
    deviate(register, "a", "b")
    deviate(register, "a", rule=OTHER, severity="critical")
    deviate(register, "a", account="100000000050", owner=SYDNEY)
    deviate(register, "a", account="100000000099", owner=None)
    assert run(register, folder).drafts == 4
    told = {(message.recipient, message.subject) for message in outbox(register)}
    assert told == {
        (OWNER, "2 exception requests drafted for 3 deviations"),
        (SYDNEY, f"Drafted for you: Exception from {RULE} for a in account 100000000050"),
        (OFFICE, f"Drafted for you: Exception from {RULE} for a in account 100000000099"),
    }
    [first] = [message for message in outbox(register) if message.recipient == OWNER]
    assert first.body_html.count("draft of an exception") == 2


def test_only_open_unapproved_deviations_are_drafted(register: Engine, folder: Path) -> None:
    deviate(register, "later", at=NOW + timedelta(hours=1))
    deviate(register, "exception", family="exception", type="COVERED")
    deviate(register, "other", type="SOMETHING_ELSE")
    deviate(register, "wild*")  # a scope could not name it alone
    assert run(register, folder) == Escalated()
    assert (drafts(register), outbox(register)) == ([], [])


def test_ten_retries_draft_once_and_news_alone_is_drafted_later(register: Engine, folder: Path) -> None:
    deviate(register, "a")
    runs = [run(register, folder) for _ in range(10)]
    assert [done.drafts for done in runs] == [1] + [0] * 9
    deviate(register, "b")
    assert run(register, folder, NOW + timedelta(hours=1)).drafts == 1
    assert [len(draft["findings"]) for draft in drafts(register)] == [1, 1]
    assert run(register, folder, NOW - timedelta(days=1)).drafts == 0  # a backfill


def test_two_runs_at_once_draft_once(register: Engine, folder: Path) -> None:
    deviate(register, *(f"b-{n}" for n in range(50)))
    start, results = threading.Barrier(2), []

    def both() -> None:
        start.wait()
        results.append(run(register, folder).drafts)

    threads = [threading.Thread(target=both) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [0, 1]
    assert (len(drafts(register)), len(outbox(register))) == (1, 1)


def test_a_run_that_dies_leaves_neither_draft_nor_message(register, folder, monkeypatch) -> None:
    deviate(register, "a")
    monkeypatch.setattr("governance.escalation.escalate._tell_undelivered", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(register, folder)
    assert (drafts(register), outbox(register)) == ([], [])
    monkeypatch.undo()
    assert run(register, folder, dry_run=True).drafts == 1
    assert (drafts(register), outbox(register)) == ([], [])
    assert run(register, folder).drafts == 1


def test_a_deviation_that_was_mended_and_came_back_is_drafted_again(register: Engine, folder: Path) -> None:
    deviate(register, "a")
    run(register, folder)
    turn = "UPDATE finding SET status = '{}', resolved_at = {}, reopened = reopened + {}"
    for change, drafted in ((("resolved", "now()", 0), 0), (("open", "NULL", 1), 1)):
        with register.begin() as connection:
            connection.exec_driver_sql(turn.format(*change))
        assert run(register, folder, NOW + timedelta(days=1)).drafts == drafted
    assert len(outbox(register)) == 2
    with register.connect() as connection:
        assert [row["open"] for row in listing(connection)] == [1, 0]


def test_quiet_hours_hold_and_the_cap_summarises(register: Engine, tmp_path: Path) -> None:
    folder = policies(tmp_path / "capped", digests_per_run=2)
    deviate(register, "a", owner=SYDNEY, severity="critical")
    for n in range(4):
        deviate(register, f"b-{n}", owner=f"lead-{n}@example.com")
    at = datetime(2026, 11, 13, 12, tzinfo=UTC)  # 23:00 in Sydney
    deviate(register, "c", owner=SYDNEY, severity="critical", at=at)
    assert run(register, folder, at).drafts == 1
    assert [message.not_before for message in outbox(register)] == [at.replace(hour=20)]
    assert run(register, folder).drafts == 5
    kinds = [(message.kind, message.recipient) for message in outbox(register)[1:]]
    assert kinds == [("draft", SYDNEY), ("draft", "lead-0@example.com"), ("overflow", OFFICE)]
    summary = outbox(register)[-1]
    assert summary.subject == "3 notices of drafts not sent: the run reached its cap"
    assert all(f"lead-{n}@example.com" in summary.body_text for n in (1, 2, 3))
    assert "at most 2 notices of drafts" in summary.body_text.replace("\n", " ")
    assert all(draft["message"] for draft in drafts(register))
    assert run(register, folder) == Escalated()


def test_a_long_notice_shows_some_and_numbers_the_rest(register: Engine, tmp_path: Path) -> None:
    folder = policies(tmp_path / "short", requests_per_digest=1)
    for rule in ("r-1", "r-2", "r-3"):
        deviate(register, "a", rule=rule)
    run(register, folder)
    [message] = outbox(register)
    assert message.body_text.count("governance requests submit") == 1
    assert "2 more: DRF-000002, DRF-000003" in message.body_text


def test_hostile_names_change_neither_headers_nor_markup(register: Engine, folder: Path) -> None:
    deviate(register, "<img src=x>\r\nBcc: all@example.com", rule="{{ self }}<b>")
    run(register, folder)
    [message] = outbox(register)
    assert "\n" not in message.subject
    assert "<img src=x" not in message.body_html
    assert "{{ self }}&lt;b&gt;" in message.body_html


@pytest.mark.parametrize(("severity", "days"), [("critical", 30), ("high", 90), ("medium", 90)])
def test_a_draft_ends_within_its_limit(register: Engine, folder: Path, severity: str, days: int) -> None:
    (folder / "exception_limits.yaml").write_text(
        "limits:\n  - {risk_level: critical, max_days: 30, max_renewals: 1}\n  - {max_days: 365, max_renewals: 2}\n"
    )
    deviate(register, "a", severity=severity)
    run(register, folder)
    [draft] = drafts(register)
    until = datetime.fromisoformat(draft["content"]["valid_until"]).replace(tzinfo=UTC)
    assert timedelta(days=days - 2) < until - NOW < timedelta(days=days)
    assert draft["content"]["risk_level"] == severity


class _Finding:
    finding_number, opening, owner, scope_rule, rule, severity = 1, 0, OWNER, RULE, RULE, "low"
    account, region, resource_type = "100000000030", "eu-central-1", "AWS::S3::Bucket"

    expired: str | None = None

    def __init__(self, resource: str) -> None:
        self.resource_id = resource


def test_a_cluster_too_large_for_one_submission_is_cut(root: Path) -> None:
    found = [_Finding(f"{n:06}" + "x" * 994) for n in range(1000)]
    cut = drafts_of(found, exception_limits.read(root / "include" / "policies"), NOW)
    assert [len(draft.findings) for draft in cut] == [399, 399, 202]
    assert all(len(draft.content["scopes"]) < LARGEST_SCOPE + 200 for draft in cut)


def test_what_covered_them_once_is_named(root: Path) -> None:
    found = [_Finding("a"), _Finding("b")]
    found[1].expired = "EXC-000012"
    [draft] = drafts_of(found, exception_limits.read(root / "include" / "policies"), NOW)
    assert "covers them. EXC-000012 covered them before and ended." in draft.content["description"]


PROD, PAY = "111111111111", "222222222222"


@pytest.fixture
def seen(register: Engine, register_url: str, tmp_path: Path, monkeypatch) -> Path:
    """A world reconciled for real: two accounts of two owners, with neighbours that must stay out of scope."""
    rules = reconciliation_policies(tmp_path / "reconciliation")
    world = World(rules={RULE: "", "twin": "", "securityhub-twin-0a1b2c3d": "securityhub.amazonaws.com"})
    for resource in ("a", "b,c;d", "arn:aws:s3:::e"):
        world.evaluate(PAY, RULE, resource)
    world.evaluate(PAY, RULE, "a", region="eu-west-1").evaluate(PAY, "twin", "a").evaluate(PROD, RULE, "a")
    world.evaluate(PAY, RULE, "clean", "COMPLIANT").evaluate(
        PAY, "securityhub-twin-0a1b2c3d", "z", creator="securityhub.amazonaws.com"
    )
    world.write(register, tmp_path / "lake")
    reconcile(register, now=NOW, policies=rules)
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", NOW.isoformat())
    monkeypatch.setenv("GOVERNANCE_LAKE", str(tmp_path / "lake"))
    return rules


def command(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output + str(done.exception)
    return done.output


def test_submitting_a_draft_gives_a_request_for_just_these(register, folder, seen, tmp_path) -> None:
    assert run(register, folder).drafts == 4
    mine = [draft for draft in drafts(register) if draft["owner"] == OWNER]
    for draft in mine[:2]:  # the resources with a comma and an ARN; then the rule whose name fits two
        path = tmp_path / f"{draft['draft_id']}.yaml"
        path.write_text(command("drafts", "show", draft["draft_id"], "--yaml"), "utf-8")
        made = json.loads(command("requests", "submit", "--from", str(path), "--json"))
        with register.connect() as connection:
            found = preview(connection, made["request_id"], NOW, seen)
        assert (found.problem, found.verdict, found.flags) == (None, "COVERED", ())
        assert found.matched == found.non_compliant == len(draft["findings"])
        assert [group.rule for group in found.groups] == [draft["rule"]]
    again = json.loads(command("requests", "submit", "--from", str(path), "--json"))
    assert (again["request_id"], again["known"]) == (made["request_id"], True)
    told = command("drafts", "list")
    assert told.count("EXC-00000") == 2
    assert "4 draft(s)" in told


def test_a_draft_is_the_form_in_its_own_words(register, folder, seen) -> None:
    run(register, folder)
    [mine] = [one for one in drafts(register) if one["rule"] == RULE and one["owner"] != OFFICE]
    filled = yaml.safe_load(command("drafts", "show", mine["draft_id"], "--yaml"))
    assert (filled["Category"], filled["Risk level"], filled["Requester"]) == ("Waiver", "Medium", OWNER)
    shown = command("drafts", "show", mine["draft_id"])
    assert "not submitted; drafted for payments-lead@example.com" in shown
    assert json.loads(command("drafts", "list", "--owner", BOARD, "--json")) == []
    error = CliRunner().invoke(app, ["drafts", "show", "DRF-999999"]).exception
    assert "governance drafts list" in str(error)
