"""Rows that come in blocks are the same records as rows that come one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from governance.intake.blocks import Block, at, one_by_one
from governance.intake.mapping import map_records
from governance.intake.parts import Parts, in_parts
from governance.intake.readers.files import straight
from governance.intake.readers.files.delimited import delimited, records_of
from governance.intake.readers.files.limits import UnreadableFileError
from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.texts import decoded, legible
from governance.intake.records import Record, raw_hash
from governance.intake.spec import read_spec
from governance.register import ownership

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
INCLUDE = Path(__file__).resolve().parents[2] / "include"
CELLS = st.sampled_from(
    ["a", "b c", "", " x ", '"q"', '"a,b"', '"two\nlines"', "é", "\ufeff1", "\x00", '"', 'x"y', "1"]
)
LINES = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=12)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(straight, "RECORDS", 3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, end=ENDS, mark=st.booleans(), foreign=st.booleans())
@example(lines=["a,b", "1,2", '3,"4', "5,6"], end="\n", mark=True, foreign=False)
@example(
    lines=["a,b", "1,2", "", "5,6", "7,8", '"9,10",11', "12,13", "14,15"],
    end="\r\n",
    mark=True,
    foreign=False,
)
@example(lines=["a,b", "1,2", '3,"4', '5",6', "7,8", "9,10", "11,12"], end="\n", mark=False, foreign=False)
@example(lines=["a,b", "1,2", "3,4", "5,6", "7,8", "9"], end="\n", mark=False, foreign=True)
def test_a_file_holds_the_same_records_whichever_way_it_is_read(lines, end, mark, foreign):
    content = ("\ufeff" if mark else "").encode() + end.join(lines).encode() + (b"\xe9," if foreign else b"")
    options = CsvOptions(type="csv")

    def straight():
        return list(one_by_one(records_of("f.csv", content, options)))

    def slow():
        text = decoded(content, options.encoding)
        return [
            Record(f"f.csv:{line}", *legible(raw, problem, options.encoding))
            for line, raw, problem in delimited(text, options)
        ]

    try:
        expected = slow()
    except UnreadableFileError as error:
        with pytest.raises(UnreadableFileError, match=str(error)[:20]):
            straight()
        return
    assert straight() == expected


def test_a_block_maps_to_what_its_records_map_to(spec):
    lines = ["key,state,about,when"]
    lines += [f"K{n},{'new' if n % 3 else 'odd'}, resource/{n} ,2026-11-0{n}" for n in range(1, 9)]
    lines[4] = 'K4,new,"process/say ""hi"" \t",2026-11-31'
    found = list(records_of("2026.csv", "\n".join(lines).encode(), CsvOptions(type="csv")))
    assert [len(block) for block in found if isinstance(block, Block)] == [3, 3, 2]
    first = found[1]
    policy = ownership.read(INCLUDE / "policies")
    fast, slow = (map_records(one, spec, now=NOW, policy=policy, first=3) for one in (first, list(first)))
    assert fast.reasons == slow.reasons
    assert fast.reasons
    raw = [raw_hash(json.loads(one)) for one in fast.batch["raw"]]
    assert raw == [raw_hash(record.raw) for record in first]
    pd.testing.assert_frame_equal(fast.batch.drop(columns="raw"), slow.batch.drop(columns="raw"))


def test_parts_give_records_of_blocks_back_as_they_came(monkeypatch, spec):
    monkeypatch.setattr("governance.intake.parts.SMALLEST", 2)
    text = "\n".join(["key,state,about,when", *(f"K{n},new,resource/{n},2026-11-02" for n in range(7))])
    drawn = list(records_of("f.csv", text.encode(), CsvOptions(type="csv")))
    alone = Record("g.csv:2", {"key": "Z", "state": "new", "about": "resource/z", "when": "2026-11-02"})
    parts, policy = Parts(), ownership.read(INCLUDE / "policies")
    for some in in_parts([drawn[0], alone, *drawn[1:]]):
        batch = map_records(
            some, spec, now=NOW, policy=policy, first=parts.pulled, first_row=parts.rows
        ).batch
        parts.add(some, batch)
    expected = [*drawn[0], alone, *one_by_one(drawn[1:])]
    assert [record for part in parts for record in part.records()] == expected
    assert parts.hashes([0, 3, 7]) == {n: raw_hash(expected[n].raw) for n in (0, 3, 7)}
    for records in (*drawn, *(part.records() for part in parts)):
        assert at(records, [len(records) - 1, 0]) == [*list(records)[-1:], *list(records)[:1]]
        assert at(records, []) == []


@pytest.fixture
def spec(tmp_path):
    file = tmp_path / "blocks.yaml"
    file.write_text(SPEC, "utf-8")
    return read_spec(file)


SPEC = """
name: blocks
title: Blocks
owner: a@example.com
connection: none
schedule: "@daily"
mode: live
shape: snapshot
reader: {type: csv}
time_zone: UTC
dates: ["%Y-%m-%d"]
key: key
kind: change
status: {column: state, map: {new: submitted}}
fields: {title: about, target: about, source_updated_at: when}
"""
