"""Records of Service Catalog poll by poll: one request where nothing is news, and nothing is lost for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws_planes import NOW, record
from aws_worlds import HOME, session, world
from governance.intake import cursors
from governance.intake.readers.kind import Opening
from governance.intake.readers.registry import open_reader
from governance.intake.records import Pull
from governance.sandbox.aws import Handle, serve
from governance.sandbox.aws.calls import Call
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.paging import page
from intake_worlds import connections, shipped

LIST, DESCRIBE, PRODUCTS = (
    f"servicecatalog:{name}" for name in ("ListRecordHistory", "DescribeRecord", "SearchProvisionedProducts")
)
Row = dict[str, Any]


def newest_first(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["CreatedTime"], reverse=True)


@dataclass
class Account:
    """A Service Catalog whose records a test makes and finishes; `order` is how it lists them."""

    rows: dict[str, Row] = field(default_factory=dict)
    order: Callable[[list[Row]], list[Row]] = newest_first
    hidden: set[str] = field(default_factory=set)  # DescribeRecord does not find them
    minute: int = 0

    def make(self, status: str = "SUCCEEDED", kind: str = "PROVISION_PRODUCT") -> str:
        """Add a record, a minute later than the last event."""
        self.minute += 1
        now = NOW + timedelta(minutes=self.minute)
        key = f"rec-{len(self.rows):08d}"
        made = {**record(0, status).detail, "RecordId": key, "RecordType": kind}
        self.rows[key] = made | {"CreatedTime": now, "UpdatedTime": now}
        return key

    def finish(self, key: str) -> str:
        """Let a record succeed."""
        self.minute += 1
        self.rows[key] |= {"Status": "SUCCEEDED", "UpdatedTime": NOW + timedelta(minutes=self.minute)}
        return key

    def listed(self, call: Call) -> Row:
        found, token = page(call.action, self.order(list(self.rows.values())), call.arguments, default=20)
        return {"RecordDetails": found, "NextPageToken": token}

    def described(self, call: Call) -> Row:
        if call.arguments["Id"] in self.hidden | (set(call.arguments.values()) - self.rows.keys()):
            raise ServiceError("ResourceNotFoundException", "not found")
        return {"RecordDetail": self.rows[call.arguments["Id"]]}


@dataclass
class Poll:
    """What one poll drew, its requests by action, and what it told."""

    keys: set[str]
    asked: dict[str, int]
    told: Pull


class Poller:
    """Polls the source as intake does, cursor after cursor; `hours` after NOW."""

    def __init__(self, aws: Handle, **options: Any) -> None:
        spec = shipped("service_catalog")
        self.spec = spec.model_copy(update={"reader": spec.reader.model_copy(update=options)})
        extra = {"region_name": HOME, "endpoint_url": aws.url}
        found = {
            "conn_type": "aws",
            "login": "AKIASANDBOX000000001",
            "password": "sandbox-only",
            "extra": extra,
        }
        self.reader = open_reader(self.spec, Opening(connections(aws_default=found), aws=lambda _: session()))
        self.aws, self.cursor = aws, None

    def __call__(self, hours: float = 1) -> Poll:
        now = NOW + timedelta(hours=hours)
        self.aws.faults.calls.clear()
        start = cursors.start_of(self.spec, self.cursor, now)
        told = Pull()
        keys = {one.locator for one in self.reader.records(told, start)}
        self.cursor = cursors.end_of(told, start, now)
        return Poll(keys, dict(self.aws.faults.calls), told)


ACCOUNT = Account()


@pytest.fixture(scope="module")
def running() -> Iterator[Handle]:
    extra = {LIST: ACCOUNT.listed, DESCRIBE: ACCOUNT.described}
    with serve(world(), extra=extra) as handle:
        yield handle


@pytest.fixture
def account(running: Handle) -> Account:
    """The account, with 70 finished records; every test has its own."""
    ACCOUNT.__init__()  # type: ignore[misc]
    running.faults.clear()
    for _ in range(70):
        ACCOUNT.make()
    return ACCOUNT


@pytest.fixture
def poll(running: Handle, account: Account) -> Poller:
    poller = Poller(running)
    assert len(poller().keys) == 70
    return poller


def test_a_poll_without_news_costs_one_request_of_four(poll: Poller) -> None:
    for _ in range(3):
        found = poll()
        assert (found.keys, found.asked, found.told.notes) == (set(), {LIST: 1}, [])


def test_news_is_read_until_a_page_holds_none(account: Account, poll: Poller) -> None:
    made = {account.make() for _ in range(25)}
    found = poll()
    assert (found.keys, found.asked) == (made, {LIST: 3, PRODUCTS: 1})
    assert poll().asked == {LIST: 1}


def test_a_record_that_is_not_finished_is_asked_after_however_far_down_it_is(
    account: Account, poll: Poller
) -> None:
    slow, stuck = account.make("IN_PROGRESS"), account.make("IN_PROGRESS_IN_ERROR")
    assert poll().keys == {slow, stuck}
    assert poll().asked == {LIST: 1}, "both are on the first page"
    for _ in range(45):
        account.make()
    assert len(poll().keys) == 45
    found = poll()
    assert (found.keys, found.asked) == (set(), {LIST: 1, DESCRIBE: 2}), "unchanged, and not forgotten"
    account.finish(slow)
    found = poll()
    assert (found.keys, found.asked) == ({slow}, {LIST: 1, DESCRIBE: 2, PRODUCTS: 1})
    assert poll().asked == {LIST: 1, DESCRIBE: 1}, "what is finished is asked after no more"


def test_a_record_that_finished_before_the_overlap_of_others_is_drawn_all_the_same(
    account: Account, poll: Poller
) -> None:
    slow = account.make("IN_PROGRESS")
    poll()
    account.finish(slow)
    account.minute += 300  # nobody polled for five hours
    last = account.make()
    assert poll().keys == {slow, last}


def test_records_behind_a_page_of_another_type_are_not_missed(account: Account, poll: Poller) -> None:
    made = account.make()
    for _ in range(20):
        account.make(kind="TERMINATE_PROVISIONED_PRODUCT")
    assert poll().keys == {made}
    assert poll().asked == {LIST: 1}


def test_an_empty_page_proves_nothing(account: Account, poll: Poller) -> None:
    made = account.make()
    poll.aws.faults.empty_page(LIST, times=1)
    assert poll().keys == {made}


def test_an_open_record_that_is_not_found_one_by_one_is_looked_for_in_the_listing(
    account: Account, poll: Poller
) -> None:
    slow = account.make("IN_PROGRESS")
    for _ in range(30):
        account.make()
    poll()
    account.hidden.add(slow)
    account.finish(slow)
    found = poll()
    assert (found.keys, found.asked[LIST]) == ({slow}, 3), "it was on the second page"
    assert poll().asked == {LIST: 1}


def test_of_many_open_records_the_listing_is_read_until_few_are_left_to_ask_after(
    account: Account, poll: Poller
) -> None:
    waiting = [account.make("IN_PROGRESS") for _ in range(25)]
    for _ in range(20):
        account.make()
    poll()
    account.finish(waiting[0])
    found = poll()
    assert found.keys == {waiting[0]}
    assert (found.asked[LIST], found.asked[DESCRIBE]) == (2, 5)


@pytest.mark.parametrize(
    "order", [lambda rows: rows, lambda rows: newest_first(rows)[::2] + newest_first(rows)[1::2]]
)
def test_another_order_than_newest_first_is_noticed_and_everything_read(
    account: Account, poll: Poller, order: Any
) -> None:
    account.order = order
    made = account.make()
    found = poll()
    assert (found.keys, found.asked[LIST]) == ({made}, 4)
    assert any("does not list its newest records first" in note for note in found.told.notes)


def test_what_an_order_hides_that_looks_right_is_found_by_the_daily_listing(
    account: Account, poll: Poller
) -> None:
    """Old ones first, each page in itself newest first: the first page alone does not give it away."""
    account.order = lambda rows: newest_first(rows)[40:] + newest_first(rows)[:40]
    made = account.make()
    assert poll().keys == set(), "hidden, for now"
    assert poll(hours=24).keys == set()
    found = poll(hours=25)
    assert (found.keys, found.told.listed) == ({made}, True)
    assert poll(hours=26).told.listed is False


def test_a_cursor_of_an_earlier_version_lists_everything_once(account: Account, poll: Poller) -> None:
    poll.cursor = {"updated": poll.cursor["updated"], "seen": {}}
    assert poll().asked[LIST] == 4
    assert poll().asked == {LIST: 1}


def test_full_draws_everything(account: Account, poll: Poller) -> None:
    poll.cursor = None
    assert len(poll().keys) == 70


EVENT = st.sampled_from(["make", "begin", "other", "finish", "poll"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENT, max_size=90))
def test_whatever_happens_between_polls_every_state_is_drawn(running: Handle, events: list[str]) -> None:
    ACCOUNT.__init__()  # type: ignore[misc]
    poller, expected, open_ = Poller(running), set(), []
    drawn: set[tuple[str, str]] = set()
    for event in [*events, "poll"]:
        if event == "make":
            expected.add((ACCOUNT.make(), "SUCCEEDED"))
        elif event == "begin":
            open_.append(ACCOUNT.make("IN_PROGRESS"))
        elif event == "other":
            ACCOUNT.make(kind="TERMINATE_PROVISIONED_PRODUCT")
        elif event == "finish" and open_:
            expected.add((ACCOUNT.finish(open_.pop(0)), "SUCCEEDED"))
        elif event == "poll":
            drawn |= {(key, ACCOUNT.rows[key]["Status"]) for key in poller().keys}
    assert expected <= drawn
    assert {(key, "IN_PROGRESS") for key in open_} <= drawn
    assert poller().keys == set()
