"""Payloads of GitHub's webhook event `issues`, kept as files: each is one step of an issue's history.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from governance.intake.readers.files import kind as files
from governance.intake.readers.files.reader import FileReader
from governance.intake.readers.github.history import instant, login
from governance.intake.readers.github.kind import glossary
from governance.intake.readers.github.options import WebhookOptions
from governance.intake.readers.github.reader import kept
from governance.intake.readers.kind import Opening
from governance.intake.records import Observation, Reader, Record

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec

_GONE = ("deleted", "transferred")


def open_reader(spec: SourceSpec, opening: Opening) -> Reader:
    """Return the reader of a folder of payloads, or of the path given instead."""
    return FileReader(_options(spec), files.place_for(spec, opening), records_of, opening.known)


def records_of(name: str, content: bytes, options: WebhookOptions) -> Iterator[Record]:  # noqa: ARG001
    """Yield one record per payload; a file that is none is one that has a problem."""
    yield _record(name, content)


def observations(spec: SourceSpec, record: Record) -> list[Observation]:
    """Return the one observation of a payload: the issue at its update time, and what was done to it."""
    payload = record.raw
    issue = {**kept(payload["issue"])}
    columns = glossary(spec).columns(issue)
    columns |= {"@action": payload["action"], "@repository": payload["repository"]["full_name"]}
    if payload["action"] in _GONE:
        columns["@status"] = payload["action"]
    return [Observation(columns, instant(issue["updated_at"]), login(payload.get("sender")))]


def probe(spec: SourceSpec, opening: Opening) -> str:
    """Return that the folder is there."""
    return files.probe(spec, opening)


def _record(name: str, content: bytes) -> Record:
    try:
        payload = json.loads(content.decode("utf-8-sig"), parse_constant=str)
    except (ValueError, RecursionError):
        text = content.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
        return Record(name, {"@text": text}, "the file is not JSON in UTF-8")
    if not isinstance(payload, dict) or not isinstance(payload.get("issue"), dict):
        return Record(name, {"@payload": payload}, "the file is no payload of the webhook event `issues`")
    return Record(name, payload)


def _options(spec: SourceSpec) -> WebhookOptions:
    assert isinstance(spec.reader, WebhookOptions)  # noqa: S101 (the registry leads webhooks here only)
    return spec.reader
