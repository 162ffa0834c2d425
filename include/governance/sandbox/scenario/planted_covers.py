"""Exceptions that are active and cover something: by every kind of scope, in part, and against each other."""

from __future__ import annotations

from governance.sandbox.scenario.exception_plot import Case, ExceptionPlot, account, on


def plant(plot: ExceptionPlot) -> None:
    """Plant them all."""
    for case in _COVERED:
        plot.add(case)
    _in_part(plot)
    _contested(plot)


_COVERED = (
    Case("whole-account", "COVERED", [{"account": [account(11)]}],
         "the account is named: every rule in it is excepted", 14, text="encrypted-volumes"),
    Case("unit-subtree", "COVERED", [{"ou": ["Workloads/Prod"], "rule": ["rds-multi-az-support"]}],
         "accounts in Payments are below Workloads/Prod, so the subtree covers them", 60),
    Case("unit-by-id", "COVERED", [{"ou": ["ou-gov0-inf7mz2p"], "rule": ["vpc-flow-logs-enabled"]}],
         "the unit is named by its id", 12),
    Case("rule-wildcard", "COVERED", [on(15, "s3-bucket-*")], "s3-bucket-* fits six rules", 9,
         text="s3-bucket-versioning-enabled"),
    Case("canonical-rule", "COVERED", [on(33, "dynamodb-pitr-enabled")],
         "the rule is service-linked; people leave securityhub- and the suffix away", 4,
         text="OrgConfigRule-dynamodb-in-backup-plan-h3v8q1zt"),
    Case("either-scope", "COVERED",
         [on(21, "restricted-ssh"), on(22, "restricted-ssh", region=["eu-west-1"])],
         "two scopes are alternatives", 5),
    Case("resource-type", "COVERED", [{"account": [account(17)], "resource_type": ["AWS::EC2::Volume"]}],
         "every rule on volumes is excepted", 7, text="encrypted-volumes"),
    Case("global-user", "COVERED", [on(12, "access-keys-rotated")],
         "an IAM user is evaluated in two regions and counts once", 2),
    Case("last-day", "COVERED", [on(38, "golden-ami-only")],
         "it ends at midnight in Berlin tonight: still valid this morning", 3, (-90, 1)),
    Case("first-day", "COVERED", [on(38, "cloudwatch-log-group-encrypted")],
         "it began at midnight in Berlin today", 3, (0, 120)),
)  # fmt: skip


def _in_part(plot: ExceptionPlot) -> None:
    """What is covered stands right beside what is not."""
    here = on(23, "encrypted-volumes", region=["eu-central-1"])
    plot.add(Case("region-only", "COVERED", [here], "covered in eu-central-1", 4))
    elsewhere = {**here, "region": ["eu-west-1"]}
    plot.deviate("region-only", elsewhere, 2, "the exception is for eu-central-1 only")

    place = on(24, "s3-bucket-logging-enabled", region=["eu-central-1"])
    bucket = {"resource": plot.resources(place)[:1]}
    but_one = {**place, "exclude": [{"account": place["account"], **bucket}]}
    plot.add(Case("exclusion", "COVERED", [but_one], "the account is covered but for one bucket", 3))
    plot.deviate("exclusion", {**place, **bucket}, 1, "this bucket is excluded inside the scope")

    place = on(26, "s3-bucket-ssl-requests-only", region=["eu-central-1"])
    first, second = plot.resources(place)[:2]
    pattern = {"resource": [first.removesuffix("-eu-central-1") + "*"]}
    why = "the wildcard fits one bucket from its first character"
    plot.add(Case("anchored-wildcard", "COVERED", [{**place, **pattern}], why, 1))
    why = "the wildcard is anchored and does not fit this name"
    plot.deviate("anchored-wildcard", {**place, "resource": [second]}, 1, why)


def _contested(plot: ExceptionPlot) -> None:
    """Several exceptions cover the same items; one total order says which of them wins."""
    function = on(30, "lambda-function-settings-check", region=["eu-central-1"])
    function["resource"] = plot.resources(function)[:1]
    same, unit_rule = "db-instance-backup-enabled", "alb-http-to-https-redirection-check"
    for case in (
        Case("resource-beats-account", "COVERED", [function],
             "a resource is more specific than an account: this one wins its function", 1, won=1),
        Case("later-approval-wins", "COVERED", [on(32, same)], "same specificity: the latest approval wins",
             3, (-20, 40), won=3),
        Case("earlier-approval-loses", "COVERED", [on(32, same)],
             "covers the same items, but an approval that came later wins them all", 0, (-120, 50), won=0),
        Case("account-beats-unit", "COVERED", [on(31, unit_rule)], "an account is more specific than a unit",
             2, won=2),
        Case("account-beaten-by-resource", "COVERED", [on(30, "lambda-function-*")],
             "wins the rest of the account, not the function", text="lambda-function-settings-check", won=3),
        Case("unit-beaten-by-account", "COVERED", [{"ou": ["Workloads/Prod/Payments"], "rule": [unit_rule]}],
             "wins in the other accounts only", won=2),
    ):  # fmt: skip
        plot.add(case)
    for scope, number in ((on(30, "lambda-function-public-access-prohibited"), 3), (on(35, unit_rule), 2)):
        places = plot.desk.estate.select([scope]).nonzero()[0]
        plot.desk.estate.noncompliant[places[:number]] = True
