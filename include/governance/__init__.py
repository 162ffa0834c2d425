"""Governance pipelines: requests for additions, changes and exceptions, from intake to proof.

The domain library. It imports no Airflow: everything here runs without a scheduler.
"""

__version__ = "0.1.0"
