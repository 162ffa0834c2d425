"""What an issue's changelog tells: the state at each change, with what was known then."""

from __future__ import annotations

from governance.intake.readers.jira.history import observations

FIELDS = ("status", "assignee", "summary", "risk", "duedate", "due", "labels", "approver")


def when(day: int) -> str:
    return f"2026-03-{day:02d}T10:00:00.000+0100"


def person(name: str) -> dict:
    return {
        "accountId": f"id-{name}",
        "displayName": name.title(),
        "emailAddress": f"{name}@example.com",
        "active": True,
    }


def change(day: int, author: str, *items: tuple) -> dict:
    keys = ("fieldId", "from", "fromString", "to", "toString")
    return {
        "id": str(100 + day), "created": when(day), "author": person(author),
        "items": [dict(zip(keys, item, strict=True)) for item in items],
    }  # fmt: skip


def issue(*histories: dict, **fields) -> dict:
    return {
        "key": "GOV-1", "id": "1", "self": "https://jira.example.com/jira/rest/api/3/issue/1",
        "fields": {
            "created": when(1), "updated": when(28), "reporter": person("rita"), "status": {"name": "Done", "id": "3"},
            **fields,
        },
        "changelog": {"histories": list(histories)},
    }  # fmt: skip


def history(*args, **kwargs):
    return observations(
        issue(*args, **kwargs), FIELDS, dates=("duedate", "due"), nested=("status", "assignee")
    )


OPENED = ("status", "1", "Open", "2", "Approved")
DONE = ("status", "2", "Approved", "3", "Done")


def test_states_are_walked_backwards_each_at_its_own_time_by_its_author():
    seen = history(change(9, "bob", DONE), change(4, "ann", OPENED))
    told = [(o.fields["status"]["name"], o.valid_at.day, o.actor) for o in seen]
    assert told == [
        ("Open", 1, "rita@example.com"),
        ("Approved", 4, "ann@example.com"),
        ("Done", 9, "bob@example.com"),
    ]


def test_an_issue_without_changes_is_one_observation():
    (only,) = history()
    assert (only.valid_at.isoformat(), only.fields["@url"]) == (
        "2026-03-01T10:00:00+01:00",
        "https://jira.example.com/jira/browse/GOV-1",
    )


def test_changes_of_fields_that_nobody_maps_are_no_observations():
    assert len(history(change(4, "ann", OPENED), change(5, "ann", ("rank", None, "1", None, "2")))) == 2


def test_a_later_pull_tells_the_same_history():
    steps = [change(4, "ann", OPENED), change(9, "bob", DONE)]
    early = issue(steps[0], status={"name": "Approved", "id": "2"}, updated=when(4), assignee=person("ann"))
    late = issue(*steps, updated=when(12), assignee=person("ann"))
    before, after = (observations(i, FIELDS, ("duedate",), ("status",)) for i in (early, late))
    assert [o.raw for o in before] == [o.raw for o in after][:2]


def test_people_are_recognised_by_their_account_and_keep_their_address():
    moved = ("assignee", "id-ann", "Ann", "id-bob", "Bob")
    seen = history(change(4, "ann", moved), assignee=person("bob"))
    assert [o.fields["assignee"]["emailAddress"] for o in seen] == ["ann@example.com", "bob@example.com"]
    first = history(change(4, "ann", ("assignee", None, None, "id-bob", "Bob")), assignee=person("bob"))
    assert first[0].fields["assignee"] is None


def test_options_dates_lists_and_plain_text_go_back_in_the_form_the_issue_shows():
    seen = history(
        change(
            4, "ann", ("risk", "10", "Low", "11", "High"), ("duedate", "2026-04-01", "01/Apr/26", "2026-05-01", "x"),
            ("labels", "a b", "a b", "c", "c"), ("summary", None, "Before", None, "After"),
        ),
        risk={"value": "High", "id": "11"}, duedate="2026-05-01", labels=["c"], summary="After",
    )  # fmt: skip
    before = seen[0].fields
    assert (before["risk"]["value"], before["duedate"], before["labels"], before["summary"]) == (
        "Low", "2026-04-01", ["a", "b"], "Before",
    )  # fmt: skip


def test_a_resolution_is_not_known_before_it_happened():
    seen = history(change(9, "bob", DONE), resolutiondate=when(9))
    assert [o.fields["resolutiondate"] for o in seen] == [None, when(9)]


def test_an_atlassian_document_becomes_text():
    text = {"type": "text", "text": "Why"}
    mention = {"type": "mention", "attrs": {"text": "@ann"}}
    blocks = [
        {"type": "paragraph", "content": [text, {"type": "hardBreak"}, mention]},
        {
            "type": "bulletList",
            "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": [text]}]}],
        },
    ]
    (only,) = history(description={"type": "doc", "version": 1, "content": blocks})
    assert only.fields["description"] == "Why\n@ann\n\nWhy"


def test_changes_of_the_same_second_keep_their_order():
    first, second = change(4, "ann", OPENED), change(4, "ann", DONE)
    second["id"] = "105"
    assert [o.fields["status"]["name"] for o in history(second, first)] == ["Open", "Approved", "Done"]
