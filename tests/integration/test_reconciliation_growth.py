"""Scope growth: what an exception matches now, against what it matched when it was approved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from governance.reconciliation.reconcile import reconcile
from governance.review.pack import build_pack
from reconciliation_planes import DEV, PAY, PROD, PlaneHouse
from reconciliation_worlds import NOW, World, exception, policies

RULE = "s3-private"
TIGHT = "scope_growth: {percent: 50, items: 2}"


@pytest.fixture
def house(register: Engine, tmp_path: Path) -> PlaneHouse:
    found = PlaneHouse(register, tmp_path)
    shipped = (found.policies / "reconciliation.yaml").read_text()
    policies(found.policies, reconciliation=shipped.replace("scope_growth: {percent: 50, items: 25}", TIGHT))
    return found


def buckets(number: int, **more) -> World:
    """So many buckets, one of them not compliant."""
    found = World(rules={RULE: ""}, **more)
    for position in range(number):
        found.evaluate(PROD, RULE, f"bucket-{position}", "COMPLIANT" if position else "NON_COMPLIANT")
    return found


WHOLE = {"account": PROD, "rule": RULE}


def test_matches_that_grew_beyond_what_is_tolerated_are_drift(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE))
    assert house.verdicts(house.day(0, buckets(10))) == {"E": "COVERED"}
    assert house.verdicts(house.day(1, buckets(15))) == {"E": "COVERED"}, "half as much again is tolerated"
    assert house.verdicts(house.day(2, buckets(16))) == {"E": "SCOPE_DRIFT"}
    with house.register.connect() as connection:
        why, evidence = connection.execute(
            text("SELECT why, evidence FROM finding WHERE family = 'exception'")
        ).one()
    assert "it matches 16 items, and 10 when it was approved (snapshot 20261116T080000Z)" in why
    assert evidence["approved"] == {"matched": 10, "snapshot": "20261116T080000Z", "tolerated": 15}
    assert house.verdicts(house.day(3, buckets(15))) == {"E": "COVERED"}


def test_what_was_approved_is_what_counts(house: PlaneHouse) -> None:
    """Each account has three buckets on the first day, and thirty on the second; one has a few more."""
    exact = {"account": PROD, "rule": RULE, "resource": [f"bucket-{n}" for n in range(40)]}
    again = {"decided_at": NOW + timedelta(hours=12), "valid_at": NOW - timedelta(days=40)}
    of = {account: {"account": account, "rule": RULE} for account in (PROD, PAY, DEV)}
    house.add(
        exception("exact resources cannot grow", exact),
        exception("grew", of[PROD]),
        exception("approved again after the first snapshot", of[PROD], **again),
        exception("over by now", of[PROD], valid_until=NOW + timedelta(hours=12)),
        exception("the snapshot missed a region", of[PAY]),
        exception("a few more of few", of[DEV]),
    )

    def world(number: int, few: int, **more) -> World:
        found = buckets(number, **more)
        for account, rows in ((PAY, number), (DEV, few)):
            for position in range(rows):
                found.evaluate(account, RULE, f"bucket-{position}")
        return found

    house.day(0, world(3, 1, stale={(PAY, "eu-west-1")}))
    assert house.verdicts(house.day(1, world(30, 3))) == {
        "exact resources cannot grow": "COVERED",
        "grew": "SCOPE_DRIFT",
        "approved again after the first snapshot": "COVERED",
        "over by now": "EXPIRED_BUT_NONCOMPLIANT",
        "the snapshot missed a region": "COVERED",
        "a few more of few": "COVERED",
    }


def growth(house: PlaneHouse) -> dict:
    """What the finding of the one exception says of its growth, beside the sentence."""
    with house.register.connect() as connection:
        why, evidence = connection.execute(
            text("SELECT why, evidence FROM finding WHERE family = 'exception'")
        ).one()
        stored = connection.scalar(text("SELECT evidence FROM request_verdict ORDER BY as_of DESC LIMIT 1"))
    assert stored["growth"] == evidence["growth"]
    return {"why": why, **evidence["growth"]}


def test_what_came_in_is_named(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE))
    before = buckets(10)
    house.day(0, before)
    after = buckets(16)
    del after.evaluations[1]  # one bucket went, six came
    for number in range(4):
        after.evaluate(PAY, RULE, f"elsewhere-{number}")
    assert house.verdicts(house.day(1, after)) == {"E": "COVERED"}
    after.evaluate(PROD, RULE, "bucket-16")
    assert house.verdicts(house.day(2, after)) == {"E": "SCOPE_DRIFT"}
    told = growth(house)
    assert (told["new_items"], told["new_resources"], told["gone_items"]) == (7, 7, 1)
    assert [one["resource_id"] for one in told["named"]] == [f"bucket-{n}" for n in range(10, 17)]
    assert told["named"][0] == {
        "account": PROD, "region": "eu-central-1", "rule": RULE, "resource_type": "AWS::S3::Bucket",
        "resource_id": "bucket-10",
    }  # fmt: skip
    assert told["why"].endswith(
        f"; new are 7 items of 7 resources: {PROD} eu-central-1 AWS::S3::Bucket bucket-10, "
        f"{PROD} eu-central-1 AWS::S3::Bucket bucket-11, {PROD} eu-central-1 AWS::S3::Bucket bucket-12"
        " and 4 more."
    )
    assert told["digest_at_approval"] != told["digest_now"]


def test_many_newcomers_are_counted_and_some_of_them_named(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE))
    house.day(0, buckets(10))
    first = house.day(1, buckets(80))
    told = growth(house)
    assert (told["new_items"], len(told["named"])) == (70, 20)
    with house.register.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM request_verdict")) == 2
    again = reconcile(house.register, now=first.as_of, policies=house.policies)
    assert again.verdicts.equals(first.verdicts)
    assert (again.verdicts_written, growth(house)) == (0, told), "the same input gives the same set"


@pytest.mark.parametrize(
    "scopes",
    [
        {"organization": True, "rule": "s3-*"},
        [{"ou": "Prod", "rule": RULE}, {"account": PROD, "resource": ["bucket-*", "elsewhere-1?"]}],
        {"account": PROD, "rule": RULE, "tag": {"stage": "dev"}},
        {"account": "1111*", "exclude": [{"resource": ["bucket-1"]}]},
    ],
)
def test_every_kind_of_scope_names_as_many_as_it_counts(house: PlaneHouse, scopes) -> None:
    """Two rules judge the buckets, one of them a service's; a role is evaluated in two regions, and is one."""
    deployed = "securityhub-s3-public-1a2b3c4d"

    def world(number: int) -> World:
        found = buckets(number, tag_sets={1: {"stage": "dev"}, 2: {"stage": "prod"}})
        del found.accounts[
            "444444444444"
        ]  # suspended and not observed: a gap wherever all accounts are in scope
        found.rules[deployed] = "securityhub.amazonaws.com"
        for row in found.evaluations:
            row["tag_set"] = 1
        for position in range(number):
            found.evaluate(PAY, RULE, f"elsewhere-{position}", "COMPLIANT", tag_set=2)
            found.evaluate(PROD, deployed, f"bucket-{position}", "COMPLIANT", tag_set=1,
                           creator="securityhub.amazonaws.com")  # fmt: skip
            for region in found.regions:
                found.evaluate(PROD, "s3-roles", f"role-{position}", region=region, tag_set=2,
                               resource_type="AWS::IAM::Role")  # fmt: skip
        return found

    house.add(exception("E", scopes))
    first = house.day(0, world(4))
    done = house.day(1, world(11))
    assert house.verdicts(done) == {"E": "SCOPE_DRIFT"}
    told = growth(house)
    counted = [int(one.verdicts.matched.iloc[0]) for one in (first, done)]
    assert told["new_items"] - told["gone_items"] == counted[1] - counted[0]
    assert told["gone_items"] == 0
    assert all(one["resource_id"].split("-")[1] in map(str, range(4, 11)) for one in told["named"])


