"""The pack: complete, self-contained, safe, honest about what is not known, and the same whenever it is rebuilt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Connection, Engine, text

from governance.errors import GovernanceError
from governance.review.pack import build_pack
from review_worlds import at, intake_run, policies, seen, tell

NOW = at("2026-11-16 08:00")
SECTIONS = ["outcomes", "flow", "time", "exceptions", "reconciliation", "intake", "escalations"]
HOSTILE = "</td><script>alert('x')</script><img src=https://evil.example/x.png onerror=alert(1)> & co"
VOID = {"meta", "link", "br", "img", "hr", "input"}


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    charter = (root / "include" / "policies" / "charter.yaml").read_text("utf-8")
    (tmp_path / "charter.yaml").write_text(charter, "utf-8")
    return policies(tmp_path)


@pytest.fixture
def filled(register: Engine) -> Engine:
    """Sixty weeks of requests, two a week; one undecided with a hostile title; one exception; one reconciliation."""
    with register.begin() as connection:
        tell(connection, _history(), known_at=NOW)
        intake_run(connection, "drops", NOW, pulled=10, quarantined=2)
        reconciled(connection, NOW, deviations=20)
    return register


def _history() -> Iterator[dict[str, object]]:
    for week in range(60):
        begin = NOW - timedelta(weeks=week, days=3)
        for n in (1, 2):
            fields = {"submitted_at": begin.isoformat(), "owner": "owner@example.com", "risk_level": "high"}
            decided = begin + timedelta(hours=3 * n + week % 5)
            yield seen(f"{week}-{n}", "submitted", begin.isoformat(), **fields)
            yield seen(f"{week}-{n}", "approved", decided.isoformat(), **fields)
            yield seen(f"{week}-{n}", "fulfilled", (decided + timedelta(hours=5)).isoformat(), **fields)
    yield seen("hostile", "submitted", "2026-10-01", submitted_at="2026-10-01", title=HOSTILE, owner=HOSTILE)
    yield seen("exc", "approved", "2026-10-01", kind="exception", submitted_at="2026-09-01", title=HOSTILE,
               valid_from="2026-10-01", valid_until="2026-12-01")  # fmt: skip


def reconciled(connection: Connection, as_of: datetime, *, deviations: int) -> None:
    name = as_of.strftime("%Y%m%dT%H%M%SZ")
    summary = {
        "evaluations": 1000, "assessed": 990, "covered": 70, "deviations": deviations, "expired_deviations": 5,
        "coverage": {"config/evaluations/eu-central-1": {"COMPLETE": 57, "PARTIAL": 3}},
        "live_exceptions": {"verdicts": {"control_tower": {"PRESENT": 4, "NOT_APPROVED": 2, "UNKNOWN": 1}},
                            "not_known": {"organizations": 1}},
    }  # fmt: skip
    connection.execute(
        text("INSERT INTO snapshot VALUES (:n, :at, 'lake', :at, :at, 'complete')"), {"n": name, "at": as_of}
    )
    connection.execute(
        text(
            "INSERT INTO reconciliation_run (as_of, snapshot_id, register_at, input_digest, summary)"
            " VALUES (:at, :n, :at, 'd', CAST(:s AS jsonb))"
        ),
        {"n": name, "at": as_of, "s": json.dumps(summary)},
    )


def pack(engine: Engine, folder: Path, tmp_path: Path, as_of: datetime = NOW, **more: object) -> str:
    paths = build_pack(engine, as_of=as_of, cadence="weekly", lake=tmp_path / "lake", policies=folder, **more)  # type: ignore[arg-type]
    return Path(paths.html).read_text("utf-8")


class Page(HTMLParser):
    """Collects ids, addresses and text; raises where a tag is closed that is not the one open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.ids += [value or ""] if name == "id" else []
            self.addresses += (
                [value or ""] if name in ("href", "src", "xlink:href", "srcset", "action") else []
            )
            assert not name.startswith("on")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_what_aws_excepts_stands_by_plane_and_what_is_not_known_beside_it(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    words = Page(pack(filled, folder, tmp_path)).text
    assert "plane present differs not approved missing by design not known incomplete listings" in words
    assert "Control Tower: parameters and drift of controls 4 0 2 0 0 1 0" in words
    assert "Organizations: carve-outs of policies 0 0 0 0 0 0 1" in words
    assert "Service Catalog" not in words


def test_a_pack_lies_in_the_lake_under_its_cadence_and_instant(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    pack(filled, folder, tmp_path)
    files = [path.relative_to(tmp_path / "lake") for path in (tmp_path / "lake").rglob("*") if path.is_file()]
    assert sorted(files) == [
        Path("packs/weekly/20261116T080000Z.html"), Path("packs/weekly/sources/20261116T080000Z.html"),
    ]  # fmt: skip


def test_every_section_stands_in_its_order_on_a_well_formed_page(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    page = Page(pack(filled, folder, tmp_path))
    assert [name for name in page.ids if name in SECTIONS] == SECTIONS
    assert len(page.ids) == len(set(page.ids))
    for words in ("What changed", "What needs a decision", "Can the numbers be trusted", "charter"):
        assert words in page.text


def test_a_history_too_short_to_draw_is_told(filled: Engine, folder: Path, tmp_path: Path) -> None:
    first = "Measured for the first time; the history begins here."
    once = "Measured once before: 10 as of 2026-W45."
    before = Page(pack(filled, folder, tmp_path)).text
    assert once not in before
    with filled.begin() as connection:
        reconciled(connection, NOW - timedelta(days=10), deviations=10)
    after = Page(pack(filled, folder, tmp_path / "again")).text
    assert once in after
    assert after.count(first) == before.count(first) - 5, "compliance twice, deviations, coverage, expired"


def test_a_pack_asks_for_nothing_outside_itself_and_runs_nothing(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    html = pack(filled, folder, tmp_path)
    page = Page(html)
    outside = [address for address in page.addresses if not address.startswith("#")]
    assert outside == ["sources/20261116T080000Z.html"], "the scorecards lie beside the pack"
    assert {address[1:] for address in page.addresses if address not in outside} <= set(page.ids)
    assert page.tags.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "image", "foreignobject"}
    )
    styles = " ".join(re.findall(r"<style>.*?</style>|style=\"[^\"]*\"", html, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles


def test_hostile_titles_and_owners_are_only_text(filled: Engine, folder: Path, tmp_path: Path) -> None:
    html = pack(filled, folder, tmp_path)
    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE in Page(html).text


def test_a_pack_is_the_same_bytes_whenever_it_is_rebuilt(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    first = pack(filled, folder, tmp_path)
    with filled.begin() as connection:
        later = NOW + timedelta(days=1)
        tell(connection, [seen("0-1", "rejected", "2026-11-13", title="learnt later")], known_at=later)
        tell(connection, [seen("new", "submitted", "2026-11-01", submitted_at="2026-11-01")], known_at=later)
        intake_run(connection, "drops", later, pulled=5, quarantined=5)
        reconciled(connection, later, deviations=900)
    assert pack(filled, folder, tmp_path) == first


def test_later_knowledge_counts_where_it_is_asked_for(filled: Engine, folder: Path, tmp_path: Path) -> None:
    later = NOW + timedelta(days=1)
    first = pack(filled, folder, tmp_path)
    with filled.begin() as connection:
        tell(connection, [seen("new", "submitted", "2026-11-01", submitted_at="2026-11-01")], known_at=later)
    assert pack(filled, folder, tmp_path, known=later) != first


def test_before_the_register_began_a_pack_is_written_with_hindsight_and_says_so(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    page = Page(pack(filled, folder, tmp_path, as_of=at("2026-06-01 08:00")))
    assert "with hindsight" in page.text
    assert "2 came in" in page.text


def test_what_is_not_known_is_said_and_never_zero(register: Engine, folder: Path, tmp_path: Path) -> None:
    page = Page(pack(register, folder, tmp_path))
    assert "no request has reached the register yet" in page.text
    assert "no reconciliation has run yet" in page.text
    assert "0 %" not in page.text.replace("90 %", "")


def test_the_summary_names_what_makes_numbers_doubtful(filled: Engine, folder: Path, tmp_path: Path) -> None:
    assert "57 of 60 places" in Page(pack(filled, folder, tmp_path)).text
    with filled.begin() as connection:
        connection.execute(text(
            "INSERT INTO intake_run (source, mode, as_of, finished_at, status) VALUES ('drops', 'live', :at, :at, 'held')"
        ), {"at": NOW})  # fmt: skip
        connection.execute(text("ALTER TABLE request_event DISABLE TRIGGER append_only"))
        connection.execute(text("UPDATE request_event SET status = 'rejected' WHERE event = 1"))
    page = Page(pack(filled, folder, tmp_path))
    assert "drops held" in page.text
    assert "History altered" in page.text


def test_overdue_decisions_and_missed_targets_need_a_decision(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    page = Page(pack(filled, folder, tmp_path))
    assert "1 request beyond their agreed time" in page.text
    assert "targets missed" in page.text
    assert "20 deviations nobody approved" in page.text


def test_an_unknown_cadence_and_an_unknown_measure_are_refused_in_words(
    register: Engine, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(GovernanceError, match="weekly, monthly, quarterly; found 'daily'"):
        build_pack(register, as_of=NOW, cadence="daily", lake=tmp_path, policies=folder)
    charter = {
        "purpose": "p",
        "outcomes": [{"measure": "arrived", "target": 1, "direction": "at_most", "words": "w"}],
    }
    (folder / "charter.yaml").write_text(yaml.safe_dump(charter), "utf-8")
    with pytest.raises(GovernanceError, match=r"charter\.yaml:\d+.*a measure that can have a target"):
        build_pack(register, as_of=NOW, cadence="weekly", lake=tmp_path, policies=folder)


def test_the_newest_seal_of_the_history_stands_on_the_page(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    with filled.connect() as connection:
        seal = connection.scalar(
            text("SELECT encode(hash, 'hex') FROM history_block ORDER BY block DESC LIMIT 1")
        )
    assert f"is sealed {seal[:16]}" in " ".join(Page(pack(filled, folder, tmp_path)).words)


def test_both_sides_of_a_duplicate_stand_in_the_pack_until_a_person_unlinks_them(
    filled: Engine, folder: Path, tmp_path: Path
) -> None:
    with filled.begin() as connection:
        for source, key in (("mails", "M-1"), ("chats", "C-1")):
            asked = [seen(key, "submitted", "2026-11-01", submitted_at="2026-11-01", title="Open port 443")]
            tell(connection, asked, known_at=at("2026-11-02"), source=source)
        connection.execute(
            text(
                "INSERT INTO request_link (kind, request_number, of_request, found_by, evidence, status, found_at,"
                " decided_at) SELECT 'duplicate_of', max(request_number), min(request_number), 'likeness',"
                " 'same title', 'unlinked', '2026-11-03Z', '2026-11-20Z' FROM request WHERE source IN ('mails', 'chats')"
            )
        )
    shown = Page(pack(filled, folder, tmp_path)).text
    assert "mails M-1" in shown
    assert "chats C-1" in shown
    assert "same title (suggested)" in shown, "on the day of the pack nobody had decided yet"
    later = Page(pack(filled, folder, tmp_path, as_of=at("2026-11-23"))).text
    assert "No request came from two sources." in later


def test_a_held_batch_is_accounted_for_in_the_pack(filled: Engine, folder: Path, tmp_path: Path) -> None:
    with filled.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO intake_run (source, mode, as_of, finished_at, status, pulled, held)"
                " VALUES ('portal', 'live', :at, :at, 'held', 7, 7)"
            ),
            {"at": NOW},
        )
    assert "held, balanced" in Page(pack(filled, folder, tmp_path)).text
