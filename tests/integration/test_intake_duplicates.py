"""The same request from two sources is linked with its evidence and told as a finding; nothing is merged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.errors import GovernanceError
from governance.intake.duplicates.links import decide, link_by_hand, listing
from intake_worlds import pass_everything, pull, rows, spec

HEADER = "id,state,title,who,approver,target,submitted,changed,text,url\n"
FINDINGS = "SELECT type, status, why FROM finding WHERE family = 'duplicate' ORDER BY finding_number"


def row(key, *, title="Open port 443", who="ann@example.com", on="01", state="new", text="", url=""):
    day = f"2026-03-{on} 09:00"
    return f"{key},{state},{title},{who},-,account/100000000012,{day},{day},{text},{url}\n"


@pytest.fixture
def tell(register, now, tmp_path, monkeypatch):
    """Pull rows as a source of its own."""
    pass_everything(monkeypatch)

    def run(source, *lines, at=now, **changes):
        folder = tmp_path / source
        folder.mkdir(exist_ok=True)
        (folder / "drop.csv").write_text(HEADER + "".join(lines))
        told = spec(name=source, fields={"description": "text", "source_url": "url"}, **changes)
        result = pull(register, told, at, tmp_path / "lake", path=folder)
        assert result.status == "complete", result.message
        return result

    return run


def links(register, **which):
    with register.connect() as connection:
        found = listing(connection, **which)
    return [(link["source_key"], link["of_source_key"], link["found_by"], link["status"]) for link in found]


def test_the_same_words_target_and_requester_within_two_weeks_are_linked(tell, register):
    tell("tickets", row("T-1"), row("T-2", title="Something else"))
    tell("mails", row("M-1", title="open PORT - 443!", who="Ann@example.com", on="09"))
    assert links(register) == [("M-1", "T-1", "likeness", "suggested")]
    assert rows(register, "SELECT count(*) FROM request") == [(3,)], "both stay what they are"
    ((kind, status, why),) = rows(register, FINDINGS)
    assert (kind, status) == ("DUPLICATE_REQUEST", "open")
    assert "(mails M-1) asks for the same as " in why
    assert "same title, target, requester and kind, submitted 8 days apart" in why


@pytest.mark.parametrize("other", [
    {"on": "20"}, {"who": "bob@example.com"}, {"title": "Open port 80"},
])  # fmt: skip
def test_what_differs_is_not_linked(tell, register, other):
    tell("tickets", row("T-1"))
    tell("mails", row("M-1", **other))
    assert links(register, status=None) == []


def test_requests_of_one_source_and_of_two_kinds_are_not_linked(tell, register):
    tell("tickets", row("T-1"), row("T-2"))
    tell("mails", row("M-1"), kind="change")
    assert links(register, status=None) == []


@pytest.mark.parametrize("said", [
    "this is a duplicate of T-1.", "Also filed as: https://tickets.example.com/T-1", "Same as <t-1>", "DUPLICATE OF ADD-000001",
])  # fmt: skip
def test_a_declared_reference_links_whatever_the_title(tell, register, said):
    tell("tickets", row("T-1", url="https://tickets.example.com/T-1"))
    tell("mails", row("M-1", title="Firewall", who="bob@example.com", on="28", text=said))
    assert links(register) == [("M-1", "T-1", "reference", "suggested")]


def test_naming_a_request_is_not_calling_it_the_same(tell, register):
    tell("tickets", row("T-1"))
    tell("mails", row("M-1", title="Firewall", text="depends on T-1 and on T-11"))
    tell("chats", row("C-1", title="Router", text="duplicate of T-11"))
    assert links(register, status=None) == []


def test_the_one_referred_to_may_come_later(tell, register):
    tell("mails", row("M-1", title="Firewall", on="09", text="copy of T-1"))
    assert links(register) == []
    tell("tickets", row("T-1"))
    assert links(register) == [("M-1", "T-1", "reference", "suggested")]


def test_nothing_is_linked_twice_however_often_both_come(tell, register, now):
    for day in range(3):
        tell("tickets", row("T-1", state="new" if day < 2 else "granted"), at=now + timedelta(days=day))
        tell("mails", row("M-1", on="02"), at=now + timedelta(days=day))
    assert links(register, status=None) == [("M-1", "T-1", "likeness", "suggested")]
    assert len(rows(register, FINDINGS)) == 1


def test_what_a_person_unlinked_stays_unlinked_and_its_finding_is_resolved(tell, register, now):
    tell("tickets", row("T-1"))
    tell("mails", row("M-1", on="02"))
    with register.begin() as connection:
        (link,) = listing(connection)
        decide(connection, link["link"], "unlinked", reason="two ports", by="ann", at=now)
    tell("mails", row("M-1", on="02", text="once more"), at=now + timedelta(days=1))
    assert links(register, status=None) == [("M-1", "T-1", "likeness", "unlinked")]
    assert [status for _, status, _ in rows(register, FINDINGS)] == ["resolved"]


def test_a_confirmed_duplicate_is_a_finding_until_one_side_is_settled(tell, register, now):
    tell("tickets", row("T-1"))
    tell("mails", row("M-1", on="02"))
    with register.begin() as connection:
        decide(connection, listing(connection)[0]["link"], "confirmed", reason="yes", by="ann", at=now)
    assert [status for _, status, _ in rows(register, FINDINGS)] == ["open"]
    words = {"new": "submitted", "gone": "withdrawn"}
    done = row("M-1", on="02", state="gone").replace("2026-03-02 09:00,,", "2026-03-05 09:00,,")
    tell("mails", done, at=now + timedelta(days=1), status={"column": "state", "map": words})
    assert [status for _, status, _ in rows(register, FINDINGS)] == ["resolved"]


def test_a_person_may_link_what_nobody_saw(tell, register, now):
    tell("tickets", row("T-1"))
    tell("mails", row("M-1", title="Firewall"))
    with register.begin() as connection:
        link_by_hand(connection, "ADD-000002", "ADD-000001", reason="asked in the call", by="ann", at=now)
        with pytest.raises(GovernanceError, match="expected ids of requests"):
            link_by_hand(connection, "ADD-000002", "ADD-999999", reason="r", by="ann", at=now)
        with pytest.raises(GovernanceError, match="--reason says it"):
            link_by_hand(connection, "ADD-000002", "ADD-000001", reason=" ", by="ann", at=now)
        with pytest.raises(GovernanceError, match="there is no link 99"):
            decide(connection, 99, "confirmed", reason="r", by="ann", at=now)
    assert links(register, status=None) == [("M-1", "T-1", "person", "confirmed")]


def test_a_policy_may_know_other_words_and_a_folder_without_one_means_what_ships(tmp_path, root):
    from governance.intake.duplicates.links import read_policy

    assert read_policy(tmp_path) == read_policy(root / "include" / "policies")
    (tmp_path / "duplicates.yaml").write_text("within_days: 3\nreference_words: [Dublette von]\n", "utf-8")
    assert read_policy(tmp_path).reference_words == ("Dublette von",)
