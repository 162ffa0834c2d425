"""One lock for two Pythons: every package pinned and hashed, no index named, all direct dependencies in it."""

from __future__ import annotations

import re
import tomllib

from conftest import ROOT

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def names(requirements):
    return {re.split(r"[\[<>=!~ ;]", line)[0].lower().replace("_", "-") for line in requirements}


def test_every_pin_is_exact_and_hashed():
    pins = re.findall(
        r"^(\S+?)(==\S+)?(?: ;[^\\]*)? \\\n((?:    --hash=sha256:\w{64}(?: \\)?\n)+)", LOCK, re.M
    )
    lines = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) == len(lines) > 100
    assert all(version for _, version, _ in pins)


def test_it_names_no_index():
    assert not re.search(r"https?://|--index|--find-links|--extra-index", LOCK)


def test_every_direct_dependency_is_pinned():
    direct = set(PROJECT["dependencies"]).union(*PROJECT["optional-dependencies"].values())
    pinned = names(line for line in LOCK.splitlines() if "==" in line)
    assert names(direct) <= pinned


def test_every_direct_dependency_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    without = [
        line.strip()
        for line in block.splitlines()
        if re.match(r'\s+"[\w\[\],.>=<-]+"', line) and "#" not in line
    ]
    assert without == []
