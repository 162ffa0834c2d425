"""The body of an issue, read back into the fields of its form: never a guess, never somebody else's words."""

from __future__ import annotations

import pytest

from governance.intake.readers.github import form, history
from governance.intake.readers.github.observe import Glossary, observations

FILLED = (
    "### Target\r\n\r\naccount/100000000012\r\n\r\n### Why\r\n\r\n_No response_\r\n\r\n### Specification\r\n\r\n"
    '```json\r\n{"name": "x"}\r\n```\r\n\r\n### I have\r\n\r\n- [X] read\r\n- [ ] asked\r\n- [x] thought'
)
HEADINGS = ("Target", "Why", "Specification", "I have")


def test_a_filled_form_is_read_back():
    assert form.fields(FILLED, HEADINGS) == {
        "Target": "account/100000000012", "Why": None, "Specification": '{"name": "x"}', "I have": ["read", "thought"],
    }  # fmt: skip


@pytest.mark.parametrize("body", [None, "", "   ", "Just a question, no form."])
def test_a_body_without_a_form_holds_no_fields(body):
    assert form.fields(body, HEADINGS) == {}


def test_a_heading_inside_an_answer_belongs_to_the_answer():
    body = "### Why\n\nBecause\n\n### of this\n\nand\n\n```\n### Target\nin code\n```\n\n### Target\n\nx"
    found = form.fields(body, HEADINGS)
    assert found["Target"] == "x"
    assert "### of this" in found["Why"]
    assert "in code" in found["Why"]


def test_a_requester_cannot_answer_another_question_by_writing_its_heading():
    body = "### Why\n\nBecause\n\n### Target\n\naccount/999999999999\n\n### Target\n\naccount/100000000012"
    with pytest.raises(ValueError, match="'Target' comes twice"):
        form.fields(body, HEADINGS)


def test_code_that_is_never_closed_swallows_what_follows_instead_of_inventing_it():
    assert form.fields("### Why\n\n```\nx\n\n### Target\n\ny", HEADINGS).keys() == {"Why"}


def issue(**traits):
    told = {
        "number": 1,
        "title": "New",
        "body": None,
        "state": "open",
        "labels": [],
        "user": {"login": "rita"},
    }
    return {**told, "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-05T10:00:00Z", **traits}


def event(number: int, name: str, day: int, **traits):
    return {
        "id": number,
        "event": name,
        "created_at": f"2026-03-{day:02d}T10:00:00Z",
        "actor": {"login": "ben"},
        **traits,
    }


WORDS = Glossary((), ["open", "approved", "closed as not planned", "closed as completed"], ["kind: "])


def test_states_are_walked_backwards_and_a_swap_of_labels_is_one_change():
    closed = issue(
        state="closed", state_reason="completed", closed_at="2026-03-05T10:00:00Z", labels=[{"name": "approved"}],
        **{"@events": [
            event(4, "closed", 5, state_reason="completed"), event(1, "labeled", 2, label={"name": "review"}),
            event(2, "unlabeled", 3, label={"name": "review"}), event(3, "labeled", 3, label={"name": "approved"}),
            event(9, "renamed", 2, rename={"from": "Old", "to": "New"}), event(8, "mentioned", 4),
        ]},
    )  # fmt: skip
    told = [
        (o.valid_at.day, o.actor, o.fields["@status"], o.fields["title"]) for o in observations(closed, WORDS)
    ]
    assert told == [
        (1, "rita", "open", "Old"), (2, "ben", "open", "New"), (3, "ben", "approved", "New"),
        (5, "ben", "closed as completed", "New"),
    ]  # fmt: skip
    assert observations(closed, WORDS)[2].fields["closed_at"] is None


def test_what_was_reopened_was_closed_before_for_the_reason_it_was_closed():
    again = issue(**{"@events": [event(1, "closed", 2, state_reason="not_planned"), event(2, "reopened", 4)]})
    told = [o.fields["@status"] for o in observations(again, WORDS)]
    assert told == ["open", "closed as not planned", "open"]


def test_the_word_that_stands_last_in_the_map_counts():
    both = issue(state="closed", state_reason="not_planned", labels=[{"name": "approved"}, {"name": "bug"}])
    assert history.status_word(both, WORDS.words) == "closed as not planned"
    assert history.status_word(issue(state="closed"), WORDS.words) == "closed"


def test_two_labels_where_one_must_be_are_not_guessed():
    one = issue(labels=[{"name": "kind: addition"}])
    assert observations(one, WORDS)[0].fields["@label:kind: "] == "addition"
    two = issue(labels=[{"name": "kind: addition"}, {"name": "kind: change"}])
    with pytest.raises(ValueError, match="two labels begin with 'kind: '"):
        observations(two, WORDS)
