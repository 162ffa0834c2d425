"""What the newest snapshot of AWS does not know, in words, each with its mend. Nothing is asked of AWS."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.doctor.check import Check, Checks, State

if TYPE_CHECKING:
    from sqlalchemy import Engine

SHOWN = 20
"""So many gaps are told one by one."""

_MENDS = (
    (("AccessDenied", "UnauthorizedOperation", "not authorized"),
     "allow the action: `governance iam` prints the policies of hub, member and management account"),
    (("Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown"),
     "AWS throttles: lower the rate of the operation in policies/observation.yaml, clear the task"),
    (("not opted in", "UnrecognizedClientException", "InvalidClientTokenId"),
     "enable the region and AWS Config in it, or take the region out of the aggregator"),
    (("is stopped", "no configuration recorder"),
     "start the recorder of that account and region (config:StartConfigurationRecorder)"),
    (("recorder", "RecorderFailure"),
     "mend the recorder of that account and region: its role and its delivery bucket"),
    (("sources of the aggregator",),
     "see the check of config/aggregator_sources"),
    (("aggregator source",),
     "see whether the recorder is on there and whether the account still lets itself be aggregated"),
    (("gzip", "no configuration snapshot (", "cannot be read", "no compliance in it"),
     "look at the file that is named; until the next delivery the aggregator is asked for everything"),
    (("configuration snapshot", "whole snapshot"),
     "check the delivery channel and the policy of its bucket; the aggregator is asked meanwhile"),
)  # fmt: skip
"""Words in a message -> what to do; the first that fits counts."""


def examine_snapshot(engine: Engine, now: datetime, policies: Path) -> Checks:
    """Yield a check for the newest finished snapshot, and one per thing that it does not know."""
    from sqlalchemy import text

    from governance.observation.observe import gaps
    from governance.reconciliation.policy import read as read_policies

    newest = text(
        "SELECT snapshot_id, as_of, status FROM snapshot WHERE status <> 'running' AND as_of <= :now"
        " ORDER BY as_of DESC LIMIT 1"
    )
    with engine.connect() as connection:
        row = connection.execute(newest, {"now": now}).one_or_none()
    if row is None:
        yield Check("observation", "warning", "no snapshot was taken yet", "run `governance observe`")
        return
    limits, _ = read_policies(policies)
    found = gaps(engine, row.snapshot_id)
    yield _whole(row, found, row.as_of < limits.evidence.config_since(now))
    for gap in found[:SHOWN]:
        yield _gap(gap)
    if len(found) > SHOWN:
        words = f"{len(found) - SHOWN} more gaps"
        yield Check(
            "observation", "warning", words, "see the table snapshot_dataset, runbooks/unknown-evidence.md"
        )


def _whole(row: Any, found: list[dict[str, Any]], is_old: bool) -> Check:
    words = (
        f"snapshot {row.snapshot_id} has {len(found)} gap(s)"
        if found
        else f"snapshot {row.snapshot_id} is whole"
    )
    if row.status == "failed":
        return Check(
            "observation", "failed", f"{words}: no listing was complete", "see what is refused below"
        )
    if is_old:
        mend = "see whether the DAG `observation` runs; until then everything it decides is UNKNOWN"
        return Check("observation", "failed", f"{words}, and is older than its limit", mend)
    return Check("observation", "warning" if found else "ok", words, "see below" if found else "")


def _gap(gap: dict[str, Any]) -> Check:
    """A listing of the hub that is missing is a failure; places that are not known are a warning."""
    is_listing = gap["first_account"] == "*" and gap["status"] != "COMPLETE"
    state: State = "failed" if is_listing else "warning"
    where = f"{gap['first_account']} {gap['first_region']}"
    places = f" in {gap['places']} place(s), first {where}" if gap["first_account"] != "*" else ""
    message = gap["message"] or "no reason given"
    about = f"observation: {gap['service']}/{gap['dataset']}"
    return Check(about, state, f"{gap['status']}{places}: {message}", mend_of(message))


def mend_of(message: str) -> str:
    """Return what to do about a gap."""
    fitting = (mend for words, mend in _MENDS if any(word in message for word in words))
    return next(fitting, "follow runbooks/unknown-evidence.md")
