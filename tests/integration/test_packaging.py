"""What is installed from the wheel is whole: it runs from another folder, without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A new environment with the wheel in it; only its dependencies are borrowed from this one."""
    home = tmp_path_factory.mktemp("env")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    site = home / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    # a path file inside a folder that a path file adds is not read, so the checkout stays invisible
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return home / "bin" / "python"


def run(python: Path, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), **variables}
    return subprocess.run(
        [python, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("folder", ["sql", "sources", "policies", "templates", "runbooks", "dags", "plugins"])
def test_configuration_and_sql_ship_in_the_wheel(wheel, folder):
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith(f"governance/shipped/{folder}/") for name in names)


def test_it_is_the_wheel_that_is_imported(installed, tmp_path):
    done = run(installed, "-c", "import governance; print(governance.__file__)", cwd=tmp_path)
    assert str(installed.parent.parent) in done.stdout


def test_the_doctor_runs_from_another_folder(installed, register_url, tmp_path):
    done = run(
        installed, "-m", "governance", "doctor", cwd=tmp_path,
        GOVERNANCE_REGISTER_URL=register_url, AWS_ENDPOINT_URL="http://127.0.0.1:9",
        AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="eu-central-1",
        AWS_MAX_ATTEMPTS="1",  # nobody will answer
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == 1  # AWS, mail and the sources are not there, and it says so
    for line in ("register", "schema", "history", "policies", "sources", "mail", "AIRFLOW_CONN_SMTP_DEFAULT"):
        assert line in done.stdout
