"""Whatever a source sends, a run ends with every record accounted for, and a second one changes nothing."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.intake import run
from governance.intake.records import Record
from governance.register.history import broken_blocks
from intake_worlds import pull, rows, spec

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
FIELDS = ("id", "state", "title", "who", "approver", "target", "submitted", "changed")
odd_text = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["\x00", "\ud800", "a\udfffb", "\\u0000", '"\\', "'; DROP TABLE request; --", "\u2028", "new"]),
)  # fmt: skip
odd = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**400), 10**400), st.floats(), odd_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(odd_text, inner, max_size=3)),
    max_leaves=8,
)
sound = {
    "id": st.integers(1, 3).map(str), "state": st.sampled_from(["new", "granted", "built"]), "title": st.just("Title"),
    "who": st.just("ann@example.com"), "approver": st.just("-"), "target": st.just("account/100000000012"),
    "submitted": st.just("2026-03-01 09:00"), "changed": st.integers(0, 59).map(lambda m: f"2026-03-01 10:{m:02d}"),
}  # fmt: skip
raw = st.one_of(
    st.fixed_dictionaries(sound),
    st.fixed_dictionaries(sound).flatmap(
        lambda raw: st.tuples(st.sampled_from(FIELDS), odd).map(lambda change: {**raw, change[0]: change[1]})
    ),
    st.fixed_dictionaries(sound, optional={"more": odd}),
    st.dictionaries(odd_text, odd, max_size=4),
)
SEALED_AS_PROMISED = (
    "SELECT count(*) FROM request_event WHERE content <> sha256(convert_to(jsonb_build_array("
    "status, actor, state::jsonb - 'owner' - 'owner_rule', raw::jsonb)::text, 'UTF8'))"
)


class Told:
    """A reader of records that are at hand."""

    def __init__(self, raws) -> None:
        self.raws = raws

    def records(self, pull, cursor):
        yield from (Record(f"told:{number}", raw) for number, raw in enumerate(self.raws, start=1))


def deep(levels: int) -> list:
    found: list = []
    for _ in range(levels):
        found = [found]
    return found


def accounted(register, monkeypatch, raws):
    monkeypatch.setattr(run, "open_reader", lambda *_: Told(raws))
    with tempfile.TemporaryDirectory() as folder:
        result = pull(register, spec(), NOW, Path(folder))
    assert result.status == "complete", result.message
    assert result.pulled == len(raws)
    assert result.pulled == result.loaded + result.unchanged + result.quarantined
    with register.connect() as connection:
        assert broken_blocks(connection) == []
    assert rows(register, SEALED_AS_PROMISED) == [(0,)]
    return result


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raws=st.lists(raw, min_size=1, max_size=25))
def test_arbitrary_records_are_loaded_or_kept_back(register, monkeypatch, raws):
    first = accounted(register, monkeypatch, raws)
    again = accounted(register, monkeypatch, raws[::-1])
    assert (again.loaded, again.quarantined) == (0, first.quarantined)


def test_a_record_nested_too_deep_is_kept_back_alone(register, monkeypatch):
    good = dict.fromkeys(FIELDS) | {
        "id": "1", "state": "new", "title": "Title", "who": "ann@example.com", "changed": "2026-03-01 10:00"
    }  # fmt: skip
    result = accounted(
        register, monkeypatch, [good, {**good, "more": deep(400)}, {**good, "more": deep(5000)}]
    )
    assert (result.loaded, result.quarantined) == (2, 1)
    kept_back = rows(register, "SELECT locator, reasons FROM quarantine")
    assert kept_back[0][0] == "told:3"
    assert "levels of objects within each other" in kept_back[0][1][0]["why"]
