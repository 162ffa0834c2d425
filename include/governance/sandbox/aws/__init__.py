"""An AWS to talk to over HTTP: Organizations and AWS Config from botocore's models, S3 and STS by moto."""

from __future__ import annotations

from governance.sandbox.aws.faults import Fault, Faults
from governance.sandbox.aws.server import Application, Handle, application, serve

__all__ = ["Application", "Fault", "Faults", "Handle", "application", "serve"]
