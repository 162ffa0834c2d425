"""What a spec may say about records in files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from governance.documents import Document
from governance.intake.readers.vocabulary import Encoding, Patterns

Character = Annotated[str, Field(min_length=1, max_length=1)]


class FileOptions(Document):
    """Where files are: a folder, or an S3 prefix."""

    location: str | None = Field(
        default=None, description="Folder or s3://bucket/prefix; unset: extra.path of the connection"
    )


class CsvOptions(FileOptions):
    """Delimited text or JSON lines; `.gz` is unpacked on the way."""

    type: Literal["csv"]
    format: Literal["csv", "jsonl"] = "csv"
    files: Patterns = ("*.csv", "*.csv.gz")
    encoding: Encoding = "utf-8-sig"
    delimiter: Character = ","
    quote: Character = '"'


class YamlOptions(FileOptions):
    """YAML registers: each file a list of entries, or sections that hold such lists."""

    type: Literal["yaml"]
    files: Patterns = ("*.yaml", "*.yml")
    ignore: tuple[str, ...] = Field(default=(), description="Top-level keys that hold no entries")
