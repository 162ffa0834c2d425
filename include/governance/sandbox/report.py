"""What a demo shows at its end: balanced counts, mails, verdicts, planted cases; and whether all is well."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from governance import resources
from governance.sandbox.pipelines import DagProgress
from governance.sandbox.surroundings import Services


@dataclass
class DemoReport:
    """Everything the closing table prints; `problems` is empty when the demo proved what it should."""

    sources: list[dict[str, Any]]
    mails: list[dict[str, Any]]
    verdicts: dict[str, int]
    findings: dict[str, int]
    planted: list[dict[str, Any]]
    dags: list[dict[str, Any]]
    places: dict[str, str]
    problems: list[str]
    laps: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0
    airflow_url: str = ""
    airflow_password: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same as plain data; the password is not part of it."""
        return {
            "ok": not self.problems,
            "problems": self.problems,
            "sources": self.sources,
            "mails": self.mails,
            "verdicts": self.verdicts,
            "findings": self.findings,
            "planted": {
                "total": len(self.planted),
                "recognised": sum(case["recognised"] for case in self.planted),
                "cases": self.planted,
            },
            "dags": self.dags,
            "places": self.places,
            "seconds": self.laps,
            "seconds_total": round(sum(self.laps.values()), 1),
            "peak_mb": round(self.peak_bytes / 2**20),
            "airflow": self.airflow_url,
        }


def build_report(
    engine: Engine, services: Services, progress: dict[str, DagProgress], *, run_id: str, var_dir: Path
) -> DemoReport:
    """Read the outcome of the demo run `run_id` from the register and hold it against the planted cases."""
    from governance.sandbox.scenario import answers, build  # noqa: PLC0415 (a second of work)

    cases = [
        {
            "case": result.planted.case,
            "title": result.planted.title,
            "recognised": result.recognised,
            "found": result.found,
        }
        for result in answers.check(engine, build())
    ]
    with engine.connect() as connection:
        report = DemoReport(
            sources=_rows(connection, "demo_sources", run_id=run_id),
            mails=_rows(connection, "demo_mails", run_id=run_id),
            verdicts=_counts(connection, "demo_verdicts"),
            findings=_counts(connection, "demo_findings"),
            planted=cases,
            dags=[_dag(row) for row in progress.values()],
            places=_places(services, var_dir),
            problems=[],
        )
    report.problems = _problems(report, progress)
    return report


def _rows(connection: Connection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    statement = text(resources.sql(f"sandbox/{query}.sql"))
    known = {name: value for name, value in parameters.items() if f":{name}" in statement.text}
    return [dict(row) for row in connection.execute(statement, known).mappings()]


def _counts(connection: Connection, query: str) -> dict[str, int]:
    return {str(row["name"]): int(row["n"]) for row in _rows(connection, query)}


def _dag(row: DagProgress) -> dict[str, Any]:
    return {"dag": row.dag_id, "state": row.state, "runs": len(row.runs), "seconds": round(row.seconds, 1)}


def _places(services: Services, var_dir: Path) -> dict[str, str]:
    packs = sorted((var_dir / "lake" / "packs" / "weekly").glob("*.html"))
    return {
        "pack": str(packs[-1]) if packs else "",
        "e-mails": str(services.mailbox),
        "scorecards": str(packs[-1].parent / "sources" / packs[-1].name) if packs else "",
        "validation pages": str(var_dir / "lake" / "validation"),
        "snapshots": str(var_dir / "lake" / "snapshots"),
        "logs": str(var_dir / "logs"),
        "environment": str(var_dir / "demo.env"),
    }


def _problems(report: DemoReport, progress: dict[str, DagProgress]) -> list[str]:
    problems = [f"DAG {row.dag_id}: {row.state}" for row in progress.values() if row.state != "success"]
    expected = {dag_id.removeprefix("intake__") for dag_id in progress if dag_id.startswith("intake__")}
    missing = sorted(expected - {source["source"] for source in report.sources})
    problems += [f"source {name}: no complete intake run" for name in missing]
    for source in report.sources:
        accounted = source["loaded"] + source["unchanged"] + source["quarantined"]
        if source["pulled"] != accounted or not source["pulled"]:
            problems.append(f"source {source['source']}: pulled {source['pulled']}, accounted {accounted}")
    problems += [
        f"planted case {case['case']} ({case['title']}) not recognised: found {case['found']}"
        for case in report.planted
        if not case["recognised"]
    ]
    return problems if report.planted else [*problems, "no planted case was checked"]
