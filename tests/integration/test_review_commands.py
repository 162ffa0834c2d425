"""`governance kpis` and `governance pack` from a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner

from governance.review.commands import kpis, pack
from review_worlds import at, seen, tell

app = typer.Typer()
app.command("kpis")(kpis)
app.command("pack")(pack)


@pytest.fixture
def run(register: Engine, register_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    with register.begin() as connection:
        tell(
            connection,
            [seen("A", "submitted", "2026-11-01", submitted_at="2026-11-01")],
            known_at=at("2026-11-02"),
        )
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("GOVERNANCE_NOW", "2026-11-16T08:00:00Z")
    return CliRunner()


def test_kpis_as_json_are_rows_by_id(run: CliRunner) -> None:
    result = run.invoke(app, ["kpis", "--as-of", "2026-11-10", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["requests_total"][0] == {
        "dimension": {},
        "value": 1.0,
        "unit": "requests",
        "n": 1,
        "unknown": 0,
    }
    unknown = found["time_to_decision"][0]
    assert unknown["value"] is None
    assert unknown["reason"]
    assert found["escalations"] == []


def test_kpis_of_another_source_count_nothing_of_this_one(run: CliRunner) -> None:
    result = run.invoke(app, ["kpis", "--source", "elsewhere", "--json"])
    assert json.loads(result.output)["requests_total"][0]["value"] == 0


def test_kpis_for_people_are_a_table(run: CliRunner) -> None:
    result = run.invoke(app, ["kpis"], env={"COLUMNS": "160"})
    assert "backlog_open" in result.output
    assert "unknown: no request got that far" in result.output


def test_pack_prints_where_it_lies(run: CliRunner, tmp_path: Path) -> None:
    result = run.invoke(app, ["pack"])
    assert result.exit_code == 0, result.output
    assert Path(result.output.strip()) == tmp_path / "lake" / "packs" / "weekly" / "20261116T080000Z.html"
    chosen = tmp_path / "mine.html"
    assert run.invoke(app, ["pack", "--cadence", "monthly", "--out", str(chosen)]).exit_code == 0
    assert "Review pack, monthly" in chosen.read_text("utf-8")


def test_an_instant_that_cannot_be_read_is_refused(run: CliRunner) -> None:
    result = run.invoke(app, ["kpis", "--as-of", "16.11.2026"])
    assert result.exit_code != 0
    assert "--as-of: found '16.11.2026', expected ISO 8601" in str(result.exception)
