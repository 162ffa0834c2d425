"""Additions and changes in the register: verdicts, findings that live, time travel, the story, the pack's counts."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from governance.cli import app
from governance.observation.control_tower import CONTROL_OPERATIONS
from governance.observation.datasets import POLICIES, POLICY_TARGETS
from governance.observation.service_catalog import PROVISIONED_PRODUCTS, RECORDS
from governance.observation.systems_manager import AUTOMATIONS, DOCUMENTS, OPS_ITEMS
from governance.reconciliation.explain import explain_request
from governance.reconciliation.reconcile import reconcile
from governance.review.kpis import kpis
from governance.review.pack import build_pack
from reconciliation_worlds import NOW, World, exception, policies, register_requests

FAMILIES = ("addition", "change")


class House:
    """A register, a lake, policies; what AWS shows is handed over day by day."""

    def __init__(self, register: Engine, folder: Path) -> None:
        self.register, self.lake, self.policies = register, folder / "lake", policies(folder / "policies")

    def add(self, *requests) -> None:
        with self.register.begin() as connection:
            register_requests(connection, *requests)

    def day(self, number: float, **shown):
        self.observe(number, **shown)
        return self.reconcile(number)

    def observe(self, number: float, incomplete=(), **shown):
        World(more=listed(**shown), as_of=NOW + timedelta(days=number), incomplete=set(incomplete)).write(
            self.register, self.lake
        )

    def reconcile(self, number: float):
        return reconcile(self.register, now=NOW + timedelta(days=number), policies=self.policies)

    def rows(self, query: str, **parameters):
        with self.register.connect() as connection:
            return connection.execute(text(query), parameters).all()

    def open(self, family: str) -> list[tuple[str, str]]:
        query = (
            "SELECT type, coalesce(resource_id, finding_key) AS about FROM finding"
            " WHERE family = :f AND status = 'open' ORDER BY 1, 2"
        )
        return [tuple(row) for row in self.rows(query, f=family)]


def listed(products=(), executions=(), attachments=()):
    """Return the listings of five services: what is not said is shown as empty."""
    documents = [{"document": "Restart", "type": "Automation", "status": "Active", "owner": "111111111111"}]
    return {
        PROVISIONED_PRODUCTS: [
            {"type": "CFN_STACK", "status": "AVAILABLE", "name": name, "product_id": f"pp-{name}",
             "created_at": NOW - timedelta(days=1), **more} for name, more in dict(products).items()],
        RECORDS: [], OPS_ITEMS: [], CONTROL_OPERATIONS: [], DOCUMENTS: documents,
        AUTOMATIONS: [
            {"execution": name, "document": "Restart", "status": "Success", "runbooks": "[]", "targets": '["i-1"]',
             "started_at": NOW - timedelta(hours=5), "ended_at": NOW - timedelta(hours=4), **more}
            for name, more in dict(executions).items()],
        POLICIES: [{"policy": "p-1", "name": "deny", "type": "SERVICE_CONTROL_POLICY", "aws_managed": False}],
        POLICY_TARGETS: [{"policy": "p-1", "target": one, "target_type": "ACCOUNT"} for one in attachments],
    }  # fmt: skip


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> House:
    return House(register, tmp_path)


def product(key="A", name="db", **more):
    return {"source_key": key, "kind": "addition", "status": "approved", "title": key, "risk_level": "high",
            "valid_at": NOW - timedelta(days=9), "due_at": NOW - timedelta(hours=1), "owner": "owner@example.com",
            "thing_type": "provisioned_product", "thing": {"name": name}, **more}  # fmt: skip


def restart(key="C", **more):
    return {"source_key": key, "kind": "change", "status": "approved", "title": key, "risk_level": "low",
            "valid_at": NOW - timedelta(days=9), "decided_at": NOW - timedelta(days=9), "runbook": "Restart",
            "window_start": NOW - timedelta(hours=6), "window_end": NOW - timedelta(hours=2), "targets": ["i-1"],
            "owner": "owner@example.com", **more}  # fmt: skip


def verdicts(found) -> dict[str, str]:
    return dict(zip(found.verdicts.request_id, found.verdicts.verdict, strict=True))


def test_findings_open_change_resolve_and_reopen_with_what_aws_shows(house: House) -> None:
    house.add(product(), restart())
    first = house.day(0)
    assert verdicts(first) == {"ADD-000001": "NOT_FULFILLED", "CHG-000002": "NOT_EXECUTED"}
    assert house.rows("SELECT type, severity, owner FROM finding WHERE request_number IS NOT NULL ORDER BY 1") == [
        ("NOT_EXECUTED", "low", "owner@example.com"), ("NOT_FULFILLED", "high", "owner@example.com"),
    ]  # fmt: skip
    failed = house.day(1, products={"db": {"status": "ERROR"}}, executions={"e-1": {"status": "Failed"}})
    assert verdicts(failed) == {"ADD-000001": "FAILED", "CHG-000002": "EXECUTED_FAILED"}
    assert [failed.turns[family]["changed"] for family in FAMILIES] == [1, 1]
    done = house.day(2, products={"db": {}}, executions={"e-1": {}})
    assert verdicts(done) == {"ADD-000001": "FULFILLED", "CHG-000002": "EXECUTED_IN_WINDOW"}
    assert [house.open(family) for family in FAMILIES] == [[], []]
    gone = house.day(3)
    assert [gone.turns[family]["reopened"] for family in FAMILIES] == [1, 1]
    assert house.rows("SELECT f.type, e.change FROM finding_event e JOIN finding f USING (finding_number)"
                      " WHERE family = 'addition' ORDER BY event")[0].change == "opened"  # fmt: skip


def test_a_run_without_news_writes_nothing(house: House) -> None:
    house.add(product(), restart())
    house.day(0, products={"new": {}}, executions={"e-9": {"targets": '["i-9"]'}})
    again = house.reconcile(0)
    assert (again.verdicts_written, again.turns) == (0, again.turns | {
        family: dict.fromkeys(("opened", "changed", "reopened", "resolved"), 0) for family in FAMILIES})  # fmt: skip
    assert (
        house.day(0.1, products={"new": {}}, executions={"e-9": {"targets": '["i-9"]'}}).verdicts_written == 0
    )


def test_what_is_unknown_opens_nothing_and_keeps_open_what_was(house: House) -> None:
    house.add(product(), restart())
    house.day(0, products={"new": {}})
    before = [house.open(family) for family in FAMILIES]
    assert before[0] == [("NOT_FULFILLED", "ADD-000001"), ("UNREQUESTED", "pp-new")]
    blind = {"incomplete": ["provisioned_products", "automation_executions"]}
    assert set(verdicts(house.day(1, **blind)).values()) == {"UNKNOWN"}
    assert [house.open(family) for family in FAMILIES] == before
    house.add(product("B", "other"))
    house.day(2, **blind)
    assert [house.open(family) for family in FAMILIES] == before, "nobody can say that it is late"


def test_what_nobody_asked_for_is_a_finding_until_it_is_asked_for_or_gone(house: House) -> None:
    house.day(
        0, products={"new": {}, "old": {"created_at": NOW - timedelta(days=99)}}, executions={"e-1": {}}
    )
    assert house.open("addition") == [("UNREQUESTED", "pp-new")]
    assert house.open("change") == [("UNAPPROVED_CHANGE", "e-1")]
    house.day(1)
    assert house.open("addition") == [], "it is gone"
    assert house.open("change") == [("UNAPPROVED_CHANGE", "e-1")], "AWS forgot it, we do not"
    house.add(restart("afterwards", targets=["e-1"]))
    house.day(2)
    assert ("UNAPPROVED_CHANGE", "e-1") not in house.open("change"), "a change approved afterwards names it"


def test_what_has_no_date_is_held_against_the_snapshot_of_when_the_register_began(house: House) -> None:
    house.observe(-20, attachments=["111111111111"])
    house.observe(-3, attachments=["111111111111", "222222222222"])
    assert house.day(0, attachments=["111111111111", "222222222222"]).summary["additions"]["unrequested"] == 1
    assert house.open("addition") == [("UNREQUESTED", "p-1|222222222222")]


def attachment(key="P", target="111111111111", **more):
    done = {"status": "closed", "fulfilled_at": NOW - timedelta(days=100), "closed_at": NOW - timedelta(days=90),
            "decided_at": NOW - timedelta(days=110), "valid_at": NOW - timedelta(days=120)}  # fmt: skip
    return (
        product(key, thing_type="policy_attachment", thing={"policy": "deny", "target": target}) | done | more
    )


def test_a_policy_that_an_approved_request_had_attached_and_that_is_gone_is_told(house: House) -> None:
    house.add(
        attachment("settled"),
        attachment("not approved", status="rejected", fulfilled_at=None, decided_at=None),
        attachment("revoked", target="222222222222", status="revoked"),
        attachment("reached from above", target="Prod/Payments"),
        attachment("its account is closed", target="555555555555"),
    )

    def detached() -> list[str]:
        return [about for type_, about in house.open("addition") if type_ == "POLICY_DETACHED"]

    house.day(0, attachments=["111111111111", "ou-t-prod"])
    assert house.open("addition") == []
    house.day(1, attachments=["ou-t-prod"])
    assert detached() == [], "the unit above the account has it"
    house.day(2, attachments=["ou-t-dev"])
    assert detached() == ["deny|111111111111", "deny|ou-t-pay"]
    [why] = house.rows("SELECT why FROM finding WHERE resource_id = 'deny|111111111111'")
    assert why[0].startswith(
        "Policy deny is not attached to 111111111111, nor above it, although ADD-000001 is closed"
    )
    house.observe(3, incomplete=["policy_targets"])
    house.reconcile(3)
    assert len(detached()) == 2, "an incomplete listing neither opens nor resolves"
    house.observe(4, incomplete=["accounts"], attachments=["ou-t-dev"])
    house.reconcile(4)
    assert len(detached()) == 2
    house.day(5, attachments=["r-test"])
    assert detached() == []


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ([], "Policy deny does not exist, although ADD-000001 is closed"),
        (["p-1", "p-2"], "Policy deny is not attached to 111111111111, nor above it, although ADD-000001"),
    ],
)
def test_a_policy_that_is_gone_itself_or_that_several_are_called_is_told(house: House, named, words) -> None:
    house.add(attachment())
    shown = listed() | {
        POLICIES: [
            {"policy": one, "name": "deny", "type": "SERVICE_CONTROL_POLICY", "aws_managed": False}
            for one in named
        ]
    }
    World(more=shown, as_of=NOW).write(house.register, house.lake)
    house.reconcile(0)
    [why] = house.rows("SELECT why FROM finding WHERE type = 'POLICY_DETACHED'")
    assert why[0].startswith(words)


def test_a_live_attachment_that_was_there_and_is_gone_is_told_before_it_is_due(house: House) -> None:
    later = {"status": "approved", "fulfilled_at": None, "closed_at": None, "due_at": NOW + timedelta(days=9)}
    house.add(attachment(**later))
    assert verdicts(house.day(-1)) == {"ADD-000001": "IN_PROGRESS"}
    assert house.open("addition") == [], "it was never there"
    assert verdicts(house.day(0, attachments=["111111111111"])) == {"ADD-000001": "FULFILLED"}
    house.day(1)
    assert house.open("addition") == [("POLICY_DETACHED", "deny|111111111111")]
    [why] = house.rows("SELECT why FROM finding WHERE type = 'POLICY_DETACHED'")
    assert "is not attached to 111111111111 any more, nor above it" in why[0]


@pytest.mark.parametrize(
    ("taken_away", "found"),
    [
        (restart(targets=["p-1"]), []),
        (restart(targets=["arn:aws:organizations::1:policy/o-1/service_control_policy/p-1"]), []),
        (restart(targets=["deny"], status="rejected", decided_at=None), ["POLICY_DETACHED"]),
        (restart(targets=["deny"], decided_at=NOW - timedelta(days=200)), ["POLICY_DETACHED"]),
        (restart(targets=["another"]), ["POLICY_DETACHED"]),
        (exception("X", {"policy": "deny", "account": "111111111111"}), []),
        (exception("X", {"policy": "deny", "account": "222222222222"}), ["POLICY_DETACHED"]),
        (exception("X", {"policy": "deny", "account": "111111111111"}, valid_until=NOW - timedelta(days=2)), ["POLICY_DETACHED"]),
    ],
)  # fmt: skip
def test_what_was_taken_away_with_an_approval_is_no_finding(house: House, taken_away, found) -> None:
    house.add(attachment(), taken_away)
    house.day(0)
    assert [type_ for type_, _ in house.open("addition")] == found


def test_a_past_instant_is_judged_by_the_register_and_the_aws_of_then(house: House) -> None:
    house.add(product(status="submitted"), product(status="approved", valid_at=NOW - timedelta(days=1)))
    house.observe(-2, products={"db": {}})
    house.observe(0, products={"db": {}})
    assert verdicts(house.reconcile(-2)) == {}, "it was not approved then"
    now = house.reconcile(0)
    assert verdicts(now) == {"ADD-000001": "FULFILLED"}
    then = house.reconcile(-2)
    assert (verdicts(then), then.turns) == ({}, {}), "and the findings of today stay as they are"
    assert house.reconcile(0).input_digest == now.input_digest


def test_what_was_fulfilled_and_closed_is_verified_for_a_while_and_settled_then(house: House) -> None:
    done = NOW - timedelta(days=2)
    house.add(
        product(status="fulfilled", valid_at=done),
        product(status="closed", valid_at=done + timedelta(hours=1)),
    )
    assert verdicts(house.day(0)) == {"ADD-000001": "NOT_FULFILLED"}
    assert verdicts(house.day(29, products={"db": {}})) == {}
    assert house.open("addition") == [], "settled: it stands behind what is there, and is not judged again"


def test_the_story_the_finding_and_the_counts_tell_of_it(
    house: House, register_url: str, monkeypatch
) -> None:
    house.add(product(), restart())
    house.day(0, executions={"e-1": {"document": "Drain"}})
    with house.register.connect() as connection:
        story = explain_request(connection, "CHG-000002", NOW)
        counts = {
            (kpi.dimension["kind"], kpi.dimension["verdict"]): kpi.value
            for kpi in kpis(connection, as_of=NOW)
            if kpi.id == "reconciliation" and "verdict" in kpi.dimension
        }
    assert story.head.startswith(
        "CHG-000002 was approved: RUNBOOK_MISMATCH: Execution e-1 ran Drain; approved is Restart."
    )
    assert ("runbook", "Restart") in story.facts
    assert counts == {("addition", "NOT_FULFILLED"): 1, ("change", "RUNBOOK_MISMATCH"): 1}
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    listed_ = CliRunner().invoke(app, ["findings", "list", "--family", "change", "--json"])
    [finding] = json.loads(listed_.stdout)
    shown = CliRunner().invoke(app, ["findings", "show", finding["finding_id"], "--json"])
    told = json.loads(shown.stdout)
    assert (told["request_id"], told["evidence"]["named"]) == ("CHG-000002", ["e-1"])


@pytest.fixture
def typed(house: House, register_url: str, monkeypatch):
    """Type a command a day after NOW."""
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", (NOW + timedelta(days=1)).isoformat())
    return lambda *words: CliRunner().invoke(app, list(words)).output


def test_the_command_explains_an_addition_from_its_request_to_its_verdict(house: House, typed) -> None:
    house.add(product(benefit="A database of our own"))
    house.day(0)
    house.day(1, products={"db": {}})
    told = typed("explain", "ADD-000001")
    assert "ADD-000001 was approved: FULFILLED: The provisioned product db is there as pp-db." in told
    assert "name=db" in told
    assert "A database of our own" in told
    first, last = [line for line in told.splitlines() if "  verdict " in line]
    assert first.strip().startswith("2026-11-16 08:00Z")
    assert "NOT_FULFILLED: The provisioned product db is not there, and it is due since" in first
    assert "FULFILLED: The provisioned product db is there as pp-db" in last
    before = typed("explain", "ADD-000001", "--at", NOW.isoformat())
    assert "ADD-000001 was approved: NOT_FULFILLED" in before
    assert "there as pp-db" not in before


def test_the_command_explains_a_change_with_its_window_its_runbook_and_what_ran(house: House, typed) -> None:
    house.add(restart())
    house.day(0, executions={"e-1": {"document": "Drain"}})
    told = typed("explain", "CHG-000001")
    assert "CHG-000001 was approved: RUNBOOK_MISMATCH: Execution e-1 ran Drain; approved is Restart." in told
    for name, value in (("runbook", "Restart"), ("targets", "i-1"), ("window start", "2026-11-16 02:00Z"),
                        ("window end", "2026-11-16 06:00Z")):  # fmt: skip
        [line] = [one for one in told.splitlines() if one.strip().startswith(name)]
        assert value in line
    [opened] = [line for line in told.splitlines() if "  finding " in line]
    assert opened.endswith("opened: Execution e-1 ran Drain; approved is Restart.")


def test_the_pack_has_a_table_for_each_kind_whose_numbers_add_up(house: House, root: Path) -> None:
    house.add(
        product("A1"), product("A2", "cache"), product("A3", "queue"), product("A4", "later", due_at=NOW + timedelta(days=9)),
        restart("C1"), restart("C2", targets=["i-2"]), restart("C3", status="submitted", decided_at=None),
    )  # fmt: skip
    done = house.day(0, products={"db": {}, "cache": {}}, executions={"e-1": {}})
    paths = build_pack(
        house.register, as_of=NOW, cadence="weekly", lake=str(house.lake), policies=root / "include/policies"
    )
    page = Path(paths.html).read_text("utf-8")
    shown = {kind: verdict_table(page, f"Verdicts on {kind}s") for kind in FAMILIES}
    assert shown["addition"] == {"FULFILLED": 2, "IN_PROGRESS": 1, "NOT_FULFILLED": 1}
    assert shown["change"] == {"EXECUTED_IN_WINDOW": 1, "NOT_EXECUTED": 1}
    for kind in FAMILIES:
        summary = done.summary[f"{kind}s"]
        assert shown[kind] == summary["verdicts"]
        assert sum(shown[kind].values()) == summary["judged"]
        found = house.rows("SELECT type FROM finding WHERE family = :f AND status = 'open'", f=kind)
        assert len(found) == sum(n for verdict, n in shown[kind].items() if verdict.startswith("NOT_"))


def verdict_table(page: str, title: str) -> dict[str, int]:
    """Return the rows of a table of the pack by their first cell."""
    table = page[page.index(title) :].partition("</table>")[0]
    cells = [re.sub("<[^>]+>", "", one).strip() for one in re.findall(r"<td.*?</td>", table, re.DOTALL)]
    return {name: int(number) for name, number in zip(cells[::2], cells[1::2], strict=True)}
