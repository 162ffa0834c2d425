"""Where evidence is missing, so that nobody may say `clean`: recorder off, rule never or badly evaluated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from governance.sandbox.scenario import organization
from governance.sandbox.scenario.model import NOW
from governance.sandbox.world import RECORDER_COLUMNS, RULE_STATUS_COLUMNS, Account, Rule

RECORDER_OFF = ("100000000053", "us-east-1")
RECORDER_OFF_SINCE = datetime(2026, 9, 2, 11, 40, tzinfo=UTC)
RECORDER_FAILS = ("100000000054", "ap-southeast-2")
NEVER_EVALUATED = ("100000000052", "eu-west-1", "lambda-function-settings-check")
FAILING_RULE = "iam-policy-no-statements-with-admin-access"
LAST_GOOD = datetime(2026, 10, 21, 4, 12, tzinfo=UTC)
"""When the failing recorder and the failing rule last worked."""


def never_evaluated(account: str, region: str, rule: str) -> bool:
    """Tell whether Config has no result at all for the rule there."""
    return (account, region, rule) == NEVER_EVALUATED


def evidence_end(account: str, region: str, rule: str) -> datetime | None:
    """Return when evidence stopped there, or None where it is fresh."""
    if (account, region) == RECORDER_OFF:
        return RECORDER_OFF_SINCE
    if (account, region) == RECORDER_FAILS or rule == FAILING_RULE:
        return LAST_GOOD
    return None


def rule_status(
    random: np.random.Generator, accounts: tuple[Account, ...], rules: tuple[Rule, ...]
) -> pd.DataFrame:
    """Return one row per active account, region and rule."""
    keys = [
        (account.id, region, rule.name)
        for account in accounts
        if account.state == "ACTIVE"
        for region in organization.REGIONS
        for rule in rules
    ]
    frame = pd.DataFrame(keys, columns=["account", "region", "rule"])
    age = random.integers(5, 10 * 60, len(keys)).astype("timedelta64[m]")
    evaluated = pd.Series(np.datetime64(NOW.replace(tzinfo=None), "us") - age).dt.tz_localize("UTC")
    failing = frame["rule"] == FAILING_RULE
    attempted = pd.Series(pd.Timestamp(NOW - timedelta(hours=3)), index=frame.index)
    for index, key in enumerate(keys):
        end = evidence_end(*key)
        if end is not None:
            evaluated.iloc[index] = pd.Timestamp(end)
    evaluated[[never_evaluated(*key) for key in keys]] = pd.NaT
    frame["last_evaluated_at"] = evaluated
    frame["last_failed_at"] = attempted.where(failing).dt.as_unit("us")
    frame["first_activated_at"] = pd.Timestamp(NOW - timedelta(days=600)).as_unit("us")
    return frame.assign(error=np.where(failing, "AccessDeniedException", ""))[list(RULE_STATUS_COLUMNS)]


def recorders(accounts: tuple[Account, ...]) -> pd.DataFrame:
    """Return one row per active account and region."""
    rows = [
        (account.id, region, *_recorder(account.id, region))
        for account in accounts
        if account.state == "ACTIVE"
        for region in organization.REGIONS
    ]
    frame = pd.DataFrame(rows, columns=list(RECORDER_COLUMNS))
    changed = pd.to_datetime(frame["last_status_change_at"], utc=True).dt.as_unit("us")
    return frame.assign(last_status_change_at=changed)


def _recorder(account: str, region: str) -> tuple[bool, str, datetime]:
    if (account, region) == RECORDER_OFF:
        return False, "SUCCESS", RECORDER_OFF_SINCE
    if (account, region) == RECORDER_FAILS:
        return True, "FAILURE", LAST_GOOD
    return True, "SUCCESS", NOW - timedelta(hours=1)
