"""Requests that are submitted and decided here: the gate of every source, one table of transitions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from governance.cli import app
from governance.errors import GovernanceError
from governance.intake import runs
from governance.intake.forms.definition import read_form
from governance.intake.forms.templates import email_template
from governance.intake.mapping import map_records
from governance.intake.readers.form.reader import submission as read_submission
from governance.intake.records import Record
from governance.intake.submission import RefusedError, submit
from governance.register import exception_limits, lookup, ownership
from governance.register.decisions import Decision, decide
from governance.register.history import broken_blocks
from governance.register.load import load
from governance.register.request import STATUSES, TRANSITIONS, check_transition
from intake_worlds import POLICIES, pull, rows, shipped

LIMITS, OWNERS = exception_limits.read(POLICIES), ownership.read(POLICIES)
EXCEPTION = {
    "kind": "exception", "title": "Public bucket for the report", "requester": "ida.brandt@example.com",
    "description": "It is read by the public.", "category": "waiver", "risk_level": "high",
    "target": "account/100000000021/s3/report", "scopes": "account: 100000000021; rule: s3-*",
    "valid_until": "2027-02-01",
}  # fmt: skip


def sent(register, now, tmp_path, **changes):
    return submit(register, shipped("form"), {**EXCEPTION, **changes}, now=now, lake=str(tmp_path))


def registered(register, now, *requests):
    """Load submissions as they are, past the gate, which has tests of its own; return the id of the last."""
    raws = [{"submission": f"r-{number}", "submitted": now.isoformat(), **EXCEPTION, **changes}
            for number, changes in enumerate(requests or ({},))]  # fmt: skip
    records = [Record(raw["submission"], raw) for raw in raws]
    mapped = map_records(records, shipped("form"), now=now, policy=ownership.read(POLICIES))
    assert mapped.reasons == {}
    with register.begin() as connection:
        run_id = runs.open_run(connection, "form", mode="live", origin="test", now=now)
        load(connection, mapped.batch, source="form", run_id=run_id, known_at=now)
    return rows(register, "SELECT max(request_id) FROM request")[0][0]


def decided(register, request_id, status, now, by="platform-lead@example.com", reason="because"):
    with register.begin() as connection:
        decide(connection, request_id, Decision(status, by, reason), limits=LIMITS, owners=OWNERS, at=now)


def test_a_submission_is_registered_with_its_id_its_owner_and_its_own_words(register, now, tmp_path):
    title = "{{ 7 * 7 }} {% for x in y %} ${x} [red]=1+1[/red] <script>"
    done = sent(register, now, tmp_path, title=title)
    assert (done.request_id, done.status, done.known) == ("EXC-000001", "submitted", False)
    with register.connect() as connection:
        found = lookup.find(connection, done.request_id, now)
    assert (found["title"], found["owner"]) == (title, "platform-lead@example.com")
    assert found["scopes"] == [{"account": ["100000000021"], "rule": ["s3-*"]}]
    assert found["submitted_at"] == now


def test_a_scope_by_hand_names_a_guardrail_of_any_plane_and_what_it_lets_through(register, now, tmp_path):
    scopes = (
        "control: CT.MULTISERVICE.PV.1; ou: Workloads; principal: arn:aws:iam::*:role/network-automation\n"
        "policy: deny-unapproved-regions; tag: governance-exception=regions-allowed\n"
        "constraint: RESOURCE_UPDATE; resource: prod-1, prod-2"
    )
    done = sent(register, now, tmp_path, scopes=scopes)
    with register.connect() as connection:
        found = lookup.find(connection, done.request_id, now)["scopes"]
    assert found == [
        {"constraint": ["RESOURCE_UPDATE"], "resource": ["prod-1", "prod-2"]},
        {"control": ["CT.MULTISERVICE.PV.1"], "ou": ["Workloads"],
         "principal": ["arn:aws:iam::*:role/network-automation"]},
        {"policy": ["deny-unapproved-regions"], "tag": {"governance-exception": "regions-allowed"}},
    ]  # fmt: skip


def test_the_same_submission_is_one_request_whenever_it_comes_again(register, now, tmp_path):
    first = sent(register, now, tmp_path)
    again = sent(register, now + timedelta(days=1), tmp_path)
    assert (again.request_id, again.known) == (first.request_id, True)
    assert rows(register, "SELECT count(*) FROM request_event") == [(1,)]


def test_another_request_under_a_known_id_is_refused(register, now, tmp_path):
    sent(register, now, tmp_path, submission="mine-1")
    with pytest.raises(GovernanceError, match="mine-1 is EXC-000001 already, and differs in title"):
        sent(register, now, tmp_path, submission="mine-1", title="Something else")


@pytest.mark.parametrize(("changes", "reasons"), [
    ({"valid_until": "01/02/2027", "scopes": "acount: 1", "requester": "ida", "risk_level": "enormous", "title": " ",
      "window_start": "2026-12-01"},
     ["valid_until: '01/02/2027' is not a date written as", "scopes: scope 0.acount: there is no such dimension",
      "whoever asks is named by a mail address", "risk is low, medium, high or critical", "a request has a title",
      "only changes a window"]),
    ({"valid_until": "", "scopes": "everything"},
     ["an exception is asked for with an end", "is not scopes: 'everything': expected dimension: value"]),
    ({"scopes": "control: DENY; ou: Workloads; rule: s3-*"},
     ["expected dimensions of one plane: control says what is excepted from, so rule cannot stand beside it"]),
    ({"scopes": "policy: regions"}, ["expected beside policy one of account, ou, principal, action"]),
])  # fmt: skip
def test_what_does_not_pass_is_refused_in_words_and_kept_nowhere(register, now, tmp_path, changes, reasons):
    with pytest.raises(RefusedError) as caught:
        sent(register, now, tmp_path, **changes)
    for words in reasons:
        assert any(words in reason for reason in caught.value.reasons), (words, caught.value.reasons)
    kept = "SELECT (SELECT count(*) FROM request), (SELECT count(*) FROM quarantine), (SELECT count(*) FROM intake_run)"
    assert rows(register, kept) == [(0, 0, 0)]


def test_an_id_that_could_leave_its_folder_is_refused(register, now, tmp_path):
    with pytest.raises(GovernanceError, match="expected 1 to 100 letters"):
        sent(register, now, tmp_path, submission="../../etc/passwd")


def test_a_decision_is_an_event_of_its_own_and_the_past_stays_readable(register, now, tmp_path):
    name = registered(register, now)
    decided(register, name, "in_review", now + timedelta(hours=1))
    decided(register, name, "approved", now + timedelta(hours=2))
    with register.connect() as connection:
        late = lookup.find(connection, name, now + timedelta(days=1))
        early = lookup.find(connection, name, now + timedelta(minutes=90))
        steps = lookup.history(connection, late["request_number"], now + timedelta(days=1))
        assert broken_blocks(connection) == []
    assert (late["status"], late["decided_by"]) == ("approved", "platform-lead@example.com")
    assert late["decided_at"] == now + timedelta(hours=2)
    assert (early["status"], early["decided_by"]) == ("in_review", None)
    assert [(step["status"], step["origin"], step["was"]) for step in steps] == [
        ("submitted", "observed", None),
        ("in_review", "decided", "submitted"),
        ("approved", "decided", "in_review"),
    ]
    assert steps[-1]["decision"]["reason"] == "because"


def test_pulling_the_submission_again_does_not_undo_a_decision(register, now, tmp_path):
    (tmp_path / "drop").mkdir()
    raw = {"submission": "page-1", "submitted": now.isoformat(), **EXCEPTION}
    (tmp_path / "drop" / "page-1.json").write_text(json.dumps(raw))
    spec = shipped("form")
    first = pull(register, spec, now, tmp_path / "lake", path=tmp_path / "drop")
    assert (first.loaded, first.quarantined) == (1, 0), first.message
    decided(register, "EXC-000001", "approved", now + timedelta(hours=1))
    again = pull(register, spec, now + timedelta(hours=2), tmp_path / "lake", path=tmp_path / "drop")
    assert (again.loaded, again.unchanged) == (0, 1)
    assert rows(register, "SELECT status FROM request") == [("approved",)]


@pytest.mark.parametrize(("status", "by", "words"), [
    ("fulfilled", "platform-lead@example.com", "a request that is submitted cannot become fulfilled; it may become"),
    ("parked", "platform-lead@example.com", "status 'parked': expected one of"),
    ("approved", "Ida.Brandt@example.com", "somebody else decides"),
    ("approved", "security lead", "expected the mail address"),
])  # fmt: skip
def test_a_decision_that_may_not_be_taken_is_refused_with_the_reason(
    register, now, tmp_path, status, by, words
):
    name = registered(register, now)
    with pytest.raises(GovernanceError, match=words):
        decided(register, name, status, now, by=by)
    assert rows(register, "SELECT count(*) FROM request_event") == [(1,)]


@pytest.mark.parametrize(("changes", "words"), [
    ({"valid_until": "2027-08-01"}, "would last 258 days: at most 180"),
    ({"risk_level": "critical", "valid_until": "2027-03-01"}, "at most 90"),
    ({"valid_until": "2026-11-01"}, "ended on 2026-10-31: there is nothing left to approve"),
])  # fmt: skip
def test_an_exception_is_approved_within_its_limits_only(register, now, tmp_path, changes, words):
    name = registered(register, now, changes)
    with pytest.raises(GovernanceError, match=words):
        decided(register, name, "approved", now)


def test_a_renewal_too_many_is_not_approved(register, now, tmp_path):
    name = registered(register, now, {}, *({"renewal_of": f"r-{number}"} for number in range(3)))
    with pytest.raises(GovernanceError, match="is renewal 3: at most 2 are allowed"):
        decided(register, name, "approved", now)


@pytest.mark.parametrize("by", ["platform-lead@example.com", "Head-of-Platform@example.com",
                                "governance-office@example.com", "governance-board@example.com"])  # fmt: skip
def test_the_owner_their_manager_and_the_authority_decide(register, now, by):
    name = registered(register, now)
    decided(register, name, "approved", now, by=by)
    assert rows(register, "SELECT decided_by FROM request") == [(by,)]


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_decision_of_anybody_else_is_refused_unless_the_policy_lets_them(register, now, status):
    name = registered(register, now)
    with pytest.raises(
        GovernanceError, match=r"is decided by platform-lead@.*, their manager or the authority"
    ):
        decided(register, name, status, now, by="sandbox-lead@example.com")
    decided(register, name, "in_review", now, by="sandbox-lead@example.com")  # moving on is no decision
    lent = [rule.model_copy(update={"delegates": ("*-lead@example.com",)}) if rule.name == "platform-production" else rule
            for rule in OWNERS.owners]  # fmt: skip
    with register.begin() as connection:
        decide(connection, name, Decision(status, "sandbox-lead@example.com", "on leave"), limits=LIMITS,
               owners=OWNERS.model_copy(update={"owners": tuple(lent)}), at=now + timedelta(hours=1))  # fmt: skip
    assert rows(register, "SELECT status FROM request") == [(status,)]


def test_a_request_of_another_source_is_decided_there(register, now, tmp_path):
    path = tmp_path / "2026.yaml"
    path.write_text(
        "exceptions:\n- {id: EXR-001, title: a, requester: a@example.com, status: requested, category: waiver, risk_level: low,"
        " target: account/100000000021, requested: 2026-01-02, updated: 2026-01-02T09:00:00+0100, valid_from: 2026-02-01,"
        " valid_until: 2026-03-01, scopes: [{account: ['100000000021']}]}\n"
    )
    done = pull(register, shipped("exception_register"), now, tmp_path / "lake", path=path)
    assert done.loaded == 1, done.message
    with pytest.raises(
        GovernanceError, match="decided where it was asked for, not here: source exception_register"
    ):
        decided(register, "EXC-000001", "approved", now)


def test_submitted_again_after_a_rejection_it_awaits_a_new_decision(register, now, tmp_path):
    name = registered(register, now)
    decided(register, name, "rejected", now + timedelta(hours=1))
    decided(register, name, "submitted", now + timedelta(hours=2), by="ida.brandt@example.com")
    assert rows(register, "SELECT status, decided_by, decided_at FROM request") == [("submitted", None, None)]


def test_every_pair_of_statuses_is_judged_by_the_one_table():
    for before in STATUSES:
        for after in STATUSES:
            if after in TRANSITIONS[before]:
                check_transition(before, after)
            else:
                with pytest.raises(GovernanceError, match=f"that is {before} cannot become {after}"):
                    check_transition(before, after)


@pytest.mark.parametrize(("content", "words"), [
    (b"- a\n- b\n", "a submission is a mapping"),
    (b"a: &x [1]\nb: *x\n", "no aliases"),
    (b"a: [", "not valid YAML"),
    (b"x" * (1024**2 + 1), "at most 1048576 bytes"),
    (b"[" * 5000, "not valid YAML"),
])  # fmt: skip
def test_a_file_that_is_no_submission_says_so(content, words):
    assert words in read_submission(content)[1]


def test_tags_in_a_submission_are_never_run():
    raw, problem = read_submission(b"title: !!python/object/apply:os.system [id]\n")
    assert problem is not None or raw == {"title": ["id"]}


def test_the_commands_from_form_to_decision(register_url, now, tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", now.isoformat())
    monkeypatch.setenv("GOVERNANCE_VAR_DIR", str(tmp_path))
    run = CliRunner()
    form = read_form("exception")
    values = {one.label: one.sample for one in form.fields}
    lines = [
        f"{line} {values[line[:-1]]}" if line[:-1] in values else line
        for line in email_template(form).splitlines()
    ]
    (tmp_path / "filled.txt").write_text("\n".join(lines))
    done = run.invoke(app, ["requests", "submit", "--from", str(tmp_path / "filled.txt"), "--json"])
    assert json.loads(done.output)["request_id"] == "EXC-000001"
    lacking = run.invoke(app, ["requests", "submit", "--kind", "change", "--title", "x"])
    assert "Window start" in str(lacking.exception)
    odd = run.invoke(app, ["requests", "submit", "--kind", "change", "--set", "colour=red"])
    assert "'colour' is no field of the form for changes" in str(odd.exception)
    refused = run.invoke(
        app, ["requests", "submit", "--from", str(tmp_path / "filled.txt"), "--set", "Scope=x", "--json"]
    )
    assert (refused.exit_code, json.loads(refused.output)["registered"]) == (1, False)
    approved = run.invoke(
        app, ["requests", "decide", "EXC-000001", "approve", "--by", "platform-lead@example.com"]
    )
    assert approved.output == "EXC-000001 is approved\n"
    shown = json.loads(run.invoke(app, ["requests", "show", "EXC-000001", "--json"]).output)
    assert [step["status"] for step in shown["history"]] == ["submitted", "approved"]
    assert "1 request\n" in run.invoke(app, ["requests", "list", "--status", "approved"]).output
    gone = run.invoke(
        app, ["requests", "withdraw", "EXC-000001", "--reason", "no need", "--by", "ida.brandt@example.com"]
    )
    assert gone.output == "EXC-000001 is withdrawn\n"
    written = run.invoke(app, ["requests", "forms", "--kind", "exception", "--out", str(tmp_path / "forms")])
    assert len(written.output.splitlines()) == 11


def test_control_characters_of_a_request_do_not_reach_the_terminal(
    register_url, register, now, tmp_path, monkeypatch
):
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_NOW", now.isoformat())
    registered(register, now, {"title": "\x1b[2Jgone\r\nEXC-000009  approved"})
    listed = CliRunner().invoke(app, ["requests", "list"]).output
    assert "\x1b" not in listed
    assert len(listed.splitlines()) == 2
