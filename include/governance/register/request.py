"""The request: its vocabulary, its canonical fields, and the one table of legal transitions."""

from __future__ import annotations

from governance.errors import GovernanceError

KINDS = ("addition", "change", "exception")
TARGET_TYPES = ("process", "procedure", "resource")
RISK_LEVELS = ("low", "medium", "high", "critical")
CATEGORIES = ("waiver", "mitigated", "false_positive", "not_applicable")
THING_TYPES = (
    "account",
    "provisioned_product",
    "enabled_control",
    "config_rule",
    "policy_attachment",
    "ssm_document",
)

TRANSITIONS: dict[str, frozenset[str]] = {  # status -> what a decision may make of it
    "submitted": frozenset({"in_review", "needs_information", "approved", "rejected", "withdrawn"}),
    "needs_information": frozenset({"submitted", "in_review", "rejected", "withdrawn"}),
    "in_review": frozenset({"needs_information", "approved", "rejected", "withdrawn"}),
    "approved": frozenset({"in_progress", "fulfilled", "expired", "revoked", "withdrawn"}),
    "rejected": frozenset({"closed", "submitted"}),
    "withdrawn": frozenset({"closed"}),
    "in_progress": frozenset({"fulfilled", "failed", "revoked"}),
    "fulfilled": frozenset({"closed", "in_progress", "expired", "revoked"}),
    "failed": frozenset({"in_progress", "closed"}),
    "expired": frozenset({"closed"}),
    "revoked": frozenset({"closed"}),
    "closed": frozenset(),
}
STATUSES = tuple(TRANSITIONS)


def check_transition(now: str, wanted: str) -> None:
    """Raise GovernanceError where no decision may make `wanted` of a request that is `now`.

    >>> check_transition("in_review", "approved")
    """
    if wanted not in TRANSITIONS:
        raise GovernanceError(f"status {wanted!r}: expected one of {', '.join(TRANSITIONS)}")
    if wanted not in TRANSITIONS[now]:
        after = ", ".join(sorted(TRANSITIONS[now], key=STATUSES.index)) or "nothing: it has come to its end"
        raise GovernanceError(f"a request that is {now} cannot become {wanted}; it may become {after}")


UNDECIDED = ("submitted", "needs_information", "in_review")
TEXT_FIELDS = (
    "title", "description", "target_type", "target", "requester", "owner", "owner_rule", "assignee",
    "risk_level", "benefit", "risk", "risk_if_denied", "decided_by", "source_url", "category",
    "renewal_of", "runbook", "thing_type",
)  # fmt: skip
TIME_FIELDS = (
    "submitted_at", "due_at", "decided_at", "fulfilled_at", "closed_at", "source_updated_at",
    "valid_from", "valid_until", "window_start", "window_end",
)  # fmt: skip
JSON_FIELDS = ("scopes", "compensating_controls", "targets", "thing")
STATE_FIELDS = (*TEXT_FIELDS, *TIME_FIELDS, *JSON_FIELDS)

BATCH_COLUMNS = (
    "record_no", "row_no", "locator", "source_key", "kind", "status", "valid_at", "actor",
    *STATE_FIELDS, "raw",
)  # fmt: skip
"""Columns of a canonical batch, one row per observation of a request.

`record_no` numbers the records as the source delivered them (one record may carry several observations),
`row_no` is unique. Text columns are `str`, missing values `NaN`; `valid_at` and TIME_FIELDS are
`datetime64[us, UTC]`; JSON_FIELDS and `raw` hold JSON text. `locator` says where a person finds the record.
`valid_at` is when the observation was true in the source; where the source does not say, the run's `now`.
"""
