"""`governance requests preview` of additions and changes: what is there, what would be, beside whom."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from governance.cli import app
from governance.observation.control_tower import CONTROL_OPERATIONS, ENABLED_CONTROLS
from governance.observation.datasets import POLICIES, POLICY_TARGETS
from governance.observation.service_catalog import PROVISIONED_PRODUCTS, RECORDS
from governance.observation.systems_manager import AUTOMATIONS, DOCUMENTS, OPS_ITEMS
from governance.reconciliation.fulfilment_preview import FulfilmentPreview, There
from governance.reconciliation.preview import preview
from governance.reconciliation.reconcile import reconcile
from reconciliation_planes import control
from reconciliation_worlds import NOW, World, policies, register_requests

Row = dict[str, Any]
BEFORE = NOW - timedelta(days=2)


def addition(key: str, thing_type: str, thing: Row, **more: Any) -> Row:
    return {"source_key": key, "kind": "addition", "status": "submitted", "title": key, "risk_level": "medium",
            "valid_at": BEFORE, "due_at": NOW + timedelta(days=5), "owner": "payments-lead@example.com",
            "owner_rule": "payments", "requester": "ada@example.com", "thing_type": thing_type, "thing": thing,
            **more}  # fmt: skip


def change(key: str, **more: Any) -> Row:
    return {"source_key": key, "kind": "change", "status": "in_review", "title": key, "risk_level": "low",
            "valid_at": BEFORE, "runbook": "Restart", "window_start": NOW + timedelta(hours=1),
            "window_end": NOW + timedelta(hours=3), "targets": ["i-1", "i-2"], "owner": "payments-lead@example.com",
            "requester": "payments-lead@example.com", **more}  # fmt: skip


class House:
    """A register, one snapshot, policies."""

    def __init__(self, register: Engine, folder: Path) -> None:
        self.register, self.lake, self.policies = register, folder / "lake", policies(folder / "policies")

    def holds(self, *requests: Row, incomplete: tuple[str, ...] = (), **shown: list[Row]) -> None:
        with self.register.begin() as connection:
            register_requests(connection, *requests, at=BEFORE)
        documents = [
            {"document": "Restart", "type": "Automation", "status": "Active", "owner": "111111111111"}
        ]
        listed = {
            PROVISIONED_PRODUCTS: shown.get("products", []), RECORDS: [], OPS_ITEMS: [], DOCUMENTS: documents,
            ENABLED_CONTROLS: shown.get("controls", []), CONTROL_OPERATIONS: [], POLICIES: [], POLICY_TARGETS: [],
            AUTOMATIONS: shown.get("executions", []),
        }  # fmt: skip
        World(more=listed, incomplete=set(incomplete)).write(self.register, self.lake)

    def look(self, request_id: str = "ADD-000001") -> FulfilmentPreview:
        with self.register.connect() as connection:
            found = preview(connection, request_id, NOW, self.policies)
        assert isinstance(found, FulfilmentPreview)
        return found

    def verdict(self, request_id: str) -> tuple[str, str]:
        """What reconciliation says."""
        done = reconcile(self.register, now=NOW, policies=self.policies).verdicts
        row = done[done.request_id == request_id].iloc[0]
        return row.verdict, row.why


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> House:
    return House(register, tmp_path)


GUARD = {"control": "GR_SSH", "ou": "Prod"}


def test_a_control_that_is_enabled_already_is_told_with_its_drift_and_so_is_one_elsewhere(house) -> None:
    house.holds(
        addition("A", "enabled_control", GUARD),
        controls=[control("GR_SSH"), control("GR_SSH", "ou-t-dev", drift="DRIFTED"), control("GR_MFA")],
    )
    found = house.look()
    assert (found.status, found.verdict) == ("submitted", "FULFILLED")
    assert found.there == [
        There(control("GR_SSH", "ou-t-dev")["arn"], False, True, "status SUCCEEDED, drift DRIFTED, in no region"),
        There(control("GR_SSH")["arn"], True, True, "status SUCCEEDED, drift IN_SYNC, in no region"),
    ]  # fmt: skip


def test_what_is_not_there_waits_until_it_is_due(house) -> None:
    house.holds(addition("A", "enabled_control", GUARD))
    found = house.look()
    assert (found.verdict, found.there, found.gap) == ("IN_PROGRESS", [], None)
    assert "is not there yet, and it is due 2026-11-21 08:00Z" in found.why
    assert found.asks == "enabled control GR_SSH in Prod"


def test_a_product_of_that_name_but_another_version_would_not_be_what_is_asked_for(house) -> None:
    asked = {"name": "db", "product": "prod-1", "artifact": "pa-2"}
    there = {"product_id": "pp-1", "name": "db", "type": "CFN_STACK", "status": "AVAILABLE",
             "of_product": "prod-1", "artifact": "pa-1", "created_at": BEFORE}  # fmt: skip
    house.holds(addition("A", "provisioned_product", asked), products=[there])
    found = house.look()
    assert found.verdict == "CONTENT_MISMATCH"
    assert found.there == [There("pp-1", True, False, "it is AVAILABLE")]


def test_absence_in_an_incomplete_listing_is_unknown(house) -> None:
    house.holds(addition("A", "enabled_control", GUARD), incomplete=("enabled_controls",))
    found = house.look()
    assert found.verdict == "UNKNOWN"
    assert str(found.gap).startswith("controltower/enabled_controls: PARTIAL")


def test_a_thing_that_cannot_be_read_says_why(house) -> None:
    house.holds(addition("A", "enabled_control", {"control": "GR_SSH"}))
    found = house.look()
    assert found.verdict == "UNKNOWN"
    assert "what is asked for is malformed" in str(found.problem)


def test_others_who_ask_for_the_same_and_those_who_may_decide_are_named(house) -> None:
    house.holds(
        addition("A", "enabled_control", GUARD),
        addition("SAME", "enabled_control", {"target": "Prod", "control": "GR_SSH"}, status="approved"),
        addition("OTHER", "enabled_control", {"control": "GR_SSH", "ou": "Dev"}),
        addition("OVER", "enabled_control", GUARD, status="rejected"),
    )
    found = house.look()
    assert found.others == [("ADD-000002", "approved")]
    assert found.deciders == (
        "payments-lead@example.com", "head-of-payments@example.com", "governance-office@example.com",
        "governance-board@example.com",
    )  # fmt: skip


def test_a_change_tells_its_window_who_decides_and_what_touches_the_same(house) -> None:
    later = {"window_start": NOW + timedelta(hours=3), "window_end": NOW + timedelta(hours=5)}
    house.holds(
        change("C"),
        change("BESIDE", targets=["i-2"], status="approved", decided_at=BEFORE),
        change("LATER", **later),
        change("ELSEWHERE", targets=["i-9"]),
    )
    found = house.look("CHG-000001")
    assert (found.verdict, found.executions) == ("PENDING", [])
    assert found.window == (NOW + timedelta(hours=1), NOW + timedelta(hours=3))
    assert found.asks == "runbook Restart on i-1, i-2"
    assert found.others == [("CHG-000002", "approved")]
    assert "payments-lead@example.com" not in found.deciders, "who asks does not decide"
    assert "head-of-payments@example.com" in found.deciders


RAN = {"execution": "e-1", "document": "Restart", "status": "Success", "runbooks": "[]",
       "targets": '["i-1", "i-2"]', "started_at": NOW - timedelta(hours=5), "ended_at": NOW - timedelta(hours=4)}  # fmt: skip


def test_a_change_that_was_carried_out_already_would_be_unapproved(house) -> None:
    house.holds(change("C", window_start=NOW - timedelta(hours=6)), executions=[RAN])
    found = house.look("CHG-000001")
    assert (found.verdict, found.executions) == ("UNAPPROVED_CHANGE", ["e-1"])


def test_a_change_that_would_leave_no_trace_is_unknown_before_it_is_approved(house) -> None:
    house.holds(change("C", runbook="RB-7", window_start=NOW - timedelta(hours=1)))
    found = house.look("CHG-000001")
    assert (found.verdict, found.why) == (
        "UNKNOWN", "Its execution would leave no trace in AWS: runbook RB-7 is no document that is listed."
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["addition", "change"])
def test_what_it_foretells_is_what_reconciliation_finds_once_approved(house, kind) -> None:
    asked = addition("A", "enabled_control", GUARD) if kind == "addition" else change("A")
    request_id = "ADD-000001" if kind == "addition" else "CHG-000001"
    house.holds(asked, controls=[control("GR_SSH", drift="NOT_CHECKING")])
    foretold = house.look(request_id)
    approved = {
        **asked,
        "status": "approved",
        "valid_at": NOW,
        "decided_at": NOW,
        "decided_by": "x@example.com",
    }
    with house.register.begin() as connection:
        register_requests(connection, approved)
    assert house.verdict(request_id) == (foretold.verdict, foretold.why)
    assert house.look(request_id).verdict == foretold.verdict


def test_a_look_writes_nothing_and_an_approved_request_is_judged_as_it_is(house) -> None:
    house.holds(change("C", status="approved", decided_at=BEFORE, window_start=NOW - timedelta(hours=6)),
                executions=[RAN])  # fmt: skip
    assert house.look("CHG-000001").verdict == "EXECUTED_IN_WINDOW"
    with house.register.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM request_verdict").scalar_one() == 0


def test_the_command_prints_words_or_json(house, register_url, monkeypatch) -> None:
    house.holds(addition("A", "enabled_control", GUARD), change("C"), controls=[control("GR_SSH")])
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", NOW.isoformat())
    type_ = CliRunner().invoke
    told = type_(app, ["requests", "preview", "ADD-000001"]).output
    assert "ADD-000001 is submitted; as known at 2026-11-16 08:00Z" in told
    assert "approved now it would be FULFILLED: The enabled control GR_SSH in Prod is there as arn:" in told
    assert "enabledcontrol/GR_SSH-ou-t-prod: where it should be, as asked for; status SUCCEEDED" in told
    told = type_(app, ["requests", "preview", "CHG-000002"]).output
    assert "window: 2026-11-16 09:00Z to 2026-11-16 11:00Z" in told
    assert "nothing was carried out" in told
    assert "may be decided by: " in told
    read = json.loads(type_(app, ["requests", "preview", "CHG-000002", "--json"]).output)
    assert (read["verdict"], read["targets"]) == ("PENDING", ["i-1", "i-2"])
