"""The seeded scenario: an organization, 14 months of requests about it, and defects with known answers.

scenario = build()
scenario.world          # what the AWS stand-in serves
scenario.jira_issues    # what the Jira stand-in serves
scenario.csv_drops      # what lies in the S3 bucket
scenario.yaml_registers # what lies in the exception register's folder
scenario.servicenow_tables, scenario.github_issues
scenario.planted        # what must be found, and `answers.check` looks whether it was
"""

from __future__ import annotations

from governance.sandbox.scenario.builder import build
from governance.sandbox.scenario.model import NOW, SEED, Planted, Scenario

__all__ = ["NOW", "SEED", "Planted", "Scenario", "build"]
