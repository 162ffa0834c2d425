"""Write exceptions down as the security office keeps them: one YAML file a year."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import yaml

from governance.sandbox.scenario.model import BERLIN, ExceptionEntry

Record = dict[str, Any]
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dump(_Dumper):  # type: ignore[misc, valid-type]
    """Writes times as people do, with a T and an offset, and what is alike again rather than by reference."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Never write an anchor."""
        return True


_Dump.add_representer(
    datetime, lambda dumper, at: dumper.represent_scalar("tag:yaml.org,2002:timestamp", at.isoformat())
)


def day(at: datetime | None) -> date | None:
    """The day in Berlin on which `at` falls."""
    return at.astimezone(BERLIN).date() if at else None


def record_of(key: str, entry: ExceptionEntry, keys: dict[str, str]) -> Record:
    """Return the record of one entry; `keys` maps labels to numbers, for what it renews."""
    until = day(entry.valid_until)
    assert until is not None  # noqa: S101 (every entry has an end)
    retest = until - timedelta(days=14)
    record: Record = {
        "id": key,
        "title": entry.title,
        "reason": entry.reason,
        "benefit": entry.benefit,
        "risk": entry.risk,
        "risk_if_denied": entry.risk_if_denied,
        "requester": entry.requester,
        "approver": entry.approver,
        "category": entry.category,
        "risk_level": entry.risk_level,
        "status": entry.status,
        "target": entry.target,
        "requested": day(entry.requested),
        "decided": day(entry.decided),
        "updated": entry.updated.astimezone(BERLIN),
        "valid_from": day(entry.valid_from),
        "valid_until": until,
        "scopes": entry.scopes,
        "controls": [{"owner": entry.requester, "evidence": entry.control, "retest": retest}],
    }
    if entry.renews:
        record["renews"] = keys[entry.renews]
    return {name: value for name, value in record.items() if value is not None}


def write(records: list[Record]) -> dict[str, str]:
    """Return file name -> text: the records of each year under `exceptions`."""
    files: dict[str, list[Record]] = {"2025.yaml": [], "2026.yaml": []}
    for record in records:
        year = str(record["requested"])[:4] if isinstance(record["requested"], date) else "2026"
        files[f"{year}.yaml"].append(record)
    return {name: text_of(chosen) for name, chosen in files.items()}


def text_of(records: list[Record]) -> str:
    """Return one file of the register."""
    head = "# Exceptions to the baseline, kept by the security office. Days are days in Berlin.\n"
    return head + yaml.dump(
        {"exceptions": records}, Dumper=_Dump, sort_keys=False, allow_unicode=True, width=110
    )
