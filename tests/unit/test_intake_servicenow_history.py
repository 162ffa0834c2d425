"""Rows of ServiceNow and their audit trail: what was true when, whatever form a value is written in."""

from __future__ import annotations

from governance.intake.readers.servicenow.history import observations
from governance.intake.readers.servicenow.values import flat

BETH = {"value": "46d44a", "display_value": "Beth Anglin", "link": "https://sn/api/now/table/sys_user/46d44a"}


def row(**traits):
    told = {
        "sys_id": "aa", "number": "CHG0000001", "state": {"value": "3", "display_value": "Closed"}, "assigned_to": BETH,
        "assigned_to.email": "beth@example.com", "closed_at": "2026-03-05 10:00:00",
        "sys_created_on": "2026-03-01 10:00:00", "sys_created_by": "rita", "sys_updated_on": "2026-03-05 10:00:00",
        "sys_updated_by": "ben",
    }  # fmt: skip
    return {**told, **traits}


def audit(number: int, day: int, name: str, old: str, new: str):
    return {
        "sys_id": f"{number:02d}", "fieldname": name, "oldvalue": old, "newvalue": new, "user": "ben",
        "sys_created_on": f"2026-03-{day:02d} 10:00:00",
    }  # fmt: skip


def test_a_reference_may_be_an_object_an_id_or_a_name():
    assert flat({"a": BETH}) == {"a": "46d44a", "a.value": "46d44a", "a.display_value": "Beth Anglin"}
    assert flat({"a": {"link": BETH["link"], "value": "46d44a"}}) == {"a": "46d44a", "a.value": "46d44a"}
    named = {"link": BETH["link"], "display_value": "Beth Anglin"}
    assert flat({"a": named}) == {"a": "Beth Anglin", "a.display_value": "Beth Anglin"}
    assert flat({"a": "46d44a", "b": ""}) == {"a": "46d44a", "b": ""}


def test_a_trail_is_walked_backwards_to_the_creation():
    trail = [
        audit(2, 3, "state", "-5", "-1"),
        audit(1, 3, "assigned_to", "", "46d44a"),
        audit(3, 5, "state", "-1", "3"),
    ]
    told = observations(row(**{"@audit": trail}), ["closed_at"], None)
    assert [(o.valid_at.day, o.actor, o.fields["state"]) for o in told] == [
        (1, "rita", "-5"),
        (3, "ben", "-1"),
        (5, "ben", "3"),
    ]
    first = told[0].fields
    assert (first["assigned_to"], first.get("assigned_to.email"), first["closed_at"]) == (None, None, None)
    assert told[2].fields["closed_at"] == "2026-03-05 10:00:00"


def test_without_a_trail_nothing_is_said_about_the_time_before_the_last_update():
    told = observations(row(), ["closed_at"], None)
    assert [(o.valid_at.day, o.actor, o.fields["state"]) for o in told] == [(5, "ben", "3")]


def test_a_later_pull_tells_the_same_history():
    trail = [audit(1, 3, "state", "-5", "-1")]
    early = observations(row(state="-1", closed_at="", **{"@audit": trail}), [], None)
    late = observations(
        row(state="3", **{"@audit": [*trail, audit(2, 5, "state", "-1", "3")]}), ["closed_at"], None
    )
    assert [o.valid_at for o in late[:2]] == [o.valid_at for o in early]
    assert [o.fields["state"] for o in late[:2]] == [o.fields["state"] for o in early]
