"""Who decided is held against who is accountable, whatever source says so."""

from __future__ import annotations

import pytest

from governance.intake.bypass import sync_bypasses
from governance.register import ownership
from intake_worlds import POLICIES, pass_everything, pull, rows, spec

OWNERS = ownership.read(POLICIES)
HEADER = "id;state;title;who;changed;target;submitted;approver"
FOUND = (
    "SELECT r.source_key, f.status, f.why, f.evidence ->> 'way' FROM finding f JOIN request r USING (request_number)"
    " WHERE f.type = 'PROCESS_BYPASS' ORDER BY 1"
)


@pytest.fixture
def approved(register, now, tmp_path, monkeypatch):
    """Pull requests about account 21, which the platform is accountable for, each approved by somebody."""
    pass_everything(monkeypatch)

    def pulled(*approvers: str, state: str = "granted", target: str = "account/100000000021"):
        lines = [
            f"R-{number};{state};Title;ida@example.com;2026-11-10 10:00;{target};2026-11-09 10:00;{approver}"
            for number, approver in enumerate(approvers, start=1)
        ]
        path = tmp_path / "drop.csv"
        path.write_text("\n".join([HEADER, *lines]))
        source = spec(reader={"type": "csv", "delimiter": ";"})
        result = pull(register, source, now, tmp_path / "lake", path=path)
        assert result.loaded == len(approvers), result.message
        return rows(register, FOUND)

    return pulled


def test_an_approval_of_somebody_else_went_past_the_process(approved):
    assert approved("sandbox-lead@example.com", "platform-lead@example.com") == [
        ("R-1", "open", "ADD-000001 was approved by sandbox-lead@example.com, who decides neither as its accountable owner, "
         "platform-lead@example.com, nor for them", "decided-by-another"),
    ]  # fmt: skip


def test_the_owner_their_manager_and_the_authority_decide_by_address_or_by_name(approved):
    right = (
        "Platform-Lead@example.com", "head-of-platform@example.com", "governance-office@example.com",
        "governance-board@example.com", "Platform Lead", "head of platform",
    )  # fmt: skip
    assert approved(*right) == []


def test_a_name_in_which_none_of_them_is_recognised_is_told(approved):
    [(key, _, why, _)] = approved("Platform Lead", "Sandbox Lead")
    assert key == "R-2"
    assert "approved by Sandbox Lead" in why


def test_who_rejected_or_asked_is_no_matter_of_this(approved):
    assert approved("sandbox-lead@example.com", state="new") == []
    assert [way for *_, way in approved("ida@example.com")] == ["self-approved"]


def test_nobodys_requests_are_decided_by_the_authority(approved):
    found = approved(
        "governance-office@example.com", "platform-lead@example.com", target="account/100000000060"
    )
    assert [key for key, *_ in found] == ["R-2"]


def test_a_delegate_is_let_by_the_policy_and_the_finding_is_resolved(approved, register, now):
    assert len(approved("sandbox-lead@example.com")) == 1
    lent = tuple(
        rule.model_copy(update={"delegates": ("sandbox-lead@example.com",)}) for rule in OWNERS.owners
    )
    with register.begin() as connection:
        ownership.store(connection, OWNERS.model_copy(update={"owners": lent}))
        sync_bypasses(connection, now)
    assert [status for _, status, *_ in rows(register, FOUND)] == ["resolved"]


def test_an_underscore_in_an_address_is_no_wildcard(register):
    rule = OWNERS.authority.model_copy(update={"delegates": ("a_b@example.com", "team-?@example.com")})
    policy = OWNERS.model_copy(update={"authority": rule})
    with register.begin() as connection:
        ownership.store(connection, policy)
        may = {who: ownership.may_decide(connection, None, None, who) for who in
               ("a_b@example.com", "axb@example.com", "team-1@example.com", "team-12@example.com")}  # fmt: skip
    assert may == {
        "a_b@example.com": True,
        "axb@example.com": False,
        "team-1@example.com": True,
        "team-12@example.com": False,
    }


def test_before_anybody_is_stored_nobody_may_decide_and_nothing_is_said(register):
    with register.connect() as connection:
        assert not ownership.may_decide(connection, "ada@example.com", None, "ada@example.com")
        assert connection.exec_driver_sql("SELECT may_decide('a@b', NULL, 'c@d') IS NULL").scalar()


def test_a_policy_that_is_stored_is_not_written_again(register):
    written = "SELECT count(DISTINCT xmin::text) FROM ownership"
    with register.begin() as connection:
        ownership.store(connection, OWNERS)
    [(before,)] = rows(register, "SELECT max(recorded_at) FROM ownership")
    with register.begin() as connection:
        ownership.store(connection, OWNERS)
    assert rows(register, "SELECT max(recorded_at) FROM ownership") == [(before,)]
    assert rows(register, written) == [(1,)]
