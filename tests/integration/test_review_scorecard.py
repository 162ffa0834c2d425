"""The scorecard of a source: fresh, clean, complete, what drifts, accounted for; and whether a shadow is ready."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text
from typer.testing import CliRunner

from governance.cli import app
from governance.errors import GovernanceError
from governance.review.scorecards.card import as_json, scorecards
from governance.review.scorecards.page import render, write_latest
from governance.review.scorecards.words import lines

DRIFT = {"column": "channel", "change": "new", "words": "column 'channel' is new", "weight": "note"}
NOTE = {"id": "owner_known", "severity": "note", "success": False, "unexpected": 2}


@pytest.fixture
def world(register, now, tmp_path):
    """Write runs by hand: status, pulled, quarantined, so many days ago."""

    class World:
        def run(self, days, pulled=100, quarantined=0, *, source="drops", mode="live", status=None, **told):
            status = status or ("shadow" if mode == "shadow" else "complete")
            good = pulled - quarantined if status in ("complete", "shadow") else 0
            held = good if status == "shadow" else pulled if status == "held" else 0
            row = {
                "s": source, "m": mode, "at": now - timedelta(days=days), "st": status, "p": pulled,
                "l": good if status == "complete" else 0, "h": held,
                "q": quarantined if status in ("complete", "shadow") else 0,
                "v": json.dumps({"rows": pulled, "fields": {"title": pulled, "target": pulled // 2}, **told}),
            }  # fmt: skip
            if status == "failed":
                row |= {"p": 0, "l": 0, "v": None}
            statement = text(
                "INSERT INTO intake_run (source, mode, as_of, finished_at, status, pulled, loaded, quarantined, held,"
                " validation, page, message) VALUES (:s, :m, :at, :at, :st, :p, :l, :q, :h, CAST(:v AS jsonb),"
                " 'validation/drops/1.html', 'what happened') RETURNING run_id"
            )
            with register.begin() as connection:
                return connection.scalar(statement, row)

        def keep(self, run, key, *reasons, source="drops", days=0, resolved=None):
            statement = text(
                "INSERT INTO quarantine (source, raw_hash, locator, raw, reasons, first_run, last_run, arrived_at,"
                " status, resolved_at) VALUES (:s, convert_to(:k, 'UTF8'), :k, '{}', CAST(:r AS jsonb), :run, :run, :at,"
                " :status, :done)"
            )
            done = None if resolved is None else now - timedelta(days=resolved)
            row = {
                "s": source,
                "k": key,
                "r": json.dumps(reasons),
                "run": run,
                "at": now - timedelta(days=days),
            }
            with register.begin() as connection:
                connection.execute(statement, {**row, "status": "replayed" if done else "open", "done": done})

        def cards(self, days=0, **which):
            with register.connect() as connection:
                return scorecards(connection, as_of=now - timedelta(days=days), policies=tmp_path, **which)

        def card(self, days=0):
            (found,) = self.cards(days)
            return found

    return World()


UNREADABLE = {"why": "'parked' is none of the words", "field": "status"}
SHORT = {"why": "expected that an account has twelve digits (found '12345')", "expectation": "account_format"}


def test_yield_completeness_and_notes_are_of_the_latest_run_that_brought_anything(world):
    world.run(9, 100, 50)
    world.run(2, 100, 4, expectations=[NOTE], newest="2026-11-13T09:00:00+00:00")
    world.run(1, 0)
    card = world.card()
    assert card.first_pass == 0.96
    assert card.completeness == [("target", 0.5), ("title", 1.0)]
    assert card.notes == [("owner_known", 2)]
    assert card.age == timedelta(days=1)
    assert card.newest.isoformat() == "2026-11-13T09:00:00+00:00"


def test_rejects_are_counted_by_expectation_waiting_before_ever(world):
    run = world.run(5, 100, 3)
    world.keep(run, "a", UNREADABLE, days=5)
    world.keep(run, "b", UNREADABLE, SHORT, days=5, resolved=2)
    world.keep(run, "c", SHORT, days=5, resolved=1)
    rejects = [(r["reject"], r["waiting"], r["ever"], r["words"]) for r in world.card().rejects]
    assert rejects == [
        ("status", 1, 2, None),
        ("account_format", 0, 2, "expected that an account has twelve digits"),
    ]
    then = {r["reject"]: r["waiting"] for r in world.card(days=1.5).rejects}
    assert then == {"status": 1, "account_format": 1}, "as of then, one of them still waited"


def test_the_past_does_not_know_what_came_later(world):
    world.run(9, 100, 1)
    world.run(0, 100, 50, drift=[DRIFT])
    assert world.card(days=3).first_pass == 0.99
    assert world.card(days=3).drift == []
    assert [words for _, words, _ in world.card().drift] == ["column 'channel' is new"]
    assert world.cards(days=20) == []


def test_weeks_count_what_passed_and_name_what_was_held(world):
    for days, status in ((7, None), (8, None), (0, "held")):
        world.run(days, 10, 1, status=status)
    weeks = [
        (str(w["week"].date()), w["runs"], w["troubled"], w["pulled"], w["good"]) for w in world.card().weeks
    ]
    assert weeks == [("2026-11-02", 1, 0, 10, 9), ("2026-11-09", 1, 0, 10, 9), ("2026-11-16", 1, 1, 0, 0)]


def shadow(world, *days, **last):
    for one in days[:-1]:
        world.run(one, mode="shadow")
    world.run(days[-1], mode="shadow", **last)
    return world.card()


def missing(card):
    return [criterion.words for criterion in card.readiness if not criterion.met]


def test_a_shadow_source_is_ready_when_five_clean_runs_span_three_days(world):
    card = shadow(world, 4, 3, 2, 1, 0)
    assert card.ready, card.readiness
    world.run(0, mode="shadow", status="failed")
    assert missing(world.card()) == ["5 runs in a row ended well"]


@pytest.mark.parametrize(("days", "last", "words"), [
    ((3, 2, 1, 0), {}, ["5 runs in a row ended well"]),
    ((0.4, 0.3, 0.2, 0.1, 0), {}, ["they span 3 days"]),
    ((4, 3, 2, 1, 0), {"quarantined": 3}, ["in each at least 98% of the records pass"]),
    ((4, 3, 2, 1, 0), {"drift": [DRIFT]}, ["no column changed in them"]),
])  # fmt: skip
def test_the_scorecard_says_what_a_shadow_source_misses(world, days, last, words):
    card = shadow(world, *days, **last)
    assert missing(card) == words
    assert card.ready is False


def test_a_shadow_that_never_brought_anything_is_not_ready(world):
    for day in range(5):
        world.run(day, 0, mode="shadow")
    assert missing(world.card()) == ["in each at least 98% of the records pass"]


def test_criteria_are_a_policy(world, tmp_path):
    (tmp_path / "promotion.yaml").write_text(
        yaml.safe_dump({"runs": 2, "days": 0, "pass_share": 0.5}), "utf-8"
    )
    assert shadow(world, 1, 0, quarantined=40).ready
    (tmp_path / "promotion.yaml").write_text("runs: 0\n", "utf-8")
    with pytest.raises(GovernanceError, match=r"promotion.yaml:1.*runs"):
        world.card()


def test_a_loaded_source_needs_no_readiness_and_a_held_one_says_so(world):
    world.run(2, 100)
    world.run(0, 40, status="held")
    card = world.card()
    assert (card.ready, card.balanced, len(card.held)) == (None, True, 1)
    assert lines(card)[0] == "drops (live): its batch is held"
    assert any(
        "40 pulled = 0 loaded + 0 unchanged + 0 quarantined + 40 held, balanced" in line
        for line in lines(card)
    )


def test_the_page_shows_each_source_with_its_accounting_and_links_to_expectations(
    world, register, tmp_path, now
):
    run = world.run(3, 100, 2, drift=[DRIFT])
    world.keep(run, "a", {"why": "<script>alert(1)</script> {{ 7 * 7 }}", "field": "title"})
    world.run(1, mode="shadow", source="portal")
    page = Path(write_latest(register, as_of=now, lake=str(tmp_path), policies=tmp_path)).read_text("utf-8")
    assert 'id="drops"' in page
    assert 'id="portal"' in page
    assert "pulled = 98 loaded + 0 unchanged + 2 quarantined" in page
    assert 'href="../validation/drops/1.html"' in page
    assert "column &#39;channel&#39; is new" in page
    assert "Not ready to be loaded yet" in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }}" in page, "what a source wrote is only text"
    again = render(world.cards(), as_of=now, lake="..")
    assert again == page, "the same instant gives the same page"


def test_a_page_without_any_source_says_so(now):
    assert "No source has run yet" in render([], as_of=now, lake="..")


@pytest.fixture
def run(register_url, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("GOVERNANCE_NOW", "2026-11-16T08:00:00Z")
    return lambda *arguments: CliRunner().invoke(app, ["scorecard", *arguments])


def test_the_command_prints_text_json_and_a_page(world, run, tmp_path):
    world.run(1, 100, 2)
    assert "98 loaded + 0 unchanged + 2 quarantined, balanced" in run("drops").output
    assert "validation/drops/1.html" in run().output
    (found,) = json.loads(run("drops", "--json", "--as-of", "2026-11-16").output)
    assert (found["first_pass_yield"], found["ready"], found["last_run"]["pulled"]) == (0.98, None, 100)
    assert json.loads(run("--json", "--as-of", "2026-01-01").output) == []
    assert run("--html", str(tmp_path / "card.html")).exit_code == 0
    assert "<html" in (tmp_path / "card.html").read_text("utf-8")
    nobody = run("nobody")
    assert isinstance(nobody.exception, GovernanceError)
    assert "found no run of 'nobody'" in str(nobody.exception)


def test_plain_data_names_every_part_of_a_scorecard(world):
    world.run(0, 10, 1)
    assert {"freshness", "first_pass_yield", "rejects", "completeness", "duplicates", "drift", "runs", "weeks",
            "ready", "balanced"} <= set(as_json(world.card()))  # fmt: skip