def test_where_the_snapshot_of_the_approval_is_gone_that_is_said(house: PlaneHouse) -> None:
    house.add(exception("E", WHOLE))
    first = house.day(0, buckets(10))
    for part in (house.lake / "snapshots" / first.snapshot_id).rglob("config/evaluations/*.parquet"):
        part.unlink()
    assert house.verdicts(house.day(1, buckets(16))) == {"E": "SCOPE_DRIFT"}
    told = growth(house)
    assert "new_items" not in told
    assert (
        "what is new cannot be named: in the snapshot of the approval its scope matches 0 items now, "
        in (told["why"])
    )
    assert "and 10 were counted then: the snapshot or the scope has changed" in told["why"]


def test_the_pack_lists_what_drifted_and_what_came_in(house: PlaneHouse, root: Path) -> None:
    def page(at) -> str:
        paths = build_pack(house.register, as_of=at, cadence="weekly", lake=str(house.lake),
                           policies=root / "include/policies")  # fmt: skip
        text = Path(paths.html).read_text("utf-8")
        return text[text.index("Scope drift: not what was approved any more") :].partition("</table>")[0]

    assert "Unknown: nothing was reconciled yet." in page(NOW - timedelta(days=1)).partition("Ending next")[0]
    house.add(exception("E", WHOLE))
    first = house.day(0, buckets(10))
    assert "None." in page(first.as_of).partition("Ending next")[0]
    done = house.day(1, buckets(17))
    told = page(done.as_of)
    assert "new are 7 items of 7 resources: 111111111111 eu-central-1 AWS::S3::Bucket bucket-10" in told
    assert "EXC-000001" in told
