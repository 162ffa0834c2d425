"""The engine agrees with a brute-force matcher on random worlds, however the snapshot was cut."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from governance import evaluation_index
from governance.observation import datasets
from governance.observation.lake import Lake
from governance.reconciliation import engine, judgement, policy
from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.matching import matcher, naming, rows, tags
from governance.reconciliation.matching.facts import Facts
from governance.reconciliation.planes import fits
from governance.reconciliation.rules import Identity
from governance.register import canonical_scope, ownership
from governance.register.scope import SCOPES
from reconciliation_brute_verdicts import BruteForce
from reconciliation_worlds import NOW, policies

WORLDS = int(os.environ.get("WORLDS", "50"))  # `make prove` takes thousands
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking takes minutes: add Phase.shrink to debug
LIMITS = ((matcher, "AT_ONCE"), (rows, "AT_ONCE"), (naming, "FEW"), (tags, "UNPACKED"))
HUB = "securityhub.amazonaws.com"
ACCOUNTS = ("111111111111", "111111111112", "222222222222", "333333333333", "999999999999")
REGIONS = ("eu-central-1", "us-east-1")
UNITS = {"": "r-test", "Prod": "ou-t-prod", "Prod/Pay": "ou-t-pay", "Dev": "ou-t-dev"}
TYPES = ("AWS::S3::Bucket", "AWS::IAM::User")
TAG_SETS = {
    0: {"stage": "dev"},
    1: {"stage": "prod", "team": "a[b]%"},
    2: {},
    3: {"stage": "d", "team": "a[b]%"},
}
IDS = ("a", "ab", "a[b]", "a%b", "a_b", "ä漢字", "x\\y", "a.b+", "arn:aws:s3:::ab", "*")
ARNS = (
    "arn:aws:s3:::ab",
    "arn:aws:s3:::a*",
    "arn:aws:iam::111111111111:user/a",
    "arn:aws:*:us-*:?11111111112:x/a_b",
    "arn:aws:s3",
)


@dataclass(frozen=True)
class Rule:
    creator: str
    name: str
    deployed: tuple[str, ...]
    names: tuple[str, ...]


RULES = (
    Rule("", "public", ("public",), ("public", "customer/public")),
    Rule(HUB, "public", ("securityhub-public-aaaa1111", "securityhub-public-bbbb2222"), (
        "public", f"{HUB}/public", "securityhub-public", "securityhub-public-aaaa1111", "securityhub-public-0ldname1")),
    Rule("", "we[i]rd.+", ("we[i]rd.+",), ("we[i]rd.+", "customer/we[i]rd.+")),
    Rule("", "securityhub-mine-abcdef12", ("securityhub-mine-abcdef12",), (
        "securityhub-mine-abcdef12", "customer/securityhub-mine-abcdef12")),
)  # fmt: skip


@dataclass
class RandomWorld:
    accounts: dict[str, tuple[str, str]]
    rows: list[dict]
    stale: set[tuple[str, str]]
    complete: bool
    hub: set[int]  # rules that the hub lists
    tagged: bool  # whether the tag sets are there
    twice: bool  # whether a second part holds some rows again
    rules: tuple[Rule, ...] = RULES
    needed: list[tuple[str, str]] = field(default_factory=list)

    def chain(self, account):
        """(name, id) of every unit above the account, root included."""
        if account not in self.accounts:
            return []
        path = self.accounts[account][1]
        parts = path.split("/") if path else []
        names = ["", *("/".join(parts[: n + 1]) for n in range(len(parts)))]
        return [(name, UNITS[name]) for name in names]


def worlds():
    states = st.sampled_from(["ACTIVE"] * 6 + ["SUSPENDED", "CLOSED"])
    account = st.tuples(states, st.sampled_from(list(UNITS)))
    row = st.tuples(
        st.sampled_from(ACCOUNTS[:4]), st.sampled_from(REGIONS), st.integers(0, len(RULES) - 1),
        st.integers(0, 1), st.sampled_from(TYPES), st.sampled_from(IDS[:9]), st.booleans(),
        st.sampled_from([0, 0, 1, 1, 2, 3, None]),
    )  # fmt: skip
    places = st.sets(st.tuples(st.sampled_from(ACCOUNTS[:4]), st.sampled_from(REGIONS)), max_size=2)
    return st.builds(_world, st.lists(account, min_size=4, max_size=4), st.lists(row, max_size=25), places,
                     st.sampled_from([True, True, True, False]), st.sets(st.integers(0, len(RULES) - 1)),
                     st.sampled_from([True, True, True, False]), st.booleans())  # fmt: skip


def _world(accounts, rows, stale, complete, hub, tagged, twice):
    known = dict(zip(ACCOUNTS, accounts, strict=False))
    found = {}
    for account, region, rule, variant, kind, name, nc, tag_set in rows:
        deployed = RULES[rule].deployed[variant % len(RULES[rule].deployed)]
        found[account, region, deployed, kind, name] = {
            "account": account, "region": region, "rule": rule, "deployed": deployed, "type": kind, "id": name,
            "nc": nc, "fresh": (account, region) not in stale, "tag_set": tag_set,
            "tags": TAG_SETS[tag_set] if tagged and tag_set is not None else None,
        }  # fmt: skip
    holding = [account for account, (state, _) in known.items() if state in ("ACTIVE", "SUSPENDED")]
    return RandomWorld(known, list(found.values()), stale, complete, hub, tagged, twice,
                       needed=[(a, r) for a in holding for r in REGIONS])  # fmt: skip


def some(*values, size=2):
    return st.lists(st.sampled_from(values), max_size=size, unique=True)


def dimensions(exclude=None):
    fields = {
        "ou": some("Prod", "Prod/Pay", "ou-t-dev", "ou-t-prod", "r-test", "P*"),
        "account": some(*ACCOUNTS, "1111*", "?11111111112"),
        "region": some("eu-central-1", "us-*", size=1),
        "rule": some("public", "customer/public", "securityhub-public", "we[i]rd.+", "we*", "*mine*", "gone",
                     "securityhub-mine-abcdef12", size=2),
        "resource_type": some("AWS::S3::*", "AWS::IAM::User", size=1),
        "resource": some(*IDS, *ARNS, "a*", "?b", "a[*", "*b*", "gone", "*%b", "ä*", "a.b+*"),
        "tag": st.sampled_from([{"stage": "dev"}, {"stage": "d*"}, {"stage": "*", "team": "a[b]%"}, {"gone": "*"}]),
    }  # fmt: skip
    return st.fixed_dictionaries({}, optional=fields | ({"exclude": exclude} if exclude is not None else {}))


def scopes():
    named = dimensions().filter(lambda d: any(d.values()))  # an empty exclusion is refused by the register
    one = dimensions(st.lists(named, max_size=2)).map(
        lambda d: (
            d if any(d.get(k) for k in ("ou", "account", "resource", "tag")) else {**d, "organization": True}
        )
    )
    return st.lists(one, min_size=1, max_size=2)


def exceptions():
    edges = st.sampled_from([-9, -5, 0, 5])
    one = st.tuples(scopes(), edges, st.integers(1, 9), st.integers(0, 2))
    return st.lists(one, min_size=1, max_size=6).map(
        lambda all_: [_exception(n + 1, *each) for n, each in enumerate(all_)]
    )


def _exception(number, raw, begin, days, approved):
    start, end = NOW + timedelta(days=begin), NOW + timedelta(days=begin + days)
    phase = "upcoming" if start > NOW else "expired" if end <= NOW else "active"
    return LiveException(
        number, f"EXC-{number:06d}", None, "high", None, NOW - timedelta(days=90 - approved), start, end,
        canonical_scope.of(SCOPES.validate_python(raw)), phase, None, (),
    )  # fmt: skip


def evidence_of(world, folder: Path, shards=1, backwards=False) -> Evidence:
    rows = [
        {"account": r["account"], "region": r["region"], "rule": r["deployed"], "creator": RULES[r["rule"]].creator,
         "resource_type": r["type"], "resource_id": r["id"], "tag_set": r["tag_set"], "captured_at": None,
         "compliance": "NON_COMPLIANT" if r["nc"] else "COMPLIANT"} for r in world.rows
    ]  # fmt: skip
    files = []
    for shard in range(shards):
        mine = [row for row in rows if ACCOUNTS.index(row["account"]) % shards == shard]
        path = f"{'z' if backwards else 'a'}{shards - shard if backwards else shard}.parquet"
        Lake(str(folder)).write_table(path, datasets.EVALUATIONS.table(mine))
        files.append(folder / path)
    if world.twice:
        Lake(str(folder)).write_table("m.parquet", datasets.EVALUATIONS.table(rows[::2]))
        files.append(folder / "m.parquet")
    accounts = datasets.ACCOUNTS.table([
        {"account": a, "name": a, "email": None, "state": state, "units": "/".join(u for _, u in world.chain(a)),
         "joined_at": None} for a, (state, _) in world.accounts.items()])  # fmt: skip
    units = [{"unit": unit, "name": path, "path": path, "parent": None if not path else
              UNITS[path.rpartition("/")[0]]} for path, unit in UNITS.items()]  # fmt: skip
    every = sorted({*world.needed, *((r["account"], r["region"]) for r in world.rows)})
    places = pd.DataFrame(
        [(a, r, (a, r) not in world.stale, "old" if (a, r) in world.stale else None, (a, r) in world.needed)
         for a, r in every], columns=["account", "region", "fresh", "reason", "needed"]).astype({"fresh": bool, "needed": bool})  # fmt: skip
    rules = pd.DataFrame(
        [(name, RULES[i].creator) for i in sorted(world.hub) for name in RULES[i].deployed],
        columns=["rule", "creator"],
    )
    empty = {
        name: pd.DataFrame(columns=table.schema.names)
        for name, table in (
            ("rule_status", datasets.RULE_STATUS),
            ("sources", datasets.AGGREGATOR_SOURCES),
        )
    }
    return Evidence(
        "s", NOW, pd.DataFrame(columns=["service", "dataset", "region", "status"]), accounts.to_pandas(),
        datasets.UNITS.table(units).to_pandas(), evaluations=tuple(sorted(files)), places=places,
        organization_is_known=world.complete, rules_are_known=world.complete, rules=rules, tags_are_known=world.tagged,
        evaluated=repr(world.rows),
        tag_sets=pd.DataFrame([(n, k, v) for n, tags in TAG_SETS.items() if world.tagged for k, v in tags.items()],
                              columns=["tag_set", "key", "value"]), **empty,
    )  # fmt: skip


@pytest.fixture(scope="module")
def rules_of_the_house(tmp_path_factory):
    folder = policies(tmp_path_factory.mktemp("policies"))
    return policy.read(folder)[0], ownership.read(folder)


def judged(world, live, house, folder, **cut):
    known = evidence_of(world, folder, **cut)
    with engine.database() as database, engine.ground(database, known, house[0]) as ground:
        return judgement.judge(database, ground, live, judgement.Before(), *house, NOW)


def outcomes(found: judgement.Judgement) -> Counter:
    return Counter(
        "deviation" if pd.isna(number) else f"expired {number}"
        for number in found.deviations.findings.request_number
    )


def added_up(brute, expected):
    """What the pack prints of the snapshot, counted one by one."""
    assessed = sum(any(r["fresh"] for r in rows) for rows in brute.items.values())
    expired = sum(n for outcome, n in expected.items() if outcome.startswith("expired"))
    covered = sum(n for outcome, n in expected.items() if outcome.startswith("covered"))
    deviations = expected["deviation"] + expired
    rates = {"with": deviations, "without": deviations + covered}
    return {
        "evaluations": len(brute.items), "assessed": assessed, "non_compliant": sum(expected.values()),
        "covered": covered, "deviations": deviations, "expired_deviations": expired, "unknown": expected["unknown"],
        **{f"compliance_rate_{name}_exceptions": round((assessed - failing) / assessed, 6) if assessed else None
           for name, failing in rates.items()},
    }  # fmt: skip


@settings(max_examples=WORLDS, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(world=worlds(), live=exceptions(), at_once=st.sampled_from([None, 1, 3]))
def test_engine_and_brute_force_agree(world, live, at_once, rules_of_the_house, tmp_path_factory):
    """Also where little is done at once, and where few resources are many."""
    with ExitStack() as limits:
        for module, limit in LIMITS if at_once else ():
            limits.enter_context(patch.object(module, limit, at_once))
        found = judged(world, live, rules_of_the_house, tmp_path_factory.mktemp("lake"))
    brute = BruteForce(world, live)
    told = {item: brute.outcome(rows) for item, rows in brute.items.items()}
    expected = Counter(outcome for outcome in told.values() if outcome)

    assert dict(zip(found.verdicts.request_id, found.verdicts.verdict, strict=True)) == {
        e.request_id: brute.verdict(e) for e in live
    }
    assert outcomes(found) == {k: n for k, n in expected.items() if k.startswith(("deviation", "expired"))}
    won = {f"covered {row.request_number}": row.won for row in found.verdicts.itertuples() if row.won}
    assert won == {k: n for k, n in expected.items() if k.startswith("covered")}
    assert found.summary == {**found.summary, **added_up(brute, expected)}
    for exception, verdict in zip(live, found.verdicts.itertuples(), strict=True):
        mine = [] if brute.ambiguous(exception) else [
            rows for rows in brute.items.values() if any(brute.fits(s, r) for s in exception.scopes for r in rows)
        ]  # fmt: skip
        assert verdict.matched == len(mine)
        assert verdict.covered == sum(any(r["nc"] and r["fresh"] for r in rows) for rows in mine)


@settings(max_examples=WORLDS // 3, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(world=worlds(), live=exceptions())
def test_every_exception_and_every_noncompliant_item_gets_exactly_one_verdict(
    world, live, rules_of_the_house, tmp_path_factory
):
    found = judged(world, live, rules_of_the_house, tmp_path_factory.mktemp("lake"))
    assert list(found.verdicts.request_number) == [e.number for e in live]
    assert found.verdicts.verdict.notna().all()
    total = found.summary
    assert total["non_compliant"] == total["covered"] + total["deviations"] + total["unknown"]
    assert len(found.deviations.findings) == total["deviations"]
    assert found.deviations.findings.finding_key.is_unique
    by_rule = {name: sum(one[name] for one in total["by_rule"]) for name in ("deviations", "expired")}
    assert by_rule == {"deviations": total["deviations"], "expired": total["expired_deviations"]}


@settings(max_examples=WORLDS // 2, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(world=worlds(), live=exceptions())
def test_scopes_fit_single_resources_as_they_fit_evaluations(world, live, tmp_path_factory):
    """Of what is no evaluation, `planes.fits` tells whether a scope covers it; never the opposite of the truth."""
    evidence = evidence_of(world, tmp_path_factory.mktemp("lake"))
    with engine.database() as connection:
        evaluation_index.build(connection, evidence.evaluations)
        with Facts.read(connection, None) as facts:
            directory = Directory(evidence, facts.deployed, facts.accounts, facts.regions)
    brute = BruteForce(world, live)
    for scope in (scope for one in live for scope in one.scopes):
        tagged = scope.tag or any(one.tag for one in scope.exclude)
        placed = scope.ou or any(one.ou for one in scope.exclude)
        for row in world.rows:
            identity = Identity(RULES[row["rule"]].creator, RULES[row["rule"]].name)
            if identity not in directory.book.find(row["deployed"]):
                identity = next(iter(directory.book.find(row["deployed"])))
            subject = fits.Subject(
                row["account"], frozenset({identity}), row["region"], row["type"], row["id"]
            )
            answer = fits.fit(scope, subject, directory)
            if answer in ("yes", "no"):
                assert (answer == "yes") is brute.fits(scope, row)
            else:
                assert answer == "unknown"
                assert tagged or (placed and not world.complete)


@settings(max_examples=WORLDS // 5, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(world=worlds(), live=exceptions())
def test_verdicts_do_not_depend_on_shards_or_file_order(world, live, rules_of_the_house, tmp_path_factory):
    def text(**cut):
        found = judged(world, live, rules_of_the_house, tmp_path_factory.mktemp("lake"), **cut)
        return (
            found.verdicts.to_csv(), found.deviations.findings.to_csv(), found.exception_findings.to_csv(),
            json.dumps(found.summary), found.deviations.standing.basis,
        )  # fmt: skip

    whole = text()
    assert text(shards=4) == whole
    assert text(shards=3, backwards=True) == whole


@settings(max_examples=WORLDS // 5, deadline=None, suppress_health_check=list(HealthCheck), phases=QUICK)
@given(world=worlds(), live=exceptions())
def test_less_evidence_never_makes_anything_clean(world, live, rules_of_the_house, tmp_path_factory):
    """Lose the first account: whatever was not clean or gone before is not clean or gone now.

    An account that is closed holds nothing and is not waited for; a suspended one is.
    """
    assume(world.accounts[ACCOUNTS[0]][0] != "CLOSED")
    lost = replace(
        world,
        rows=[r for r in world.rows if r["account"] != ACCOUNTS[0]],
        stale=world.stale | {(ACCOUNTS[0], region) for region in REGIONS},
        hub=world.hub | {r["rule"] for r in world.rows},
    )
    good = {"CLEAN", "STALE", "EXPIRED_CLEAN", "ORPHANED_RULE", "ORPHANED_RESOURCE"}
    before, after = (
        SimpleNamespace(**judged(w, live, rules_of_the_house, tmp_path_factory.mktemp("lake")).verdicts)
        for w in (world, lost)
    )
    for old, new in zip(before.verdict, after.verdict, strict=True):
        assert new not in good or old in (new, "AMBIGUOUS_RULE")
