"""Exceptions that cover nothing now: ended, not begun, orphaned, on hold, unknown, moved, not approved."""

from __future__ import annotations

from governance.sandbox.scenario import gaps
from governance.sandbox.scenario.exception_plot import Case, ExceptionPlot, account, on


def plant(plot: ExceptionPlot) -> None:
    """Plant them all, with the deviations that stand uncovered in their scopes."""
    for story in (_ended, _not_begun, _orphaned, _on_hold, _unknown, _moved, _never_approved):
        story(plot)


def _ended(plot: ExceptionPlot) -> None:
    why = "the exception ended and the resources are still non-compliant"
    for label, number, rule, days, items in (
        ("ended-long-ago", 20, "ec2-imdsv2-check", (-300, -40), 3),
        ("ended-last-week", 34, "rds-storage-encrypted", (-150, -6), 2),
        ("ended-this-midnight", 41, "s3-bucket-public-read-prohibited", (-180, 0), 2),
        ("ended-for-a-user", 31, "iam-user-mfa-enabled", (-200, -20), 1),
    ):
        plot.add(Case(label, "EXPIRED_BUT_NONCOMPLIANT", [on(number, rule)], why, days=days))
        plot.deviate(label, on(number, rule), items, "the exception that covered it has ended")
    why = "the exception ended and everything in its scope is compliant, on fresh evidence"
    for label, number, rule in (
        ("ended-and-mended", 36, "ec2-instance-no-public-ip"),
        ("ended-and-clean", 42, "encrypted-volumes"),
        ("ended-after-migration", 13, "lambda-inside-vpc"),
    ):
        plot.add(Case(label, "EXPIRED_CLEAN", [on(number, rule)], why, days=(-200, -15)))


def _not_begun(plot: ExceptionPlot) -> None:
    for label, number, rule, begins, items in (
        ("begins-tomorrow", 44, "restricted-ssh", 1, 1),
        ("begins-next-month", 27, "subnet-auto-assign-public-ip-disabled", 20, 2),
        ("begins-next-year", 10, "ec2-instance-managed-by-systems-manager", 50, 0),
    ):
        why = "approved, but its first day has not come"
        plot.add(Case(label, "NOT_YET_ACTIVE", [on(number, rule)], why, days=(begins, begins + 100)))
        plot.deviate(label, on(number, rule), items, "the exception for it has not begun")


def _orphaned(plot: ExceptionPlot) -> None:
    why = "the account is closed, closing, or not in the organization any more"
    for label, number, rule, days in (
        ("account-closed", 56, "encrypted-volumes", (-100, 100)),
        ("account-closing", 57, "encrypted-volumes", (-80, 60)),
        ("account-closed-and-ended", 56, "golden-ami-only", (-250, -70)),
        ("account-gone", 99, "encrypted-volumes", (-30, 120)),
    ):
        plot.add(Case(label, "ORPHANED_ACCOUNT", [on(number, rule)], why, days=days))
    why = "no rule of that name exists any more"
    for label, scope in (
        ("rule-retired", on(14, "ec2-classic-link-disabled")),
        ("rule-renamed", on(37, "s3-bucket-default-lock-enabled")),
    ):
        plot.add(Case(label, "ORPHANED_RULE", [scope], why, text="golden-ami-only"))
    why, home = "the resource appears in no evaluation of a complete, fresh listing", ["eu-central-1"]
    bucket, importer = "shop-prod-flash-sale-2025-eu-central-1", "catalogue-dev-old-importer"
    for label, scope in (
        ("bucket-deleted", on(20, "s3-bucket-public-write-prohibited", region=home, resource=[bucket])),
        ("function-deleted", on(43, "lambda-function-settings-check", region=home, resource=[importer])),
    ):
        plot.add(Case(label, "ORPHANED_RESOURCE", [scope], why, text="s3-bucket-public-read-prohibited"))


def _on_hold(plot: ExceptionPlot) -> None:
    why = "the account is suspended: nothing can be said until it is back or closed"
    for label, number, days in (("suspended", 58, (-50, 90)), ("suspended-and-ended", 59, (-190, -9))):
        plot.add(Case(label, "SUSPENDED_HOLD", [on(number, "encrypted-volumes")], why, days=days))


def _unknown(plot: ExceptionPlot) -> None:
    why = "evidence is missing there, and unknown is never clean"
    for label, (number, region, rule), days in (
        ("recorder-off", (*gaps.RECORDER_OFF, "encrypted-volumes"), (-60, 60)),
        ("recorder-off-and-ended", (*gaps.RECORDER_OFF, "restricted-ssh"), (-170, -12)),
        ("recorder-fails", (*gaps.RECORDER_FAILS, "rds-storage-encrypted"), (-40, 70)),
        ("rule-never-evaluated", gaps.NEVER_EVALUATED, (-30, 90)),
        ("rule-fails", (account(18), "eu-central-1", gaps.FAILING_RULE), (-45, 80)),
    ):
        scope = {"account": [number], "region": [region], "rule": [rule]}
        plot.add(Case(label, "UNKNOWN", [scope], why, days=days))


def _moved(plot: ExceptionPlot) -> None:
    why = "the account was approved as a member of a unit that it has left since"
    for label, number, unit, rule, items in (
        ("left-production", 46, "Workloads/Prod", "encrypted-volumes", 2),
        ("left-production-by-id", 47, "ou-gov0-prd4cj7u", "lambda-function-settings-check", 0),
        ("left-security", 55, "Security", "cmk-backing-key-rotation-enabled", 1),
    ):
        plot.add(Case(label, "SCOPE_DRIFT", [on(number, rule, ou=[unit])], why, days=(-120, 60)))
        plot.desk.estate.reserved |= plot.desk.estate.select([on(number, rule)])
        plot.deviate(label, on(number, rule), items, "the approval was for another unit")


def _never_approved(plot: ExceptionPlot) -> None:
    for label, number, rule, status in (
        ("only-asked-for", 28, "rds-instance-public-access-check", "requested"),
        ("refused", 25, "s3-bucket-public-read-prohibited", "refused"),
        ("revoked", 16, "ec2-imdsv2-check", "revoked"),
    ):
        plot.add(Case(label, None, [on(number, rule)], "", status=status, days=(-30, 90)))
        plot.deviate(label, on(number, rule), 1, f"the exception for it is {status}, which excuses nothing")
