"""Evaluations and tags from delivered snapshots and the aggregator together: whole, late, broken, refused."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import boto3
import pandas as pd
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import text

from aws_worlds import ABROAD, BUCKET, HOME, HUB, NOW, PAYMENTS, world
from governance.observation import delivery
from governance.observation.items import Item, merged
from governance.observation.observe import Approach, gaps, observe
from governance.reconciliation.reconcile import reconcile
from governance.sandbox.aws import config_snapshots, serve
from governance.sandbox.aws.evaluations import Evaluations
from governance.sandbox.planes import Planes
from governance.sandbox.stand_ins import fill_bucket
from reconciliation_worlds import exception, policies, register_requests

QUERY = "config:SelectAggregateResourceConfig"
ONCE = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
DELIVERED = NOW - timedelta(hours=2)


def tagged_world():
    """The first two buckets of each place belong to a team; an account is judged, too."""
    made = world()
    account = made.evaluations.iloc[[0]].assign(
        account=PAYMENTS, region=HOME, rule="tagged", resource_type="AWS::::Account", resource_id=PAYMENTS
    )
    evaluations = pd.concat([made.evaluations, account], ignore_index=True)
    evaluations["recorded_at"] = [
        NOW - timedelta(minutes=5) if name.endswith("00001") else NOW - timedelta(hours=5)
        for name in evaluations.resource_id
    ]
    evaluations["recorded_at"] = evaluations["recorded_at"].astype("datetime64[us, UTC]")
    resources = evaluations[["account", "region", "resource_type", "resource_id"]].drop_duplicates()
    tags = {key: {"team": "a"} for key in resources.itertuples(index=False, name=None) if key[3][-1] in "01"}
    bare = {"planes": Planes(), "policies": made.policies[:1]}  # calls that these tests are not about
    return replace(made, evaluations=evaluations, tags=tags, **bare)


WORLD = tagged_world()
FILES = dict(config_snapshots.files(WORLD))
KEYS = {(key.split("/")[2], key.split("/")[4]): key for key in FILES}


@pytest.fixture(scope="module")
def aws():
    with serve(WORLD) as handle:
        fill_bucket(handle.url, FILES, "deliveries")
        yield handle


class Hub(boto3.Session):
    """A session of the hub; queries that hold the text `refuse` are denied."""

    url, refuse = "", ""

    def client(self, service, *args, **more):
        made = super().client(service, *args, endpoint_url=self.url, **more)
        made.meta.events.register("before-parameter-build.config.SelectAggregateResourceConfig", self._check)
        return made

    def _check(self, params, **_):
        if self.refuse and self.refuse in params["Expression"]:
            error = {"Error": {"Code": "AccessDeniedException", "Message": "not these"}}
            raise ClientError(error, "SelectAggregateResourceConfig")


HUB_SESSION = Hub("testing", "testing", region_name=HOME)


class Observed:
    """One observation, and what it left behind."""

    def __init__(self, register, url, lake: Path) -> None:
        self.register, self.lake = register, lake
        self.session = HUB_SESSION
        self.session.url, self.session.refuse = url, ""

    def run(self, deliveries: object = "", **more):
        how = Approach(client_config=ONCE, deliveries=str(deliveries))
        return observe(self.register, self.session, now=NOW, lake=str(self.lake), approach=how, **more)

    def manifest(self, dataset: str) -> dict[tuple[str, str], tuple[str, str]]:
        query = "SELECT account, region, status, message FROM snapshot_dataset WHERE dataset = :d"
        with self.register.connect() as connection:
            return {
                (row.account, row.region): (row.status, row.message or "")
                for row in connection.execute(text(query), {"d": dataset})
            }

    def known_at(self, dataset: str, place: tuple[str, str]):
        query = "SELECT evidence_at FROM snapshot_dataset WHERE (dataset, account, region) = (:d, :a, :r)"
        with self.register.connect() as connection:
            return connection.scalar(text(query), {"d": dataset, "a": place[0], "r": place[1]})

    def table(self, dataset: str) -> pd.DataFrame:
        files = sorted(self.lake.glob(f"snapshots/*/config/{dataset}/*.parquet"))
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)

    def evaluations(self) -> set[tuple[str, ...]]:
        columns = ["account", "region", "rule", "resource_id", "compliance"]
        return set(self.table("evaluations")[columns].itertuples(index=False, name=None))


@pytest.fixture
def observed(register, tmp_path, aws):
    aws.faults.clear()
    yield Observed(register, aws.url, tmp_path / "lake")
    aws.faults.clear()


def delivered(folder: Path, **changes: bytes | None) -> Path:
    """Write the files to a folder, as `aws s3 sync` would; `changes` by `account_region`, None: no file."""
    for place, key in KEYS.items():
        content = changes.get("_".join((place[0], place[1].replace("-", "_"))), FILES[key])
        if content is not None:
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(content)
    return folder / "config"


def everything() -> set[tuple[str, ...]]:
    columns = ["account", "region", "rule", "resource_id", "compliance"]
    return set(WORLD.evaluations[columns].itertuples(index=False, name=None))


HUB_HOME = f"{HUB}_eu_central_1"


def test_delivery_and_what_changed_since_are_the_whole_state(observed, aws, tmp_path):
    observed.run()
    alone, of_alone = observed.evaluations(), observed.table("tag_sets")
    with observed.register.begin() as connection:
        connection.execute(text("TRUNCATE snapshot CASCADE"))
    observed.lake = tmp_path / "together"
    observed.run("s3://deliveries/config")
    assert observed.evaluations() == alone == everything()
    assert observed.table("tag_sets").equals(of_alone)
    assert {status for status, _ in observed.manifest("deliveries").values()} == {"COMPLETE"}
    assert observed.manifest("evaluations")[HUB, HOME] == ("COMPLETE", "")
    assert observed.known_at("evaluations", (HUB, HOME)) == NOW, "the aggregator told what changed since"


def test_where_the_aggregator_is_behind_the_delivery_is_what_is_known(observed):
    observed.run("s3://deliveries/config")
    status, message = observed.manifest("evaluations")[PAYMENTS, ABROAD]
    assert status == "COMPLETE"
    assert message.startswith("aggregator source OUTDATED")
    assert "known as of the last delivery" in message
    assert observed.known_at("evaluations", (PAYMENTS, ABROAD)) < DELIVERED
    told = [gap["message"] for gap in gaps(observed.register, "20261116T080000Z")]
    assert any("aggregator source OUTDATED" in words for words in told), "it is told, although it is known"


def test_a_refused_query_leaves_what_was_delivered_and_is_asked_again(observed, aws):
    aws.faults.deny(QUERY)
    observed.run("s3://deliveries/config")
    status, message = observed.manifest("evaluations")[HUB, HOME]
    assert (status, message.startswith("refused: ")) == ("COMPLETE", True)
    assert observed.known_at("evaluations", (HUB, HOME)) <= DELIVERED
    assert {row for row in everything() if not row[3].endswith("00001")} == observed.evaluations()
    aws.faults.clear()
    observed.run("s3://deliveries/config")
    assert observed.manifest("evaluations")[HUB, HOME] == ("COMPLETE", "")
    assert observed.evaluations() == everything()


def test_both_refused_is_not_known_and_both_are_asked_again(observed, aws):
    aws.faults.deny(QUERY)
    aws.faults.deny("s3:GetObject")
    observed.run("s3://deliveries/config")
    assert observed.manifest("evaluations")[HUB, HOME][0] == "FAILED"
    status, message = observed.manifest("deliveries")[HUB, HOME]
    assert (status, "GetObject: AccessDenied" in message) == ("FAILED", True)
    aws.faults.clear()
    observed.run("s3://deliveries/config")
    assert observed.evaluations() == everything()
    assert observed.manifest("deliveries")[HUB, HOME] == ("COMPLETE", "")


CUT_OFF = FILES[KEYS[HUB, HOME]][:-40]
NO_JSON = gzip.compress(b'{"fileVersion": "1.0", "configurationItems": [{"resourceType": "AWS::S3')


@pytest.mark.parametrize(
    "content",
    [CUT_OFF, NO_JSON, b"", gzip.compress(b'{"configurationItems": {}}')],
    ids=["cut off", "no JSON", "empty", "no list"],  # gzip writes the second into its bytes
)
def test_a_broken_file_is_partial_names_its_key_and_loses_nothing(observed, tmp_path, content):
    observed.run(delivered(tmp_path, **{HUB_HOME: content}))
    status, message = observed.manifest("deliveries")[HUB, HOME]
    assert status == "PARTIAL"
    assert KEYS[HUB, HOME].removeprefix("config/") in message
    assert observed.manifest("evaluations")[HUB, HOME] == ("COMPLETE", "")
    assert observed.evaluations() == everything()


def test_a_broken_file_without_the_aggregator_is_unknown(observed, aws, tmp_path):
    aws.faults.deny(QUERY)
    observed.run(delivered(tmp_path, **{HUB_HOME: CUT_OFF}))
    assert observed.manifest("evaluations")[HUB, HOME][0] == "FAILED"
    assert not {row for row in observed.evaluations() if row[:2] == (HUB, HOME)}


def test_a_place_without_a_file_is_failed_and_the_aggregator_is_asked_for_all_of_it(observed, tmp_path):
    observed.run(delivered(tmp_path, **{HUB_HOME: None}))
    status, message = observed.manifest("deliveries")[HUB, HOME]
    assert (status, message) == ("FAILED", "no configuration snapshot was delivered since 2026-11-14")
    assert observed.evaluations() == everything()


def place_file(folder: Path, at, content: bytes | None = None) -> str:
    key = config_snapshots.key_of(HUB, HOME, at)
    (folder / key).parent.mkdir(parents=True, exist_ok=True)
    (folder / key).write_bytes(content or config_snapshots.content(Evaluations(WORLD), HUB, HOME, DELIVERED))
    return key


def latest(folder: Path, now=NOW) -> delivery.Delivered:
    store = delivery.store_at(str(folder / "config"))
    return delivery.latest(store, (HUB, HOME), now=now, max_age=timedelta(hours=26), creators={})


def test_dates_in_keys_are_not_padded(tmp_path):
    january = NOW.replace(month=1, day=7)
    assert "/2026/1/7/ConfigSnapshot/" in place_file(tmp_path, january)
    assert latest(tmp_path, now=january + timedelta(hours=1)).at == january


def test_yesterdays_file_counts_and_one_from_the_future_does_not(tmp_path):
    place_file(tmp_path, NOW - timedelta(hours=20))
    place_file(tmp_path, NOW + timedelta(minutes=1))
    found = latest(tmp_path)
    assert (found.status, found.at) == ("COMPLETE", NOW - timedelta(hours=20))


def test_a_late_file_is_stale_and_no_base_for_what_changed(tmp_path):
    place_file(tmp_path, NOW - timedelta(hours=27))
    found = latest(tmp_path)
    assert (found.status, found.message) == ("STALE", "the last whole snapshot is of 2026-11-15T05:00Z")
    assert not found.is_usable(NOW - timedelta(hours=26))


def test_the_file_before_a_broken_one_is_read(tmp_path):
    place_file(tmp_path, NOW - timedelta(hours=20))
    broken = place_file(tmp_path, NOW - timedelta(hours=1), CUT_OFF)
    found = latest(tmp_path)
    assert (found.status, found.at) == ("PARTIAL", NOW - timedelta(hours=20))
    assert broken.removeprefix("config/") in found.message
    assert "the one of 2026-11-15T12:00Z was read instead" in found.message
    assert found.is_usable(NOW - timedelta(hours=26))


def snapshot(*items: dict) -> bytes:
    return json.dumps({"fileVersion": "1.0", "configurationItems": list(items)}).encode()


def configuration_item(account: str = HUB, **more) -> dict:
    told = {
        "configRuleName": "s3-private", "complianceType": "NON_COMPLIANT",
        "configRuleArn": f"arn:aws:config:{HOME}:{HUB}:config-rule/config-rule-x",
    }  # fmt: skip
    configuration = {"targetResourceType": BUCKET, "targetResourceId": "b", "configRuleList": [told]}
    return {
        "awsAccountId": account, "awsRegion": HOME, "resourceType": "AWS::Config::ResourceCompliance",
        "resourceId": f"{BUCKET}/b", "configurationItemStatus": "OK", "configuration": configuration,
        "configurationItemCaptureTime": "2026-11-16T05:00:00.000Z", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("strange", "words"),
    [
        ({"resourceType": BUCKET}, "item 1: KeyError('accountId')"),
        (configuration_item(PAYMENTS), f"of account {PAYMENTS}"),
        (configuration_item(configuration={}), "targetResourceType"),
        (configuration_item(configurationItemCaptureTime="yesterday"), "yesterday"),
        ("text", "item 1"),
    ],
)
def test_an_item_that_cannot_be_read_makes_the_file_partial(tmp_path, strange, words):
    place_file(tmp_path, DELIVERED, snapshot(configuration_item(), strange))
    found = latest(tmp_path)
    assert found.status == "PARTIAL"
    assert words in found.message
    assert len(found.items) == 1
    assert not found.is_usable(NOW - timedelta(days=9)), "what is missing from it is not known"


def test_a_snapshot_without_any_compliance_proves_nothing(tmp_path):
    bucket = {"awsAccountId": HUB, "resourceType": BUCKET, "resourceId": "b", "tags": {"team": "a"}}
    place_file(tmp_path, DELIVERED, snapshot(bucket))
    found = latest(tmp_path)
    assert found.status == "PARTIAL"
    assert "does the recorder record AWS::Config::ResourceCompliance?" in found.message
    assert not found.is_usable(NOW - timedelta(days=9))


def test_deleted_resources_are_not_in_the_state(tmp_path):
    gone = configuration_item(configurationItemStatus="ResourceDeleted")
    place_file(tmp_path, DELIVERED, snapshot(gone, configuration_item(resourceId="other")))
    assert len(latest(tmp_path).items) == 1


def item(name: str, hours_ago: float, compliance: str = "COMPLIANT") -> Item:
    captured = NOW - timedelta(hours=hours_ago)
    return Item((HUB, HOME, BUCKET, name), captured, ({"rule": "r", "compliance": compliance},))


def test_the_newer_of_both_wins_whoever_brought_it():
    def never(_):
        return None

    found = merged(
        [item("a", 3), item("b", 1), item("c", 2)],
        [item("a", 2, "NON_COMPLIANT"), item("b", 2, "NON_COMPLIANT"), item("c", 2, "NON_COMPLIANT")],
        by_first=never, by_second=never,
    )  # fmt: skip
    assert {one.resource[3]: one.rows[0]["compliance"] for one in found} == {
        "a": "NON_COMPLIANT", "b": "COMPLIANT", "c": "NON_COMPLIANT",
    }  # fmt: skip


def test_what_a_later_whole_state_lacks_is_gone_and_what_is_newer_than_it_stays():
    by_second = merged([item("a", 5), item("b", 1)], [], by_first=lambda _: None,
                       by_second=lambda _: NOW - timedelta(hours=2))  # fmt: skip
    assert [one.resource[3] for one in by_second] == ["b"]
    by_first = merged([], [item("a", 5), item("b", 1)], by_first=lambda _: NOW - timedelta(hours=2),
                      by_second=lambda _: None)  # fmt: skip
    assert [one.resource[3] for one in by_first] == ["b"]


class TestTags:
    def sets(self, observed) -> dict[str, str | None]:
        """Resource -> team; '' without tags, None where nobody told."""
        teams = observed.table("tag_sets").set_index("tag_set").value.to_dict()
        rows = observed.table("evaluations")[
            ["account", "region", "resource_id", "tag_set"]
        ].drop_duplicates()
        return {
            row.resource_id: None if pd.isna(row.tag_set) else teams.get(int(row.tag_set), "")
            for row in rows.itertuples()
        }

    def test_an_exception_for_a_tag_covers_what_carries_it_and_is_unknown_without_tags(
        self, observed, register, tmp_path
    ):
        scope = {"tag": {"team": "a"}, "rule": ["s3-private"]}
        with register.begin() as connection:
            register_requests(connection, exception("E", scope))
        verdicts = []
        for refuse in ("resourceId, tags", ""):
            observed.session.refuse = refuse
            observed.run()
            with_tags = {"now": NOW, "policies": policies(tmp_path / "policies"), "lake": str(observed.lake)}
            verdicts += reconcile(register, **with_tags).verdicts.verdict.tolist()
        assert verdicts == ["UNKNOWN", "COVERED"]

    @pytest.mark.parametrize("deliveries", ["", "s3://deliveries/config"])
    def test_evaluations_name_the_tags_of_their_resources(self, observed, deliveries):
        observed.run(deliveries)
        found = self.sets(observed)
        buckets = {name: team for name, team in found.items() if name.startswith("bucket")}
        assert buckets == {name: "a" if name[-1] in "01" else "" for name in buckets}
        assert found[PAYMENTS] == "prod", "an account has the tags that Organizations knows"

    def test_numbers_of_shards_do_not_meet(self, observed):
        observed.run(shards=2)
        files = sorted(observed.lake.glob("snapshots/*/config/tag_sets/*.parquet"))
        first, second = ({*pd.read_parquet(file).tag_set} for file in files)
        assert first
        assert second
        assert not first & second

    def test_tags_that_are_refused_are_unknown_and_asked_again(self, observed, aws):
        aws.faults.deny("tag:GetResources")
        observed.run()
        assert self.sets(observed)[PAYMENTS] is None
        assert observed.manifest("tags")["*", "*"][0] == "FAILED"
        aws.faults.clear()
        observed.run()
        assert observed.manifest("tags")["*", "*"] == ("COMPLETE", "")

    def test_where_the_query_of_tags_is_refused_compliance_is_known_all_the_same(self, observed):
        observed.session.refuse = "resourceId, tags"
        observed.run()
        status, message = observed.manifest("tag_sets")[HUB, HOME]
        assert (status, "AccessDenied" in message) == ("FAILED", True)
        assert observed.manifest("evaluations")[HUB, HOME] == ("COMPLETE", "")
        assert set(self.sets(observed).values()) == {None, "prod"}
        observed.session.refuse = ""
        observed.run()
        assert observed.manifest("tag_sets")[HUB, HOME] == ("COMPLETE", "")

    def test_where_compliance_is_refused_tags_are_not_known_either(self, observed, aws):
        aws.faults.deny(QUERY)
        observed.run()
        assert observed.manifest("tag_sets")[HUB, HOME][0] == "FAILED"
