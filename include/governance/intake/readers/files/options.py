"""What a spec may say about records in files."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from governance.documents import Document
from governance.intake.readers.vocabulary import Encoding, Patterns

Character = Annotated[str, Field(min_length=1, max_length=1, pattern=r"[^\r\n]")]


class FileOptions(Document):
    """Where files are: a folder, or an S3 prefix. A name that ends in `.gz` is unpacked on the way."""

    location: str | None = Field(
        default=None, description="Folder or s3://bucket/prefix; unset: extra.path of the connection"
    )
    files: Patterns


class CsvOptions(FileOptions):
    """Delimited text."""

    type: Literal["csv"]
    files: Patterns = ("*.csv", "*.csv.gz")
    encoding: Encoding = "utf-8-sig"
    delimiter: Character = ","
    quote: Character = '"'

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if self.delimiter == self.quote:
            raise ValueError("two characters; delimiter and quote are the same")
        return self


class JsonlOptions(FileOptions):
    """JSON lines: an object a line."""

    type: Literal["jsonl"]
    files: Patterns = ("*.jsonl", "*.jsonl.gz", "*.ndjson", "*.ndjson.gz")
    encoding: Encoding = "utf-8-sig"


class XlsxOptions(FileOptions):
    """Workbooks, of which one sheet is a table."""

    type: Literal["xlsx"]
    files: Patterns = ("*.xlsx", "*.xlsx.gz")
    sheet: Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1)] = Field(
        default=1, description="Its name, or its position counted from 1"
    )
    header_row: int = Field(default=1, ge=1, description="The row that names the columns")


class YamlOptions(FileOptions):
    """YAML registers: each file a list of entries, or sections that hold such lists."""

    type: Literal["yaml"]
    files: Patterns = ("*.yaml", "*.yml", "*.yaml.gz", "*.yml.gz")
    ignore: tuple[str, ...] = Field(default=(), description="Top-level keys that hold no entries")
