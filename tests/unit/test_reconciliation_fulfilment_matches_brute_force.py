"""On random worlds a second, obvious implementation gives every addition and change the same verdict."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from additions_brute_force import account_verdict
from changes_brute_force import change_verdict, owner_of
from fulfilment_worlds import (
    CHAIN,
    LAB,
    LEDGER,
    NOW,
    SHOP,
    addition,
    change,
    hours,
    judged_additions,
    judged_changes,
    seen,
)

WORLDS = max(20, int(os.environ.get("WORLDS", "0")))
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
EACH = 12
"""Requests of one world: they are judged together, so that a world costs one run of the engine."""

moments = st.sampled_from([-300, -100, -6, -5, -4, -2, 0, 2]).map(hours)
maybe = lambda values: st.none() | values  # noqa: E731
names, mails = st.sampled_from(["shop", "shöp", "sh%p"]), st.sampled_from(["a@example.com", "b@example.com"])
targets = st.lists(st.sampled_from(["i-1", "i-2", "i_2", "i%"]), max_size=2, unique=True)
patterns = st.lists(st.sampled_from(["i-1", "i-?", "i*", "i_2", "i%"]), max_size=2, unique=True)

accounts = st.fixed_dictionaries({
    "name": names, "email": mails, "unit": st.sampled_from(list(CHAIN)),
    "state": st.sampled_from(["ACTIVE", "ACTIVE", "SUSPENDED", "CLOSED", "PENDING_ACTIVATION"]),
})  # fmt: skip
baselines = st.fixed_dictionaries({
    "target": st.sampled_from([f"x/{SHOP}", f"x/{LEDGER}"]),
    "inheritance_drift": st.sampled_from(["IN_SYNC", "DRIFTED", "UNKNOWN"]),
})  # fmt: skip
wanted = st.builds(
    lambda name, email, ou, **when: addition("account", name=name, email=email, ou=ou, **when),
    names, maybe(mails), maybe(st.sampled_from(["Prod", "Prod/Payments", "Dev", "Nowhere"])),
    due_at=maybe(moments), claimed_at=maybe(moments),
)  # fmt: skip
runs = st.fixed_dictionaries({
    "document": st.sampled_from(["Restart", "Drain"]), "status": st.sampled_from(["Success", "Failed", "InProgress"]),
    "started_at": moments, "lasts": st.sampled_from([1, 3, 90]), "targets": targets, "by": st.just("ada"),
    "change_request": maybe(st.sampled_from(["CHG-000001", "C-2", "C-9"])),
})  # fmt: skip
planned = st.builds(
    lambda window, patterns, **more: change(begin=window[0], end=window[1], targets=tuple(patterns), **more),
    st.tuples(maybe(moments), maybe(moments)).filter(lambda w: None in w or w[0] < w[1]), patterns,
    runbook=maybe(st.sampled_from(["Restart", "By-hand"])), approved_at=maybe(moments), claimed_at=maybe(moments),
    standing=st.sampled_from(["live", "live", "live", "undecided", "refused", "settled"]),
)  # fmt: skip


def rules(**more):
    return settings(
        max_examples=WORLDS, deadline=None, phases=QUICK, suppress_health_check=list(HealthCheck), **more
    )


@rules()
@given(
    rows=st.lists(accounts, max_size=3),
    drift=st.lists(baselines, max_size=2),
    asked=st.lists(wanted, min_size=EACH, max_size=EACH),
    partial=st.booleans(),
)
def test_additions(rows, drift, asked, partial):
    rows = [{**row, "account": number} for row, number in zip(rows, (SHOP, LEDGER, LAB), strict=False)]
    shown = [{**row, "units": CHAIN[row["unit"]]} for row in rows]
    gaps = {"organizations/accounts": "PARTIAL: throttled"} if partial else {}
    world = seen({"organizations/accounts": shown, "controltower/enabled_baselines": drift}, gaps)
    found = judged_additions(asked, world).verdicts
    assert list(found.request) == list(range(EACH)), "every live request gets exactly one verdict"
    assert list(found.verdict) == [account_verdict(one, rows, drift, partial) for one in asked]


@rules()
@given(
    executions=st.lists(runs, max_size=6),
    asked=st.lists(planned, min_size=1, max_size=5),
    partial=st.booleans(),
    as_of=st.sampled_from([-3, 0]).map(hours),
)
def test_changes(executions, asked, partial, as_of):
    asked = [
        replace(one, request_id=f"CHG-{n:06d}", source_key=f"C-{n}") for n, one in enumerate(asked, start=1)
    ]
    for number, row in enumerate(executions):
        row["execution"] = f"e-{number}"
        row["ended_at"] = (
            None if row["status"] == "InProgress" else row["started_at"] + (hours(row["lasts"]) - NOW)
        )
    told = [{**row, "targets": json.dumps(row["targets"]), "runbooks": "[]"} for row in executions]
    documents = [{"document": "Restart", "owner": "1", "status": "Active"}]
    gaps = {"ssm/ops_items": "FAILED: denied"} if partial else {}
    world = seen({"ssm/automation_executions": told, "ssm/documents": documents}, gaps, as_of)
    found = judged_changes(asked, world)
    owners = {row["execution"]: owner_of(row, asked) for row in executions}
    expected = {}
    for number, one in enumerate(asked):
        mine = [row for row in executions if owners[row["execution"]] == number]
        verdict = change_verdict(one, mine, partial, as_of)
        if verdict and (one.standing == "live" or verdict == "UNAPPROVED_CHANGE"):
            expected[number] = verdict
    assert dict(zip(found.verdicts.request, found.verdicts.verdict, strict=True)) == expected
    alone = sorted(name for name, owner in owners.items() if owner is None)
    began = hours(-24 * 14)
    assert sorted(found.unapproved.execution) == [
        n for n in alone if executions[int(n[2:])]["started_at"] >= began
    ]
