"""What a spec may say about submitted requests."""

from __future__ import annotations

from typing import Literal

from governance.intake.readers.files.options import FileOptions
from governance.intake.readers.vocabulary import Patterns


class FormOptions(FileOptions):
    """Submitted requests: a folder or S3 prefix, one YAML or JSON file for each request."""

    type: Literal["form"]
    files: Patterns = ("*.yaml", "*.yml", "*.json")
