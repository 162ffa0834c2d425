"""Additions and changes from Jira to a verdict: every planted one is recognised for what AWS shows of it."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import boto3
import pytest
from sqlalchemy import text

from governance.observation.observe import finish_snapshot, observe_hub, start_snapshot
from governance.reconciliation.fulfilment_policy import AdditionVerdict, ChangeVerdict
from governance.reconciliation.reconcile import reconcile
from governance.sandbox import aws
from governance.sandbox.faults import Faults
from governance.sandbox.http_server import serve
from governance.sandbox.jira import LOGIN, TOKEN, Jira
from governance.sandbox.scenario import NOW, answers, build
from intake_worlds import POLICIES, connections, pull, shipped


def promises():
    return [case for case in build().planted if case.case.startswith("promise-")]


@pytest.fixture
def told(register, tmp_path, monkeypatch):
    """What the register says after Jira was pulled and AWS was listed."""
    scenario = build()
    with serve(Jira(scenario.jira_issues, Faults()).application()) as serving:
        found = {"conn_type": "http", "host": serving.url, "login": LOGIN, "password": TOKEN}
        pull(register, shipped("platform_jira"), NOW, tmp_path, lookup=connections(platform_jira=found))
    with aws.serve(scenario.world) as handle:
        session = boto3.Session("testing", "testing", region_name=scenario.world.home_region)
        make = session.client
        monkeypatch.setattr(
            session, "client", lambda name, **more: make(name, **more | {"endpoint_url": handle.url})
        )
        snapshot = start_snapshot(register, now=NOW, lake=str(tmp_path))
        observe_hub(register, session, snapshot, lake=str(tmp_path))
    finish_snapshot(register, snapshot, now=NOW)
    done = reconcile(register, now=NOW, policies=POLICIES)
    return done, answers.check(register, scenario)


def test_every_planted_addition_and_change_is_recognised(told, register):
    done, results = told
    wrong = [
        (r.planted.case, r.planted.verdict, r.found)
        for r in results
        if r.planted in promises() and not r.recognised
    ]
    assert wrong == []
    with register.connect() as connection:
        loose = connection.execute(
            text(
                "SELECT type, resource_id FROM finding WHERE family IN ('addition', 'change')"
                " AND request_number IS NULL ORDER BY 1, 2"
            )
        ).all()
    kinds = Counter(row.type for row in loose)
    assert kinds["UNAPPROVED_CHANGE"] < 12, loose
    assert kinds["UNREQUESTED"] < 12, f"no flood: {loose}"
    assert done.summary["additions"]["unrequested"] == kinds["UNREQUESTED"]


def test_every_verdict_is_planted():
    planted = {case.verdict or case.finding_type for case in promises()}
    beside = {"FULFILLED", "IN_PROGRESS", "UNKNOWN", "EXECUTED_IN_WINDOW", "PENDING"}
    assert planted == {*get_args(AdditionVerdict), *get_args(ChangeVerdict), *beside}
