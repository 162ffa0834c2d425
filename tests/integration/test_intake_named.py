"""Cross-record and cross-table checks: keys, accounts, rules and owners; what nobody listed is not judged."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from sqlalchemy import text

from governance.observation.lake import Lake
from intake_worlds import frame, pull, reasons, rows, spec

HEADER = "id,state,title,who,approver,target,submitted,changed,scope,boss\n"
TWICE = "a snapshot holds a key once"


def row(
    key, *, title="Bucket", account="100000000012", changed="2026-03-02 09:00", scope="", boss="", state="new"
):
    return f'{key},{state},{title},ann@example.com,-,account/{account},2026-03-01 09:00,{changed},"{scope}",{boss}\n'


@pytest.fixture
def world(register, now, tmp_path):
    """Pull rows as one drop (or several, by name) and return the run."""

    def run(*lines, at=now, **changes):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        drops = lines if isinstance(lines[0], tuple) else [("drop.csv", *lines)]
        for name, *told in drops:
            (folder / name).write_text(HEADER + "".join(told))
        given = {
            "shape": "snapshot",
            "fields": {"scopes": {"column": "scope", "json": True}, "owner": "boss"},
        }
        return pull(register, spec(**{**given, **changes}), at, tmp_path / "lake", path=folder)

    return run


def test_two_different_records_of_one_key_in_a_snapshot_are_both_kept_back(world, register):
    result = world(row(1), row(2), row(1, title="Queue", changed="2026-03-03 09:00"))
    assert (result.pulled, result.loaded, result.quarantined) == (3, 1, 2)
    assert set(reasons(register)) == {"drop.csv:2", "drop.csv:4"}
    assert all(TWICE in why for told in reasons(register).values() for why in told)


def test_the_very_same_record_twice_is_one_and_an_event_log_repeats_keys(world):
    assert world(row(1), row(1)).quarantined == 0
    assert (
        world(row(1), row(1, state="granted", changed="2026-03-04 09:00"), shape="event_log").quarantined == 0
    )


def test_a_key_of_yesterdays_drop_may_come_again_changed(world):
    result = world(("a.csv", row(1)), ("b.csv", row(1, title="Queue", changed="2026-03-03 09:00")))
    assert (result.loaded, result.quarantined) == (2, 0)


@pytest.mark.parametrize("account", ["12345", "1000000000123", "billing"])
def test_an_account_that_is_none_keeps_its_record_back_and_is_shown(world, register, account):
    world(row(1, account=account))
    assert f"(found '{account}')" in reasons(register)["drop.csv:2"][0]


def test_a_scope_may_hold_wildcards(world):
    scope = json.dumps([{"account": ["1000*", "10000000001?"]}]).replace('"', '""')
    assert world(row(1, scope=scope), kind="exception").quarantined == 0


def observed(register, lake, now, *, accounts, rules, complete=True):
    """Write a finished snapshot that lists these accounts and rules."""
    place = Lake(f"{lake}/snapshots/s1")
    with register.begin() as connection:
        connection.execute(
            text("INSERT INTO snapshot VALUES ('s1', :at, :place, :at, :at, 'complete')"),
            {"at": now, "place": place.location},
        )
        for dataset, column, names in (
            ("accounts", "account", accounts), ("rules", "rule", rules), ("evaluations", "rule", rules),
        ):  # fmt: skip
            place.write_table(f"{dataset}.parquet", pa.table({column: pa.array(names, pa.string())}))
            connection.execute(
                text(
                    "INSERT INTO snapshot_dataset (snapshot_id, service, dataset, status, row_count, path)"
                    " VALUES ('s1', 's', :d, :status, 1, :path)"
                ),
                {"d": dataset, "status": "COMPLETE" if complete else "PARTIAL", "path": f"{dataset}.parquet"},
            )


def noted(register):
    (summary,) = rows(register, "SELECT validation FROM intake_run ORDER BY run_id DESC LIMIT 1")[0]
    return {
        e["id"]: e["unexpected"]
        for e in summary["expectations"]
        if e["severity"] == "note" and not e["success"]
    }


SCOPE = json.dumps([{"account": ["100000000012"], "rule": ["s3-public-read", "no-such-rule"]}]).replace(
    '"', '""'
)


def test_accounts_rules_and_owners_that_nobody_knows_are_noted(world, register, now, tmp_path):
    observed(
        register,
        tmp_path / "lake",
        now,
        accounts=["100000000012"],
        rules=["securityhub-s3-public-read-1a2b3c4d"],
    )
    result = world(
        row(1, account="100000000099", boss="stranger@example.com"),
        row(2, scope=SCOPE, boss="security-lead@example.com"),
        kind="exception",
    )
    assert result.quarantined == 0, result.message
    assert noted(register) == {"account_known": 1, "control_known": 1, "owner_known": 1}


def test_a_source_may_take_it_more_seriously(world, register, now, tmp_path):
    observed(register, tmp_path / "lake", now, accounts=["100000000012"], rules=[])
    world(row(1, account="100000000099"), severities={"account_known": "quarantine"})
    assert "(found '100000000099')" in reasons(register)["drop.csv:2"][0]


@pytest.mark.parametrize("lost", ["partial", "files gone", "no observation"])
def test_what_no_complete_listing_tells_is_not_judged(world, register, now, tmp_path, lost):
    if lost != "no observation":
        observed(register, tmp_path / "lake", now, accounts=["1"], rules=["r"], complete=lost != "partial")
    if lost == "files gone":
        for file in (tmp_path / "lake").rglob("*.parquet"):
            file.unlink()
    world(row(1, account="100000000099", scope=SCOPE), kind="exception")
    assert noted(register) == {}


def test_the_source_of_an_owner_is_not_doubted_where_the_policy_named_them(world, register):
    world(row(1))
    assert noted(register) == {}
    assert frame(register, "SELECT owner FROM request")["owner"].notna().all()
