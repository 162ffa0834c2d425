"""The rules of the house that a machine can see."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

PACKAGE = ROOT / "include" / "governance"
CAPABILITIES = {"intake", "quality", "escalation", "observation", "reconciliation", "review", "register"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Absolute names of all modules that `path` imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_library_imports_no_airflow(path):
    assert not {name for name in imported(path) if name.split(".")[0] == "airflow"}


def test_great_expectations_is_imported_in_one_module_only():
    users = [path for path in MODULES if any(n.split(".")[0] == "great_expectations" for n in imported(path))]
    assert [str(path.relative_to(PACKAGE)) for path in users] == ["quality/expectations.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_knows_the_sandbox(path):
    place = path.relative_to(PACKAGE)
    if place.parts[0] in ("sandbox", "cli.py"):
        return
    assert not {name for name in imported(path) if name.startswith("governance.sandbox")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_register_knows_no_other_capability(path):
    if path.relative_to(PACKAGE).parts[0] != "register":
        return
    others = CAPABILITIES - {"register"}
    assert not {
        n
        for n in imported(path)
        if n.split(".")[:1] == ["governance"] and n.split(".")[1:2] and n.split(".")[1] in others
    }


def test_help_needs_no_heavy_import():
    script = (
        "import sys, governance.cli\n"
        "heavy = {'pandas', 'boto3', 'duckdb', 'great_expectations', 'altair', 'sqlalchemy', 'moto'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_modules_and_functions_fit_in_the_head():
    too_long = []
    for path in [*MODULES, *sorted((ROOT / "plugins").glob("*.py")), *sorted((ROOT / "dags").glob("*.py"))]:
        source = path.read_text("utf-8")
        if len(source.splitlines()) > 300:
            too_long.append(f"{path.relative_to(ROOT)}: {len(source.splitlines())} lines")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 40:
                    too_long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    assert too_long == []
