"""OpsItems and Service Catalog as sources: read from the stand-in over HTTP, incremental, with bad days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aws_planes import NOW
from aws_worlds import HOME, client, session, world
from governance.errors import GovernanceError, SourceUnavailableError
from governance.intake.readers.kind import Opening
from governance.intake.readers.registry import observations, open_reader, probe
from governance.intake.records import Pull, Record
from governance.intake.spec import SourceSpec
from governance.sandbox.aws import Handle, recorded, serve
from governance.sandbox.scenario import build
from intake_worlds import connections, pull, rows, shipped

OPS, CATALOG = "ops_items", "service_catalog"


def opening(url: str) -> Opening:
    """Return how a reader reaches the stand-in."""
    extra = {"region_name": HOME, "endpoint_url": url}
    aws = {"conn_type": "aws", "login": "AKIASANDBOX000000001", "password": "sandbox-only", "extra": extra}
    return Opening(connections(aws_default=aws), aws=lambda _: session())


def source(name: str, **options: Any) -> SourceSpec:
    """Return a shipped spec, its reader told more."""
    spec = shipped(name)
    return spec.model_copy(update={"reader": spec.reader.model_copy(update={"sources": (), **options})})


def draw(spec: SourceSpec, aws: Handle, cursor: dict[str, Any] | None = None) -> tuple[list[Record], Pull]:
    """Return the records of one pull, and what it told beside them."""
    told = Pull()
    return list(open_reader(spec, opening(aws.url)).records(told, cursor)), told


@pytest.fixture(scope="module")
def running() -> Iterator[Handle]:
    with serve(world()) as handle:
        yield handle


@pytest.fixture
def aws(running: Handle) -> Iterator[Handle]:
    running.faults.clear()
    yield running
    running.faults.clear()


def test_an_ops_item_is_read_whole_though_a_list_shows_less(aws: Handle) -> None:
    spec = source(OPS)
    found, told = draw(spec, aws)
    assert len({record.locator for record in found}) == len(found) == 60
    assert told.places == {record.locator for record in found}
    (seen,) = observations(spec, found[0])
    assert seen.fields["data.benefit"] == "not for everyone"
    assert seen.fields["@created_by"] == seen.actor == "ida"
    assert seen.valid_at in {NOW.replace(day=16 - day, hour=hour) for day in range(4) for hour in range(24)}
    (listed, *_) = client(aws.url, "ssm").describe_ops_items()["OpsItemSummaries"]
    assert "benefit" not in listed["OperationalData"]


def test_ops_items_of_other_types_and_sources_stay_where_they_are(aws: Handle) -> None:
    assert draw(source(OPS, types=("/aws/changerequest",)), aws)[0] == []
    assert draw(source(OPS, sources=("Somebody else",)), aws)[0] == []


@pytest.mark.parametrize(
    ("name", "asked"),
    [(OPS, {"ssm:DescribeOpsItems": 1}), (CATALOG, {"servicecatalog:ListRecordHistory": 1})],
)
def test_a_pull_without_news_costs_one_request_and_reads_nothing_again(
    aws: Handle, name: str, asked: dict[str, int]
) -> None:
    first, told = draw(source(name), aws)
    assert first
    aws.faults.calls.clear()
    again, later = draw(source(name), aws, told.cursor)
    assert (again, later.cursor) == ([], told.cursor)
    assert dict(aws.faults.calls) == asked


def test_only_what_was_changed_since_is_drawn_again() -> None:
    spec = source(OPS)
    with serve(world()) as aws:
        _assert_news_alone_is_drawn(spec, aws)


def _assert_news_alone_is_drawn(spec: SourceSpec, aws: Handle) -> None:
    _, told = draw(spec, aws)
    ssm = client(aws.url, "ssm")
    ssm.update_ops_item(OpsItemId="oi-00000000001e", Status="Resolved")
    ssm.create_ops_item(Title="New", Description="New", Source="Governance")
    found, later = draw(spec, aws, told.cursor)
    assert {record.raw["Status"] for record in found} == {"Resolved", "Open"}
    assert "oi-00000000001e" in {record.locator for record in found}
    assert draw(spec, aws, later.cursor)[0] == []


def test_records_of_others_are_seen_and_say_who_asked(aws: Handle) -> None:
    spec = source(CATALOG)
    found, _ = draw(spec, aws)
    assert len(found) == 45
    (seen,) = observations(spec, found[0])
    assert (seen.actor, seen.fields["tags.ticket"]) == ("ida", "T-0")
    assert seen.fields["@thing"]["provisioned_product"] == "pp-00000000"
    assert draw(source(CATALOG, access_level="User"), aws)[0] == []


@pytest.mark.parametrize(
    ("name", "action"),
    [
        (OPS, "ssm:DescribeOpsItems"),
        (OPS, "ssm:GetOpsItem"),
        (CATALOG, "servicecatalog:ListRecordHistory"),
        (CATALOG, "servicecatalog:SearchProvisionedProducts"),
    ],
)
def test_a_denied_action_is_named(aws: Handle, name: str, action: str) -> None:
    aws.faults.deny(action)
    with pytest.raises(SourceUnavailableError, match=f"denies {action} in {HOME}.*connection aws_default"):
        draw(source(name), aws)


def test_the_permissions_that_the_documents_name_suffice(aws: Handle) -> None:
    aws.faults.allow_only("ssm:DescribeOpsItems", "ssm:GetOpsItem")
    for action in ("ListRecordHistory", "DescribeRecord", "SearchProvisionedProducts"):
        aws.faults.allow_only(f"servicecatalog:{action}")
    for name in (OPS, CATALOG):
        assert draw(source(name), aws)[0]
        assert HOME in probe(source(name), opening(aws.url))


@pytest.mark.parametrize("name", [OPS, CATALOG])
def test_throttles_are_outlasted_or_told(aws: Handle, name: str) -> None:
    actions = {OPS: "ssm:DescribeOpsItems", CATALOG: "servicecatalog:ListRecordHistory"}
    aws.faults.throttle(actions[name], times=1)
    assert draw(source(name), aws)[0]
    aws.faults.throttle(actions[name], times=None)
    with pytest.raises(SourceUnavailableError, match=f"throttles {actions[name]}"):
        draw(source(name, attempts=1), aws)


@pytest.mark.parametrize("name", [OPS, CATALOG])
def test_empty_pages_and_broken_answers_lose_nothing(aws: Handle, name: str) -> None:
    action = {OPS: "ssm:DescribeOpsItems", CATALOG: "servicecatalog:ListRecordHistory"}[name]
    whole, _ = draw(source(name), aws)
    aws.faults.empty_page(action, times=2)
    assert draw(source(name), aws)[0] == whole
    aws.faults.disconnect(action, times=None)
    with pytest.raises(SourceUnavailableError, match="cannot be asked"):
        draw(source(name, attempts=1), aws)


def test_an_item_that_is_gone_when_it_is_read_is_a_note_and_no_failure(aws: Handle) -> None:
    aws.faults.error("ssm:GetOpsItem", "OpsItemNotFoundException", times=1)
    found, told = draw(source(OPS), aws)
    assert len(found) == 59
    assert len(told.notes) == 1


@pytest.mark.parametrize("name", [OPS, CATALOG])
def test_the_doctor_s_probe_answers_or_names_the_action(aws: Handle, name: str) -> None:
    assert HOME in probe(source(name), opening(aws.url))
    aws.faults.deny("*")
    with pytest.raises(GovernanceError, match=r"denies (ssm|servicecatalog):\w+"):
        probe(source(name), opening(aws.url))


def test_each_region_is_asked(aws: Handle) -> None:
    spec = source(OPS, regions=("eu-central-1", "us-east-1"))
    assert len(draw(spec, aws)[0]) == 60
    assert probe(spec, opening(aws.url)) == "OpsItems answer in eu-central-1, us-east-1"


@pytest.mark.parametrize("name", [OPS, CATALOG])
def test_the_source_of_the_demo(register: Any, now: Any, tmp_path: Path, name: str) -> None:
    scenario = build()
    planted = {case.key for case in scenario.planted if case.source == name and case.key}
    with serve(scenario.world) as demo:
        lookup = opening(demo.url).lookup
        result = pull(register, shipped(name), now, tmp_path / "lake", lookup=lookup)
        again = pull(register, shipped(name), now, tmp_path / "lake", lookup=lookup)
    assert (result.status, result.quarantined) == ("complete", len(planted))
    assert 10 <= result.pulled == result.loaded + result.quarantined <= 20
    assert (again.pulled, again.loaded, again.quarantined) == (0, 0, 0)
    kept = rows(register, "SELECT source_key FROM quarantine WHERE source = :s", s=name)
    assert {key for (key,) in kept} == planted
    owned = rows(register, "SELECT DISTINCT owner FROM request WHERE source = :s", s=name)
    assert len(owned) > 1
    bypasses = rows(register, "SELECT count(*) FROM finding WHERE type = 'PROCESS_BYPASS'")
    assert bypasses == [(0,)]


def test_recorded_ops_items_pass_through(shared_data: Path, now: Any) -> None:
    folders = sorted(
        folder
        for folder in (shared_data / "aws_recorded").iterdir()
        if (folder / "ssm.DescribeOpsItems_1.json").exists() and (folder / "ssm.GetOpsItem_1.json").exists()
    )
    assert folders
    for folder in folders:
        with serve(world(), extra=recorded.handlers(folder)) as aws:
            found, told = draw(source(OPS), aws)
        _, expected = recorded.read(folder / "ssm.GetOpsItem_1.json")
        for record in found:
            (seen,) = observations(source(OPS), record)
            assert record.problem is None
            assert record.raw["OpsItemId"] == expected["OpsItem"]["OpsItemId"]
            assert seen.valid_at == expected["OpsItem"]["LastModifiedTime"]
        assert told.cursor is None or found
