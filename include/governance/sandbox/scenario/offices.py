"""Changes of procedures and processes as two offices keep them: a workbook, and the export of a portal.

Everything in them is decided and done, so that they add to the register and to no list of what is due.
"""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime, time, timedelta
from itertools import count, groupby
from typing import Any, NamedTuple

from governance.sandbox.scenario import people
from governance.sandbox.scenario.malformed import expectation, total
from governance.sandbox.scenario.model import BERLIN, Planted
from governance.spreadsheets import packed

WORKBOOK, PORTAL = "procedure_changes", "process_changes"
"""Names of the two sources."""
SHEET, HEADER_ROW = "Changes", 3
COLUMNS = (
    "Procedure", "No", "Subject", "Reason", "Asked by", "Decided by", "State", "Risk", "Asked on",
    "Decided on", "Last change",
)  # fmt: skip


class _Wish(NamedTuple):
    procedure: str
    subject: str
    reason: str
    requester: int
    state: str
    risk: str
    asked: date
    days: int


_APPROVERS = {
    "procedure/deployment/platform": people.PLATFORM,
    "procedure/deployment/payments": people.PAYMENTS,
    "procedure/backup/restore-test": people.DATA,
    "procedure/incident/major": people.SECURITY,
}
_WISHES = """
deployment/platform | Freeze base images on Fridays | Weekends. | 3 | done | L | 2026-03-02 | 9
deployment/platform | Let the on-call pause a release | =HYPERLINK("wiki") | 5 | done | M | 2026-04-13 | 16
deployment/platform | Release without a second reader | Queues. | 8 | refused | H | 2026-06-22 | 4
deployment/payments | Keep the old card service a day | Rollbacks. | 1 | done | M | 2026-05-26 | 12
deployment/payments | Announce payouts to support | Surprises. | 12 | done | L | 2026-07-06 | 8
backup/restore-test | Restore a random table each month | Always the same. | 6 | done | M | 2026-02-09 | 21
backup/restore-test | Rehearse at night | Busy mornings. | 9 | withdrawn | L | 2026-08-03 | 2
backup/restore-test | Time every restore | Nobody knows. | 2 | done | L | 2026-09-14 | 10
"""
_PROCESSES = (
    ("Ask leavers' managers on the last day", ("submitted", "in review", "approved", "done")),
    ("Review break-glass users every month", ("submitted", "approved", "done")),
    ("Skip reviews of read-only roles", ("submitted", "question", "refused")),
    ("Send reminders on Mondays", ("submitted", "withdrawn")),
)
_WORKBOOK_DEFECTS = {
    "date-that-is-none": "31.02.2026 is no date",
    "formula-without-result": "the date is a formula that was never computed",
    "unknown-office-state": "state parked is none of ours",
}
_PORTAL_DEFECTS = {
    "line-cut-off": "the line is cut off, it is no JSON",
    "key-twice": "the event says two statuses",
    "time-without-zone": "the time has no offset",
}


def build() -> tuple[dict[str, bytes], list[Planted]]:
    """Return S3 key -> bytes of both offices, and what must be found of them in quarantine."""
    files = {"procedure-changes/2026.xlsx": _workbook(), **_export()}
    planted: list[Planted] = []
    for source, prefix, defects in (
        (WORKBOOK, "PC-9", _WORKBOOK_DEFECTS),
        (PORTAL, "PRC-9", _PORTAL_DEFECTS),
    ):
        for number, (case, why) in enumerate(defects.items()):
            key = f"{prefix}{number}"
            planted.append(expectation(source, case, why, key, fragment=key))
        planted.append(total(source, len(defects)))
    return files, planted


def _workbook() -> bytes:
    """The office merges the cells of one procedure, leaves a line between two, and types dates as dates."""
    from openpyxl import Workbook  # noqa: PLC0415 (only this file is a workbook)

    book = Workbook()
    sheet = book.create_sheet(SHEET)
    sheet.append(["Changes of procedures in 2026, kept by the operations office"])
    sheet.append([])
    sheet.append(COLUMNS)
    numbers = count(1)
    for _, group in groupby(_wishes(), key=lambda wish: wish.procedure):
        begin = 0
        for wish in group:
            sheet.append(_row(f"PC-{next(numbers):02d}", wish))
            begin = begin or sheet.max_row
            sheet.cell(sheet.max_row, 4).data_type = "s"  # a reason is text, whatever it looks like
        sheet.merge_cells(start_row=begin, end_row=sheet.max_row, start_column=1, end_column=1)
        sheet.append([])
    for position, spoilt in enumerate(({8: "31.02.2026"}, {9: "=I5+7"}, {6: "parked"})):
        day = date(2026, 10, 5)
        wish = _Wish("procedure/incident/major", "Write this again", "A spoilt row.", 4, "done", "L", day, 7)
        row = _row(f"PC-9{position}", wish)
        sheet.append([spoilt.get(column, cell) for column, cell in enumerate(row)])
    return packed(book)


def _wishes() -> list[_Wish]:
    cut = [[cell.strip() for cell in line.split("|")] for line in _WISHES.strip().splitlines()]
    return [
        _Wish(f"procedure/{path}", subject, why, int(who), state, risk, date.fromisoformat(asked), int(days))
        for path, subject, why, who, state, risk, asked, days in cut
    ]


def _row(number: str, wish: _Wish) -> list[Any]:
    decided = wish.asked + timedelta(days=wish.days)
    is_decided = wish.state != "withdrawn"
    return [
        wish.procedure,
        number,
        wish.subject,
        wish.reason,
        people.REQUESTERS[wish.requester],
        _APPROVERS[wish.procedure] if is_decided else None,
        wish.state,
        wish.risk,
        wish.asked,
        decided if is_decided else "n/a",
        datetime.combine(decided, time(16, 30)),
    ]


def _export() -> dict[str, bytes]:
    """The portal writes an event a line, one file a month; months that are over are packed."""
    events: dict[str, list[str]] = {"2026-09": [], "2026-10": []}
    for number, (subject, steps) in enumerate(_PROCESSES, start=1):
        for step, status in enumerate(steps):
            at = datetime(2026, 9, 22 + number, 9, 15, tzinfo=BERLIN) + timedelta(days=3 * step, hours=step)
            event = _event(f"PRC-{number:02d}", subject, status, number, at)
            events[f"{at:%Y-%m}"].append(json.dumps(event))
    day = datetime(2026, 10, 20, 8, tzinfo=BERLIN)
    cut, twice, bare = (
        json.dumps(_event(f"PRC-9{n}", "Say it again", "submitted", n, day)) for n in range(3)
    )
    twice = twice.replace('"status"', '"status": "done", "status"')
    events["2026-10"] += [cut[:70], twice, bare.replace("+02:00", "")]
    texts = {month: "".join(f"{line}\n" for line in lines).encode() for month, lines in events.items()}
    return {
        "process-changes/2026-09.jsonl.gz": gzip.compress(texts["2026-09"], mtime=0),
        "process-changes/2026-10.jsonl": texts["2026-10"],
    }


def _event(number: str, subject: str, status: str, requester: int, at: datetime) -> dict[str, Any]:
    decided = status in ("approved", "refused", "done")
    return {
        "request": number,
        "at": at.isoformat(),
        "status": status,
        "subject": subject,
        "process": "access-review",
        "risk": {"level": "medium" if requester % 2 else "low"},
        "asked_by": {"mail": people.REQUESTERS[requester + 10]},
        "decided_by": {"mail": people.SECURITY} if decided else None,
    }
