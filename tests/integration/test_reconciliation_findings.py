"""Reconciliation in the register: findings live, nothing is written twice, the past stays as it was."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from governance.errors import GovernanceError
from governance.reconciliation import deviations
from governance.reconciliation.reconcile import reconcile
from reconciliation_worlds import NOW, OWNERSHIP, ROOT, World, exception, policies, register_requests

PROD, PAY, DEV = "111111111111", "222222222222", "333333333333"
RULE = "s3-bucket-versioning-enabled"


class House:
    """A register, a lake, policies; snapshots are taken a day apart."""

    def __init__(self, register: Engine, folder: Path) -> None:
        self.register, self.lake, self.policies = register, folder / "lake", policies(folder / "policies")

    def add(self, *requests, at=NOW) -> None:
        with self.register.begin() as connection:
            register_requests(connection, *requests, at=at)

    def day(self, number: int, world: World | None = None):
        at = NOW + timedelta(days=number)
        if world is not None:
            world.as_of = at
            for row in world.evaluations:
                row["captured_at"] = at
            world.write(self.register, self.lake)
        return reconcile(self.register, now=at, policies=self.policies)

    def rows(self, query: str, **parameters):
        with self.register.connect() as connection:
            return connection.execute(text(query), parameters).all()

    def open(self, family: str) -> list[str]:
        query = "SELECT resource_id FROM finding WHERE family = :f AND status = 'open' ORDER BY 1"
        return [row[0] for row in self.rows(query, f=family)]


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> House:
    return House(register, tmp_path)


def buckets(*names: str, account: str = PROD, **more) -> World:
    world = World(rules={RULE: ""}, **more)
    for name in names:
        world.evaluate(account, RULE, name)
    return world.evaluate(account, RULE, "clean", "COMPLIANT")


def scope(account: str = PROD, **more):
    return {"account": [account], "rule": [RULE], **more}


def test_a_deviation_opens_resolves_and_reopens(house: House) -> None:
    assert house.day(0, buckets("a", "b")).turns["deviation"]["opened"] == 2
    assert house.day(1, buckets("a")).turns["deviation"]["resolved"] == 1
    assert house.day(2, buckets("a", "b")).turns["deviation"]["reopened"] == 1
    assert house.open("deviation") == ["a", "b"]
    turns = house.rows("SELECT change FROM finding_event e JOIN finding f USING (finding_number) "
                       "WHERE resource_id = 'b' ORDER BY event")  # fmt: skip
    assert [turn.change for turn in turns] == ["opened", "resolved", "reopened"]


def test_a_deviation_stays_open_while_its_place_is_unknown(house: House) -> None:
    house.day(0, buckets("a"))
    found = house.day(1, World(rules={RULE: ""}, lost={0}))
    assert house.open("deviation") == ["a"]
    assert found.summary["accounts"] == {"known": 5, "active": 3, "observed": 0}
    stale = World(rules={RULE: ""}, stale={(PROD, "eu-central-1")}).evaluate(PROD, RULE, "a", "COMPLIANT")
    house.day(2, stale)
    assert house.open("deviation") == ["a"]
    house.day(3, World(rules={RULE: ""}).evaluate(PROD, RULE, "a", "COMPLIANT"))
    assert house.open("deviation") == []


def test_a_deviation_goes_with_its_account(house: House) -> None:
    house.day(0, buckets("a"))
    gone = World(rules={RULE: ""})
    gone.accounts[PROD] = ("CLOSED", "Prod")
    house.day(1, gone)
    assert house.open("deviation") == []


def test_a_noncompliant_item_in_stale_evidence_is_unknown_not_a_deviation(house: House) -> None:
    found = house.day(0, buckets("a", stale={(PROD, "eu-central-1")})).summary
    assert (found["unknown"], found["deviations"], found["covered"]) == (1, 0, 0)
    assert found["compliance_rate_with_exceptions"] is None, "nothing was assessed"


def test_approval_resolves_the_deviation_and_its_end_names_the_subtype(house: House) -> None:
    house.day(0, buckets("a"))
    house.add(exception("E", scope(), valid_from=NOW, valid_until=NOW + timedelta(days=2)))
    assert house.day(1, buckets("a")).summary["covered"] == 1
    assert house.open("deviation") == []
    found = house.day(2, buckets("a")).summary
    assert (found["deviations"], found["expired_deviations"]) == (1, 1)
    [row] = house.rows("SELECT type, why, evidence, r.source_key FROM finding f JOIN request r USING (request_number)"
                       " WHERE family = 'deviation' AND f.status = 'open'")  # fmt: skip
    assert row.type == "UNAPPROVED_DEVIATION"
    assert row.evidence["subtype"] == "EXPIRED"
    assert row.source_key == "E"
    [row] = house.rows("SELECT type, severity FROM finding WHERE family = 'exception' AND status = 'open'")
    assert (row.type, row.severity) == ("EXPIRED_BUT_NONCOMPLIANT", "medium")


def test_another_end_of_the_exception_that_covered_last_is_told(house: House) -> None:
    for day, ended in ((3, 2), (4, 1)):  # days since NOW: reconciled, and when it ended as is known then
        end = NOW + timedelta(days=ended)
        house.add(exception("E", scope(), valid_from=NOW, valid_until=end), at=NOW + timedelta(hours=ended))
        house.day(day, buckets("a"))
        [row] = house.rows("SELECT why FROM finding WHERE family = 'deviation' AND status = 'open'")
        assert row.why.endswith(f" covered it until {end:%Y-%m-%d}.")


def test_an_exception_that_is_yet_to_begin_makes_no_deviation_an_expired_one(house: House) -> None:
    house.add(
        exception("E", scope(), valid_from=NOW + timedelta(days=1), valid_until=NOW + timedelta(days=2))
    )
    found = house.day(0, buckets("a")).summary
    assert (found["deviations"], found["expired_deviations"], found["covered"]) == (1, 0, 0)


def test_the_owner_of_the_unit_owns_the_deviation_and_nobody_else_does(house: House) -> None:
    world = buckets("a", account=PAY).evaluate(DEV, RULE, "b")
    house.day(0, world)
    owners = dict(map(tuple, house.rows("SELECT resource_id, owner FROM finding WHERE family = 'deviation'")))
    assert owners == {"a": "payments-lead@example.com", "b": "governance-office@example.com"}


def test_the_most_specific_exception_wins_and_the_others_cover(house: House) -> None:
    on_resource = exception("R", scope(resource=["a"]))
    on_account = exception("A", scope(), decided_at=NOW - timedelta(days=39))
    on_unit = exception("U", {"ou": ["Prod"], "rule": [RULE]}, decided_at=NOW - timedelta(days=38))
    by_pattern = exception("P", {"account": [PROD], "rule": ["s3-*"]}, decided_at=NOW - timedelta(days=37))
    later = exception("L", scope(), decided_at=NOW - timedelta(days=30))
    house.add(on_resource, on_account, on_unit, by_pattern, later)
    found = house.day(0, buckets("a", "b", "c")).verdicts
    counts = {row.request_id[-1]: (row.covered, row.won) for row in found.itertuples()}
    by_key = {row.source_key: counts[row.request_id[-1]] for row in house.rows("SELECT * FROM request")}
    assert by_key == {"R": (1, 1), "A": (3, 0), "U": (3, 0), "P": (3, 0), "L": (3, 2)}


def test_a_global_resource_counts_once(house: House) -> None:
    world = World(rules={"mfa": ""})
    for region in world.regions:
        world.evaluate(PROD, "mfa", "AIDA", region=region, resource_type="AWS::IAM::User")
    found = house.day(0, world).summary
    assert (found["evaluations"], found["deviations"]) == (1, 1)
    [row] = house.rows("SELECT region FROM finding WHERE family = 'deviation'")
    assert row.region == "global"


def everything(house: House):
    tables = ("request_verdict", "finding", "finding_event", "reconciliation_run")
    return {
        table: house.rows(f"SELECT t.*, t.xmin::text FROM {table} t ORDER BY 1, 2, 3") for table in tables
    }


def test_a_second_run_writes_nothing_and_gives_the_same_bytes(house: House) -> None:
    house.add(exception("E", scope(resource=["a"])), exception("O", scope("999999999999")))
    first = house.day(0, buckets("a", "b"))
    before = everything(house)
    again = house.day(0)
    assert everything(house) == before
    assert json.dumps(again.summary) == json.dumps(first.summary)
    assert again.verdicts.to_csv() == first.verdicts.to_csv()
    assert (again.verdicts_written, again.input_digest) == (0, first.input_digest)


def test_deviations_are_worded_where_what_they_rest_on_changed_and_only_there(
    house: House, monkeypatch
) -> None:
    """Every day is reconciled once more as if nobody knew what the findings rest on: that must change nothing."""
    worded = []
    monkeypatch.setattr(deviations, "of_deviations", noted(worded, deviations.of_deviations))
    moved = buckets("a", "b")
    moved.accounts[PROD] = ("ACTIVE", "Prod/Payments")
    stale = {(PROD, "eu-central-1")}
    other = OWNERSHIP.replace("payments-lead", "head-of-payments")
    shipped = (ROOT / "include/policies/reconciliation.yaml").read_text()
    strict = shipped.replace('{rule: "*public*"', '{rule: "s3-*"')
    everywhere = strict.replace('["AWS::IAM::*"]', '["AWS::IAM::*", "AWS::S3::*"]')
    one_each = buckets("a", "b").evaluate(PAY, RULE, "c")
    numbered_anew = buckets("a", "b").evaluate(PAY, RULE, "c").evaluate(PROD, RULE, "a-clean", "COMPLIANT")
    swapped = buckets("a", "c").evaluate(PAY, RULE, "b")
    days = (
        ("new", buckets("a", "b"), {}),
        ("", buckets("b", "a"), {}),
        ("a resource more", buckets("a", "b", "c"), {}),
        ("another one in its place", buckets("a", "b", "d"), {}),
        ("none in its place", buckets("a", "b"), {}),
        ("another unit, and so another owner", moved, {}),
        ("another owner of the same unit", moved, {"ownership": other}),
        ("", moved, {"ownership": other}),
        ("another severity", moved, {"ownership": other, "reconciliation": strict}),
        ("counted once in all regions", moved, {"ownership": other, "reconciliation": everywhere}),
        ("unknown", buckets("a", "b", stale=stale), {}),  # which is no deviation, so what is open stays
        ("still unknown, so it is looked at", buckets("a", "b", stale=stale), {}),
        ("known again", moved, {}),
        ("", moved, {}),
        ("another account", one_each, {}),
        ("what is evaluated, though nothing else", numbered_anew, {}),  # a resource that is compliant
        ("as many, in each other's account", swapped, {}),
    )
    for number, (what, world, changed) in enumerate(days):
        policies(house.policies, **changed)
        worded.clear()
        found = house.day(number, world)
        assert bool(worded) is bool(what), f"day {number}: {what or 'nothing changed'}"
        before = everything(house)
        with house.register.begin() as connection:
            connection.execute(text("UPDATE finding_family SET basis = NULL"))
        again = house.day(number)
        assert everything(house) == before
        assert again.summary == found.summary
        assert not any(again.turns["deviation"].values())


def noted(calls: list, work):
    def noting(*arguments):
        calls.append(arguments)
        return work(*arguments)

    return noting


def test_an_unchanged_verdict_is_not_written_again(house: House) -> None:
    house.add(exception("E", scope()))
    assert house.day(0, buckets("a")).verdicts_written == 1
    assert house.day(1, buckets("a")).verdicts_written == 0
    assert house.day(2, buckets("a", "b")).verdicts_written == 1


def test_the_past_can_be_reconciled_again_without_touching_today(house: House) -> None:
    house.add(exception("E", scope(resource=["a"])))
    first = house.day(0, buckets("a", "b"))
    house.day(1, buckets("c"))
    before = everything(house)
    replayed = house.day(0)
    assert json.dumps(replayed.summary) == json.dumps(first.summary)
    assert replayed.turns == {}
    assert everything(house) == before


def told(found) -> str:
    """Everything a reconciliation says, without the snapshot it was said of."""
    text = found.verdicts.to_csv() + json.dumps(found.summary)
    return text.replace(found.snapshot_id, "").replace(found.as_of.isoformat(), "")


def test_the_same_world_in_one_four_or_sixteen_shards_gives_the_same_bytes(
    register: Engine, tmp_path
) -> None:
    house = House(register, tmp_path)
    house.add(exception("E", scope(resource=["a"])), exception("U", {"ou": ["Prod"], "rule": [RULE]}),
              exception("T", {"organization": True, "resource_type": ["AWS::S3::*"], "resource": ["?"]}),
              exception("G", scope(PAY, resource=["gone"])))  # fmt: skip
    answers = set()
    for shards in (1, 4, 16):
        house.lake = tmp_path / f"lake-{shards}"
        world = (
            buckets("a", "b", shards=shards).evaluate(DEV, RULE, "c").evaluate(PAY, RULE, "d", "COMPLIANT")
        )
        world.write(register, house.lake)
        with register.begin() as connection:
            connection.execute(text("UPDATE snapshot SET location = :l"),
                               {"l": f"{house.lake}/snapshots/{NOW:%Y%m%dT%H%M%SZ}"})  # fmt: skip
        answers.add(told(house.day(0)))
        with register.begin() as connection:
            connection.execute(text("DELETE FROM snapshot_dataset"))
    assert len(answers) == 1


def test_ten_past_instants_reconciled_again_equal_what_was_stored_then(house: House) -> None:
    house.add(exception("E", scope(resource=["a"]), valid_until=NOW + timedelta(days=4)),
              exception("L", scope(resource=["b"]), valid_from=NOW + timedelta(days=2)),
              exception("C", scope(resource=["clean"])))  # fmt: skip
    first = [house.day(day, buckets(*"ab"[day % 3 :], "c", stale=stale(day))) for day in range(10)]
    before = everything(house)
    for day in (3, 0, 9, 5, 1, 2, 8, 4, 7, 6):
        again = reconcile(house.register, now=NOW + timedelta(days=day), policies=house.policies)
        assert told(again) == told(first[day])
        assert again.verdicts_written == 0
    assert everything(house) == before
    assert len({told(found) for found in first}) > 3, "the days differ"


def stale(day: int) -> set[tuple[str, str]]:
    return {(PROD, "eu-central-1")} if day == 6 else set()


def test_a_shard_that_was_lost_is_unknown_and_comes_back_alone(house: House) -> None:
    house.add(exception("E", scope(resource=["a"])), exception("C", scope(resource=["clean"])))
    whole = {"rules": {RULE: ""}, "shards": 5}
    world = World(**whole, lost={0}).evaluate(PROD, RULE, "a").evaluate(PROD, RULE, "clean", "COMPLIANT")
    assert set(house.day(0, world).verdicts.verdict) == {"UNKNOWN"}
    world.lost = {1, 2, 3, 4}
    assert house.day(0, world).verdicts.verdict.tolist() == ["COVERED", "CLEAN"]


def test_a_file_that_was_changed_after_it_was_recorded_is_not_believed(house: House) -> None:
    house.add(exception("E", scope(resource=["clean"])))
    assert house.day(0, buckets("a")).verdicts.verdict.tolist() == ["CLEAN"]
    [part] = (house.lake / "snapshots").glob("*/config/evaluations/*.parquet")
    part.write_bytes(part.read_bytes()[:-1] + b"!")
    found = house.day(0)
    assert found.verdicts.verdict.tolist() == ["UNKNOWN"]
    assert found.summary["coverage"]["config/evaluations/eu-central-1"] == {
        "NOT_FRESH": 4
    }  # the suspended one too


def test_without_a_snapshot_it_says_what_to_do(house: House) -> None:
    with pytest.raises(GovernanceError, match="governance observe"):
        house.day(0)
    with pytest.raises(GovernanceError, match="'20990101T000000Z' is not known"):
        reconcile(house.register, now=NOW, policies=house.policies, snapshot_id="20990101T000000Z")


def seen(house: House) -> dict[str, int]:
    """The day on which each deviation was last seen."""
    query = "SELECT resource_id, seen_at FROM finding JOIN finding_seen USING (finding_number) WHERE family = 'deviation'"
    return {row.resource_id: (row.seen_at - NOW).days for row in house.rows(query)}


def test_a_later_run_without_news_leaves_every_finding_as_it_is_and_they_are_seen_again(house: House) -> None:
    house.day(0, buckets("a", "b"))
    before = everything(house)
    assert house.day(1, buckets("a", "b")).turns["deviation"] == dict.fromkeys(
        ("opened", "changed", "reopened", "resolved"), 0
    )
    after = everything(house)
    assert (after["finding"], after["finding_event"]) == (before["finding"], before["finding_event"])
    assert seen(house) == {"a": 1, "b": 1}


def test_what_is_unknown_is_not_seen_and_what_is_resolved_was_seen_the_run_before(house: House) -> None:
    house.day(0, buckets("a", "b"))
    house.day(1, buckets("a", "b", stale={(PROD, "eu-central-1")}))
    before = everything(house)["finding"]
    house.day(2, buckets("a", "b", stale={(PROD, "eu-central-1")}))
    assert everything(house)["finding"] == before, "unknown as before: nothing to write"
    assert seen(house) == {"a": 0, "b": 0}
    house.day(3, buckets("a", "b"))
    house.day(4, buckets("a", "b"))
    house.day(5, buckets("a"))
    assert seen(house) == {"a": 5, "b": 4}


def test_other_evidence_is_written_but_is_no_turn(house: House) -> None:
    house.day(0, buckets("a"))
    with house.register.begin() as connection:
        connection.execute(text("UPDATE finding SET evidence = '{}', digest = NULL"))
        connection.execute(text("UPDATE finding_family SET basis = NULL"))
    house.day(1, buckets("a"))
    [row] = house.rows("SELECT evidence FROM finding")
    assert row.evidence["deployed_rule"] == RULE
    assert [turn.change for turn in house.rows("SELECT change FROM finding_event")] == ["opened"]
