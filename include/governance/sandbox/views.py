"""How a demo looks in a terminal: live while it runs, a closing table at its end."""

from __future__ import annotations

from itertools import zip_longest

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from governance.sandbox.pipelines import DagProgress
from governance.sandbox.report import DemoReport

MARKS = {
    "success": ("✓", "green"),
    "failed": ("✗", "red"),
    "upstream_failed": ("✗", "red"),
    "running": ("●", "cyan"),
    "queued": ("○", "cyan"),
    "scheduled": ("○", "cyan"),
    "up_for_retry": ("↻", "yellow"),
}


class LiveView:
    """Rich live progress on a terminal; one line per event where there is none (CI, a pipe)."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live: Live | None = None
        self.seen: dict[str, str] = {}

    def step(self, title: str) -> None:
        """Print the step that begins."""
        self.close()
        self.console.print(f"[bold]▸ {title}[/bold]")

    def pipelines(self, progress: dict[str, DagProgress]) -> None:
        """Redraw the DAGs, or print those whose state changed."""
        if not self.console.is_terminal:
            self._print_changes(progress)
            return
        if self.live is None:
            self.live = Live(console=self.console, refresh_per_second=4)
            self.live.start()
        self.live.update(_progress_table(progress))

    def close(self) -> None:
        """End the live display and leave its last state on the screen."""
        if self.live is not None:
            self.live.stop()
            self.live = None

    def _print_changes(self, progress: dict[str, DagProgress]) -> None:
        for row in progress.values():
            if self.seen.get(row.dag_id, "waiting") != row.state:
                self.console.print(f"  {row.dag_id}: {row.state}")
            self.seen[row.dag_id] = row.state


def _progress_table(progress: dict[str, DagProgress]) -> Table:
    table = Table.grid(padding=(0, 2))
    for row in progress.values():
        tasks = Text()
        for (_, task_id, index), state in row.tasks.items():
            mark, colour = MARKS.get(state, ("·", "dim"))
            name = task_id if index < 0 else f"{task_id}[{index}]"
            tasks.append(f"{mark} {name}  ", style=colour)
        mark, colour = MARKS.get(row.state, ("·", "dim"))
        table.add_row(Text(f"  {mark}", style=colour), row.dag_id, tasks or Text("waiting", style="dim"))
    return table


def closing_tables(report: DemoReport) -> Group:
    """Everything a person wants to know after a demo."""
    parts = [
        _sources(report),
        _mails(report),
        _counts(report),
        _planted(report),
        _time(report),
        _places(report),
    ]
    return Group(*parts)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", expand=False)
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right")
    return table


def _sources(report: DemoReport) -> Table:
    table = _table("Requests", "source", "pulled", "= loaded", "+ unchanged", "+ quarantined")
    for row in report.sources:
        counts = (row["pulled"], row["loaded"], row["unchanged"], row["quarantined"])
        table.add_row(row["source"], *(f"{count:,}" for count in counts))
    return table


def _mails(report: DemoReport) -> Table:
    table = _table(
        "E-mails", "about (clock: rung)", "rungs reached", "messages", "sent", "quiet hours", "failed"
    )
    for row in report.mails:
        counts = (row["requests"], row["messages"], row["sent"], row["waiting"], row["failed"])
        table.add_row(row["about"], *("" if count is None else str(count) for count in counts))
    return table


def _counts(report: DemoReport) -> Table:
    table = _table("Reconciliation", "verdict of requests", "n", "open findings", "n")
    table.columns[2].justify = "left"
    pairs = zip_longest(report.verdicts.items(), report.findings.items(), fillvalue=("", ""))
    for (verdict, count), (finding, open_now) in pairs:
        table.add_row(verdict, str(count), finding, str(open_now))
    return table


def _planted(report: DemoReport) -> RenderableType:
    total, found = len(report.planted), sum(case["recognised"] for case in report.planted)
    title = f"Planted cases: {found} of {total} recognised"
    if found == total:
        return Text(title + "\n", style="bold")
    table = _table(title, "not recognised", "found instead")
    table.columns[1].justify = "left"
    for case in report.planted:
        if not case["recognised"]:
            table.add_row(f"{case['case']}: {case['title']}", str(case["found"]))
    return table


def _time(report: DemoReport) -> Table:
    peak = f"{report.peak_bytes / 2**30:.2f} GiB at most"
    table = _table(f"Time and memory ({peak})", "step", "seconds")
    for title, seconds in report.laps.items():
        table.add_row(title, f"{seconds:.1f}")
    table.add_row("in all", f"{sum(report.laps.values()):.1f}", style="bold")
    return table


def _places(report: DemoReport) -> Text:
    lines = (f"{name:<18}{place}" for name, place in report.places.items())
    return Text("\n".join(lines), no_wrap=True, overflow="ignore")
