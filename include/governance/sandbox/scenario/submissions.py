"""Requests that were submitted here, one file each, as a page or `governance requests submit` leaves them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random

from governance.sandbox.scenario import people
from governance.sandbox.scenario.model import NOW, Planted

FORM = "form"
_SEED_OFFSET = 31
_PLATFORM, _PAYMENTS = "100000000021", "100000000033"

_SOUND: tuple[dict[str, str], ...] = (
    {
        "kind": "exception", "title": "Public bucket for the annual report {{ 7 * 7 }}",
        "description": "The report is read by the public; nothing else lies in the bucket.",
        "category": "waiver", "risk_level": "low", "target": f"account/{_PLATFORM}/s3/annual-report",
        "scopes": f"account: {_PLATFORM}; rule: s3-bucket-public-read-prohibited; resource: annual-report",
        "valid_from": "2026-12-01", "valid_until": "2027-02-01",
        "compensating_controls": "The access log is read every week\nOnly the press office may write",
    },
    {
        "kind": "change", "title": "Raise the memory of the ledger service",
        "description": "It runs out of memory at the end of a month.", "risk_level": "medium",
        "target": f"account/{_PAYMENTS}/ecs/ledger", "window_start": "2026-11-28 20:00",
        "window_end": "2026-11-28 22:00", "runbook": "procedure/ecs/raise-memory",
        "targets": "service/ledger",
    },
    {
        "kind": "addition", "title": "Account for load tests of the platform", "risk_level": "low",
        "description": "Load tests disturb the others.", "target": "ou/Workloads/NonProd",
        "thing_type": "account", "thing": "name: platform-load\nunit: Workloads/NonProd",
        "due_at": "2026-12-15",
    },
)  # fmt: skip
_DEFECTS: dict[str, tuple[str, dict[str, str]]] = {
    "form-month-first": ("the end is written month-first", {"valid_until": "02/28/2027"}),
    "form-no-scope": ("nobody can tell what is to be excepted", {"scopes": ""}),
    "form-end-before-begin": ("it ends before it begins", {"valid_until": "2026-11-30"}),
}
_THINGS: dict[str, tuple[str, dict[str, str]]] = {
    "form-thing-nowhere": (
        "a control without the unit it is for",
        {"thing_type": "enabled_control", "thing": "control: AWS-GR_RESTRICTED_SSH"},
    ),
    "form-thing-unknown-property": (
        "an account has no colour",
        {"thing": "name: platform-load\ncolour: green"},
    ),
}


def write(seed: int) -> tuple[dict[str, str], list[Planted]]:
    """Return file name -> text of every submission, and what must be found about them."""
    random = Random(seed + _SEED_OFFSET)  # noqa: S311 (a story, not a secret)
    files: dict[str, str] = {}
    planted: list[Planted] = []
    for number, answers in enumerate(_SOUND, start=1):
        key = f"sub-{number:03d}"
        files[f"{key}.json"] = _text(key, _submitted(random), people.requester(random), answers)
        planted += _right_answers(key, answers)
    wrong = [(_SOUND[0], case) for case in _DEFECTS.items()] + [(_SOUND[2], case) for case in _THINGS.items()]
    for number, (sound, (case, (why, spoilt))) in enumerate(wrong, start=len(_SOUND) + 1):
        key = f"sub-{number:03d}"
        answers = {**sound, "title": f"{sound['title']}, again", **spoilt}
        files[f"{key}.json"] = _text(key, _submitted(random), people.requester(random), answers)
        planted.append(Planted(f"malformed-{case}", why, "quarantine", why, FORM, key))
    words = f"{len(wrong)} records of {FORM} in quarantine, no more"
    why = "one bad submission never takes a good one with it"
    planted.append(Planted(f"only-malformed-{FORM}", words, "quarantine", why, FORM, count=len(wrong)))
    return files, planted


def _submitted(random: Random) -> datetime:
    """Some time in the last two business days: nothing is overdue yet."""
    return NOW - timedelta(days=3, hours=random.randint(0, 20), minutes=random.randint(0, 59))


def _text(key: str, submitted: datetime, requester: str, answers: dict[str, str]) -> str:
    raw = {"submission": key, "submitted": submitted.isoformat(), "requester": requester, **answers}
    return json.dumps(raw, indent=1, ensure_ascii=False) + "\n"


def _right_answers(key: str, answers: dict[str, str]) -> list[Planted]:
    """Who owns it, and that nobody is chased about it yet."""
    owner = people.PAYMENTS if _PAYMENTS in answers["target"] else people.PLATFORM
    no_mail = Planted(
        f"form-not-overdue-{key}", answers["title"], "no_email",
        "asked for on Friday: the clock has just begun", FORM, key, clock="decision",
    )  # fmt: skip
    if answers["kind"] == "addition":
        return [no_mail]
    why = "a submitted request finds its owner as every other does"
    return [Planted(f"form-owner-{key}", answers["title"], "owner", why, FORM, key, recipient=owner), no_mail]
