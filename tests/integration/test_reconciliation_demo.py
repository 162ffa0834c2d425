"""The exception register of the demo against its AWS: every planted verdict, flag and finding is found."""

from __future__ import annotations

import boto3

from governance.observation.observe import observe
from governance.reconciliation.reconcile import reconcile
from governance.sandbox import earlier
from governance.sandbox.aws import serve
from governance.sandbox.scenario import build
from governance.sandbox.scenario.answers import check
from governance.sandbox.scenario.model import YAML
from intake_worlds import connections, pull, shipped


class Session(boto3.Session):
    url = ""

    def client(self, service, *args, **more):
        return super().client(service, *args, endpoint_url=self.url, **more)


def test_every_planted_answer_about_exceptions_is_found(
    register, register_url, now, tmp_path, root, monkeypatch
):
    scenario = build()
    folder = tmp_path / "registers"
    folder.mkdir()
    for name, text in scenario.yaml_registers.items():
        (folder / name).write_text(text, "utf-8")
    lookup = connections(exception_register={"conn_type": "fs", "extra": {"path": str(folder)}})
    pull(register, shipped("exception_register"), now, tmp_path / "lake", lookup=lookup)
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("GOVERNANCE_AWS_PACE", "0")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert earlier.main() == 0
    with serve(scenario.world) as aws:
        session = Session("AKIASANDBOX000000001", "sandbox-only", region_name=scenario.world.home_region)
        session.url = aws.url
        observe(register, session, now=now, lake=str(tmp_path / "lake"), shards=1)
    reconcile(register, now=now, policies=root / "include" / "policies")
    kinds = {"verdict", "finding"}
    results = [
        one for one in check(register, scenario)
        if one.planted.expects in kinds and one.planted.source in (None, YAML)
    ]  # fmt: skip
    assert len(results) > 140
    assert [(one.planted.case, one.found) for one in results if not one.recognised] == []
