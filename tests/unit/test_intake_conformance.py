"""Each check of the conformance suite can fail, and says what is wrong and where."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from conftest import ROOT
from governance.errors import GovernanceError
from governance.intake import questions, spec_secrets
from governance.intake.conformance import SUITE, Case, examine
from governance.intake.samples import read_sample, sample_path
from governance.intake.source_tests import source_tests
from governance.intake.spec import spec_files
from governance.intake.spec_schema import schema_text
from governance.intake.spec_secrets import secrets_in
from intake_worlds import SOURCES, write_spec

HEADER = "id,title,who,state,target,submitted,changed,approver\n"
GOOD = "A-1,Port,ida,new,account/100000000012,2026-01-02 10:00,2026-01-02 10:00,-\nA-2,Disk,jo,granted,account/100000000013,-,2026-01-03 10:00,mo\n"


def case(tmp_path: Path, now, text: str = HEADER + GOOD, register=None, **changes) -> Case:
    spec_file = write_spec(tmp_path, **changes)
    (tmp_path / "samples").mkdir(exist_ok=True)
    (tmp_path / "samples" / "drops.csv").write_text(text, "utf-8")
    return Case.of(spec_file, now=now, register=register)


def failures(found: Case) -> dict[str, list[str]]:
    return {o.check.name: list(o.problems) for o in examine(found) if o.status == "failed"}


def test_a_source_that_keeps_its_word_passes(tmp_path, now, register):
    outcomes = list(examine(case(tmp_path, now, register=register)))
    assert {outcome.status for outcome in outcomes} == {"passed"}
    assert len(outcomes) == len(SUITE)


@pytest.mark.parametrize(("text", "changes", "check", "words"), [
    (HEADER + "A-1,Port\n" + GOOD.splitlines()[1], {}, "records_read", "drops.csv:2: 2 cells where the header has 8"),
    (HEADER + GOOD.splitlines()[0], {}, "records_read", "1 records, expected at least 2"),
    (HEADER + GOOD, {"key": "ID"}, "columns_occur", "column 'ID' is in no record; there are"),
    (HEADER + GOOD, {"kind": {"column": "title", "map": {"Port": "change"}}}, "mapping_complete", "drops.csv:3: kind: 'Disk' is none"),
    (HEADER + GOOD.replace("A-2", "A-1"), {"shape": "snapshot"}, "keys_unique", "key A-1: drops.csv:2 and drops.csv:3"),
    (HEADER + GOOD + GOOD, {}, "keys_unique", "key A-1: drops.csv:2 and drops.csv:4"),
    (HEADER + GOOD.replace("2026-01-02 10:00,2", "02/01/2026,2"), {}, "dates_parse", "drops.csv:2: submitted_at: '02/01/2026' is not a date written as"),
    (HEADER + GOOD.replace("granted", "parked"), {}, "statuses_mapped", "drops.csv:3: status: 'parked' is none of the words"),
    (HEADER + GOOD.replace("ida", "-"), {}, "expectations_pass", "drops.csv:2: expected that somebody asks"),
    (HEADER + GOOD, {"batch": {"required_columns": ["colour"]}}, "expectations_pass", "the batch would be held"),
    (HEADER + GOOD, {"title": "ask AKIAABCDEFGHIJKLMNOP"}, "no_secrets", "line 2: an AWS access key id (AKIA…): it belongs into connection drops"),
])  # fmt: skip
def test_each_check_fails_with_the_place(tmp_path, now, text, changes, check, words):
    [one] = [one for one in SUITE if one.name == check]
    found = one.problems(case(tmp_path, now, text, **changes))
    assert any(words in problem for problem in found), found


def test_loading_for_a_check_leaves_nothing_behind(tmp_path, now, register):
    assert failures(case(tmp_path, now, register=register)) == {}
    with register.connect() as connection:
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar()
            for t in ("request", "intake_run")
        ]
    assert counts == [0, 0]


def test_without_a_register_loading_is_skipped_and_not_passed(tmp_path, now):
    statuses = {o.check.name: o.status for o in examine(case(tmp_path, now))}
    assert statuses["loading_repeats"] == "skipped"


def test_the_test_of_a_source_is_one_line(tmp_path, now):
    case(tmp_path, now, HEADER + GOOD.replace("granted", "parked"))
    (tmp_path / "test_drops.py").write_text(
        "from governance.intake.source_tests import source_tests\n"
        f"TestDrops = source_tests({str(tmp_path / 'drops.yaml')!r})\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-k",
        "statuses or columns",
        "test_drops.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "expected that every status is mapped" in done.stdout
    assert "drops.csv:3: status: 'parked' is none of the words" in done.stdout


def test_the_class_has_a_test_for_each_check(tmp_path):
    names = {name for name in vars(source_tests(write_spec(tmp_path))) if name.startswith("test_")}
    assert names == {f"test_{check.name}" for check in SUITE}


def test_a_missing_or_doubled_sample_says_where_it_belongs(tmp_path):
    spec_file = write_spec(tmp_path)
    with pytest.raises(GovernanceError, match=r"put a few of its records into .*samples/drops\.<ext>"):
        sample_path(spec_file)
    (tmp_path / "samples").mkdir()
    for name in ("drops.csv", "drops.jsonl", "drops_of_others.csv"):
        (tmp_path / "samples" / name).write_text("")
    with pytest.raises(GovernanceError, match=r"several samples in .*: drops\.csv and drops\.jsonl"):
        sample_path(spec_file)


def test_an_answer_of_a_network_is_a_sample(tmp_path):
    reader = {"type": "jira", "jql": "project = X"}
    from governance.intake.spec import read_spec

    spec = read_spec(write_spec(tmp_path, reader=reader))
    (tmp_path / "a.json").write_text(json.dumps({"total": 1, "issues": [{"id": "X-1"}]}))
    assert [record.locator for record in read_sample(spec, tmp_path / "a.json")] == ["X-1"]
    (tmp_path / "b.json").write_text('{"total": 1}')
    with pytest.raises(GovernanceError, match="found 0 lists of records, expected one"):
        read_sample(spec, tmp_path / "b.json")


@pytest.mark.parametrize("line", [
    "location: https://user:hunter22@example.com/x", "password: 'hunter2hunter2'", "# token=9f86d081884c7d65",
    "jql: Bearer abcdefghijklmnop1234", "x: ghp_0123456789abcdefghijABCDEFGHIJ", "client_secret: Xk29$kd02mmx",
    "a: ASIAABCDEFGHIJKLMNOP", "k: -----BEGIN RSA PRIVATE KEY-----", "u: https://x/y?X-Amz-Signature=abcdef0123456789",
])  # fmt: skip
def test_secrets_are_seen_and_not_repeated(line):
    [found] = secrets_in(line)[:1]
    secret = line.rpartition(" ")[2]
    assert secret not in found


def test_ordinary_specs_hold_no_secrets():
    for path in spec_files(SOURCES):
        assert secrets_in(path.read_text("utf-8")) == [], path


def test_the_schema_of_a_spec_is_current_and_knows_every_spec():
    text = schema_text()
    assert (ROOT / "docs" / "source.schema.json").read_text("utf-8") == text, (
        "governance sources schema > docs/source.schema.json"
    )
    validator = jsonschema.Draft202012Validator(json.loads(text))
    for path in spec_files(SOURCES):
        document = json.loads(json.dumps(yaml.load(path.read_text("utf-8"), yaml.BaseLoader)))
        errors = [
            e.message
            for e in validator.iter_errors(yaml.safe_load(path.read_text("utf-8")))
            if "datetime" not in e.message
        ]
        assert errors == [], (path, document)
    wrong = yaml.safe_load((SOURCES / "landing_zone_csv.yaml").read_text("utf-8"))
    wrong["fields"]["colour"] = "Colour"
    wrong["mode"] = "dry"
    assert len(list(validator.iter_errors(wrong))) >= 2


def test_the_examples_in_the_docstrings():
    for module in (questions, spec_secrets):
        assert doctest.testmod(module).failed == 0
