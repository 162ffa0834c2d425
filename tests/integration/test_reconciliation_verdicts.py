"""Each verdict on an exception: the case that gets it, and the nearest case that must not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from governance.reconciliation.reconcile import Reconciled, reconcile
from reconciliation_worlds import NOW, World, exception, policies, register_requests

PROD, PAY, DEV, SUSPENDED, CLOSED, GONE = (digit * 12 for digit in "123459")
RULE = "s3-bucket-versioning-enabled"
HUB = "securityhub.amazonaws.com"


def world(**more) -> World:
    """Bucket `logs` is not compliant in production, bucket `clean` is."""
    found = World(rules={RULE: ""}, **more)
    return found.evaluate(PROD, RULE, "logs").evaluate(PROD, RULE, "clean", "COMPLIANT")


@pytest.fixture
def judge(register: Engine, tmp_path: Path):
    """Reconcile a world with exceptions; returns verdict by source key, or the whole result."""

    def run(snapshot: World, *requests, at=NOW) -> Reconciled:
        with register.begin() as connection:
            if requests:
                register_requests(connection, *requests)
        if snapshot is not None:
            snapshot.write(register, tmp_path / "lake")
        return reconcile(register, now=at, policies=policies(tmp_path / "policies"))

    return run


def verdict_of(result: Reconciled) -> str:
    assert len(result.verdicts) == 1
    return result.verdicts.verdict[0]


def of_rule(account: str = PROD, **more):
    return {"account": [account], "rule": [RULE], **more}


ENDED = {"valid_until": NOW - timedelta(days=1)}
TAGS = {1: {"stage": "dev", "team": "pay"}, 2: {"stage": "prod"}, 3: {}}
OPEN = {PROD: ("ACTIVE", "Prod"), DEV: ("ACTIVE", "Dev")}
DEV_ONLY = {"tag": {"stage": "dev"}, "rule": [RULE]}


def tagged(logs: int | None, clean: int | None, **more) -> World:
    """The same two buckets with a tag set each; None: its tags were not collected."""
    found = World(rules={RULE: ""}, tag_sets=TAGS, **more).evaluate(PROD, RULE, "logs", tag_set=logs)
    return found.evaluate(PROD, RULE, "clean", "COMPLIANT", tag_set=clean)


CASES = {
    "an exception over a non-compliant bucket": (world(), exception("E", of_rule()), "COVERED"),
    "the bucket beside it": (world(), exception("E", of_rule(resource=["clean"])), "CLEAN"),
    "nobody approved it": (world(), exception("E", of_rule(), decided_by=None), "INVALID"),
    "it has no end": (world(), exception("E", of_rule(), valid_until=None), "INVALID"),
    "its scope has an unknown key": (world(), exception("E", {"acount": ["1"]}), "INVALID"),
    "its scope is empty": (world(), exception("E", []), "INVALID"),
    "the account is closed": (world(), exception("E", of_rule(CLOSED)), "ORPHANED_ACCOUNT"),
    "the account is not in the listing": (world(), exception("E", of_rule(GONE)), "ORPHANED_ACCOUNT"),
    "the listing was cut short": (
        world(incomplete={"accounts"}), exception("E", of_rule(GONE)), "UNKNOWN"),
    "one of two accounts is closed": (
        world(), exception("E", {"account": [PROD, CLOSED], "rule": [RULE]}), "COVERED"),
    "the account is suspended": (world(), exception("E", of_rule(SUSPENDED)), "SUSPENDED_HOLD"),
    "one of two accounts is suspended": (
        world(), exception("E", {"account": [PROD, SUSPENDED], "rule": [RULE]}), "COVERED"),
    "suspended, and its time is over": (world(), exception("E", of_rule(SUSPENDED), **ENDED), "SUSPENDED_HOLD"),
    "a unit holds a suspended account that nobody heard of": (
        World(rules={RULE: ""}).evaluate(DEV, RULE, "logs", "COMPLIANT"),
        exception("E", {"ou": ["Dev"], "rule": [RULE]}), "UNKNOWN"),
    "its time is over, and the unit holds a suspended account that nobody heard of": (
        World(rules={RULE: ""}).evaluate(DEV, RULE, "logs", "COMPLIANT"),
        exception("E", {"ou": ["Dev"], "rule": [RULE]}, **ENDED), "UNKNOWN"),
    "a unit holds a closed account that nobody heard of": (
        World(rules={RULE: ""}, accounts={DEV: ("ACTIVE", "Dev"), CLOSED: ("CLOSED", "Dev")})
        .evaluate(DEV, RULE, "logs", "COMPLIANT"),
        exception("E", {"ou": ["Dev"], "rule": [RULE]}), "CLEAN"),
    "the account is about to be active": (
        World(rules={RULE: ""}, accounts={PROD: ("ACTIVE", "Prod"), DEV: ("PENDING_ACTIVATION", "Dev")}),
        exception("E", of_rule(DEV)), "UNKNOWN"),
    "the account is about to be closed": (
        World(rules={RULE: ""}, accounts={PROD: ("ACTIVE", "Prod"), DEV: ("PENDING_CLOSURE", "Dev")}),
        exception("E", of_rule(DEV)), "ORPHANED_ACCOUNT"),
    "it begins and ends within an instant, which is now": (
        world(), exception("E", of_rule(), valid_from=NOW, valid_until=NOW + timedelta(microseconds=1)), "COVERED"),
    "a resource of that name is in another account": (
        world().evaluate(DEV, RULE, "old"), exception("E", of_rule(resource=["old"])), "ORPHANED_RESOURCE"),
    "the rule is gone": (world(), exception("E", {"account": [PROD], "rule": ["old"]}), "ORPHANED_RULE"),
    "the rule is known but the listing of rules was cut short": (
        world(incomplete={"rules"}), exception("E", {"account": [PROD], "rule": ["old"]}), "UNKNOWN"),
    "the rule exists without an evaluation": (
        World(rules={RULE: "", "new": ""}), exception("E", {"account": [PROD], "rule": ["new"]}), "UNKNOWN"),
    "the resource is gone": (world(), exception("E", of_rule(resource=["old"])), "ORPHANED_RESOURCE"),
    "the resource may be in evidence that is stale": (
        world(stale={(PROD, "eu-west-1")}), exception("E", of_rule(resource=["old"])), "UNKNOWN"),
    "evidence is stale in a region out of scope": (
        world(stale={(PROD, "eu-west-1")}), exception("E", of_rule(resource=["old"], region=["eu-central-1"])),
        "ORPHANED_RESOURCE"),
    "a pattern that fits no resource names a class, not a resource": (
        world(), exception("E", of_rule(resource=["tmp-*"])), "UNKNOWN"),
    "its region is stale": (
        world(stale={(PROD, "eu-central-1")}), exception("E", of_rule()), "UNKNOWN"),
    "another region is stale but a fresh finding proves it": (
        world(stale={(PROD, "eu-west-1")}), exception("E", of_rule()), "COVERED"),
    "the rule was never evaluated in the hub": (
        World(rules={RULE: ""}, rule_status=[{"rule": RULE, "last_evaluated_at": None}]),
        exception("E", of_rule()), "UNKNOWN"),
    "the last evaluation failed": (
        world(rule_status=[{"rule": RULE, "last_evaluated_at": NOW - timedelta(days=9),
                            "last_failed_at": NOW - timedelta(days=1), "error": "AccessDenied"}]),
        exception("E", of_rule()), "UNKNOWN"),
    "the last failure is older than the last success": (
        world(rule_status=[{"rule": RULE, "last_evaluated_at": NOW - timedelta(days=1),
                            "last_failed_at": NOW - timedelta(days=9), "error": "AccessDenied"}]),
        exception("E", of_rule()), "COVERED"),
    "tags were not collected": (world(), exception("E", {"tag": {"stage": "dev"}, "rule": [RULE]}), "UNKNOWN"),
    "one of two scopes asks for tags that nobody collected": (
        world(accounts=OPEN),
        exception("E", [of_rule(resource=["clean"]), {"account": [DEV], **DEV_ONLY}]), "UNKNOWN"),
    "one of two scopes asks for tags that were collected": (
        tagged(2, 2, accounts=OPEN),
        exception("E", [of_rule(resource=["clean"]), {"account": [DEV], **DEV_ONLY}]), "CLEAN"),
    "the bucket has the tag": (tagged(1, 1), exception("E", DEV_ONLY), "COVERED"),
    "the bucket has the tag with another value, the one beside it the right one": (
        tagged(2, 1, accounts=OPEN), exception("E", DEV_ONLY), "CLEAN"),
    "the same, but of one account nothing is known: it is suspended": (
        tagged(2, 1), exception("E", DEV_ONLY), "UNKNOWN"),
    "one of two tags is missing": (
        tagged(1, 1), exception("E", {"tag": {"stage": "dev", "team": "ops"}}), "UNKNOWN"),
    "a tag by pattern": (tagged(1, 2), exception("E", {"tag": {"stage": "d*"}, "rule": [RULE]}), "COVERED"),
    "a pattern of tags is anchored": (tagged(1, 1), exception("E", {"tag": {"stage": "d"}}), "UNKNOWN"),
    "the tags of one bucket are not known": (tagged(None, 1), exception("E", DEV_ONLY), "UNKNOWN"),
    "the tags of one bucket are not known but another one proves it": (
        tagged(1, None), exception("E", DEV_ONLY), "COVERED"),
    "unknown tags of another account do not matter": (
        tagged(2, 1).evaluate(DEV, RULE, "x", tag_set=None), exception("E", of_rule(tag={"stage": "dev"})),
        "CLEAN"),
    "the listing of tags was cut short": (
        tagged(2, 1, incomplete={"tag_sets"}), exception("E", DEV_ONLY), "UNKNOWN"),
    "a bucket with the tag is excluded": (
        tagged(1, 2), exception("E", of_rule(exclude=[{"tag": {"stage": "dev"}}])), "CLEAN"),
    "a bucket without tags is not excluded": (
        tagged(3, 2), exception("E", of_rule(exclude=[{"tag": {"stage": "dev"}}])), "COVERED"),
    "whether a bucket is excluded is not known": (
        tagged(None, 2), exception("E", of_rule(exclude=[{"tag": {"stage": "dev"}}])), "UNKNOWN"),
    "the account left the unit": (world(), exception("E", of_rule(ou=["Dev"])), "SCOPE_DRIFT"),
    "the account is below the unit": (world(), exception("E", of_rule(ou=["Prod"])), "COVERED"),
    "the account is the target and left the unit": (
        world(accounts=OPEN), exception("E", {"ou": ["Dev"], "rule": [RULE]}, target=f"account/{PROD}/s3/logs"),
        "SCOPE_DRIFT"),
    "the unit is gone": (world(), exception("E", {"ou": ["Old"], "rule": [RULE]}), "SCOPE_DRIFT"),
    "it has not begun": (
        world(), exception("E", of_rule(), valid_from=NOW + timedelta(microseconds=1)), "NOT_YET_ACTIVE"),
    "it begins this instant": (world(), exception("E", of_rule(), valid_from=NOW), "COVERED"),
    "it ended this instant": (world(), exception("E", of_rule(), valid_until=NOW), "EXPIRED_BUT_NONCOMPLIANT"),
    "it ends an instant later": (
        world(), exception("E", of_rule(), valid_until=NOW + timedelta(microseconds=1)), "COVERED"),
    "it ended and all is well": (world(), exception("E", of_rule(resource=["clean"]), **ENDED), "EXPIRED_CLEAN"),
    "it ended and the evidence is stale": (
        world(stale={(PROD, "eu-central-1")}), exception("E", of_rule(resource=["clean"]), **ENDED), "UNKNOWN"),
    "a status of the source does not end it": (world(), exception("E", of_rule(), status="expired"), "COVERED"),
}  # fmt: skip


@pytest.mark.parametrize(("snapshot", "request_", "expected"), CASES.values(), ids=CASES)
def test_the_verdict_is(judge, snapshot, request_, expected) -> None:
    assert verdict_of(judge(snapshot, request_)) == expected


def service_linked() -> World:
    found = World(rules={"public": "", "securityhub-public-1a2b3c4d": HUB})
    found.evaluate(PROD, "public", "logs", "COMPLIANT")
    return found.evaluate(PROD, "securityhub-public-1a2b3c4d", "logs", creator=HUB)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("public", "AMBIGUOUS_RULE"),
        ("customer/public", "CLEAN"),
        (f"{HUB}/public", "COVERED"),
        ("securityhub-public", "COVERED"),
        ("securityhub-public-1a2b3c4d", "COVERED"),
        ("securityhub-public-0ldsuffx", "COVERED"),
        ("securityhub-public-*", "COVERED"),
        ("securityhub-publi", "ORPHANED_RULE"),
    ],
)
def test_a_rule_is_known_by_its_creator_and_canonical_name(judge, name, expected) -> None:
    assert (
        verdict_of(judge(service_linked(), exception("E", {"account": [PROD], "rule": [name]}))) == expected
    )


def test_what_is_ambiguous_is_not_called_absent_beside_an_account_that_is_suspended(judge) -> None:
    suspended = {"account": [SUSPENDED], "rule": [RULE]}
    gone = {"account": [PROD], "resource": ["gone"]}
    found = judge(
        service_linked(),
        exception("told", [suspended, {**gone, "rule": [f"{HUB}/public"]}]),
        exception("open", [suspended, {**gone, "rule": ["public"]}]),
    )
    assert found.verdicts.verdict.tolist() == ["SUSPENDED_HOLD", "AMBIGUOUS_RULE"]


def test_a_rule_of_the_customer_keeps_what_looks_like_a_suffix(judge) -> None:
    mine = World(rules={"securityhub-mine-1a2b3c4d": ""}).evaluate(PROD, "securityhub-mine-1a2b3c4d", "logs")
    assert verdict_of(judge(mine, exception("E", {"account": [PROD], "rule": ["mine"]}))) == "ORPHANED_RULE"


@pytest.mark.parametrize("status", ["submitted", "in_review", "rejected", "withdrawn", "revoked", "closed"])
def test_what_is_not_approved_or_no_more_gets_no_verdict_and_covers_nothing(judge, status) -> None:
    found = judge(world(), exception("E", of_rule(), status=status))
    assert found.verdicts.empty
    assert found.summary["deviations"] == 1


def test_an_active_exception_is_stale_after_three_clean_observations_in_a_row(judge) -> None:
    def clean(day: int, **more) -> World:
        rules = World(rules={RULE: ""}, as_of=NOW + timedelta(days=day), **more)
        return rules.evaluate(PROD, RULE, "logs", "COMPLIANT")

    spared = exception("E", of_rule())
    assert verdict_of(judge(clean(0), spared)) == "CLEAN"
    assert verdict_of(judge(None, at=NOW + timedelta(hours=1))) == "CLEAN", "the same snapshot counts once"
    assert verdict_of(judge(clean(1), at=NOW + timedelta(days=1))) == "CLEAN"
    assert verdict_of(judge(clean(2), at=NOW + timedelta(days=2))) == "STALE"
    interrupted = clean(3, stale={(PROD, "eu-central-1")})
    assert verdict_of(judge(interrupted, at=NOW + timedelta(days=3))) == "UNKNOWN"
    assert verdict_of(judge(clean(4), at=NOW + timedelta(days=4))) == "CLEAN", "unknown breaks the row"


def test_evidence_older_than_its_limit_is_unknown(judge) -> None:
    judge(world(), exception("E", of_rule()))
    assert verdict_of(judge(None, at=NOW + timedelta(hours=22))) == "COVERED"
    assert verdict_of(judge(None, at=NOW + timedelta(hours=26))) == "UNKNOWN"


def test_a_long_exception_and_one_too_many_renewals_are_flagged(judge) -> None:
    requests = [exception("E0", of_rule(), valid_until=NOW + timedelta(days=500))]
    requests += [exception(f"E{n}", of_rule(), renewal_of=f"E{n - 1}") for n in (1, 2, 3)]
    flags = judge(world(), *requests).verdicts["flags"].tolist()
    assert flags == [("DURATION_OVER_LIMIT",), (), (), ("RENEWALS_OVER_LIMIT",)]


def test_an_ou_move_takes_the_cover_away(judge) -> None:
    approved = exception("E", {"ou": ["Prod/Payments"], "rule": [RULE]})
    before = World(rules={RULE: ""}).evaluate(PAY, RULE, "cards").evaluate(PAY, RULE, "ok", "COMPLIANT")
    assert judge(before, approved).summary["covered"] == 1
    after = World(rules={RULE: ""}, as_of=NOW + timedelta(days=1)).evaluate(PAY, RULE, "cards")
    after.accounts[PAY] = ("ACTIVE", "Dev")
    found = judge(after, at=NOW + timedelta(days=1))
    assert (found.summary["covered"], found.summary["deviations"]) == (0, 1)


def test_every_verdict_says_why_in_one_sentence(judge, register: Engine) -> None:
    judge(world(), *(
        {**request, "source_key": f"E{n}"} for n, (_, request, _) in enumerate(CASES.values())))  # fmt: skip
    with register.connect() as connection:
        told = connection.execute(text("SELECT verdict, why FROM request_verdict")).all()
    assert len(told) == len(CASES)
    for verdict, why in told:
        assert why.endswith("."), (verdict, why)
        assert "None" not in why, (verdict, why)
        assert "nan" not in why, (verdict, why)
