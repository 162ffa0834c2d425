"""Call AWS for a reader: adaptive retries, pages, and errors in one line that name what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from governance.errors import SourceUnavailableError
from governance.intake.readers.aws.options import AwsOptions
from governance.intake.readers.kind import Opening
from governance.intake.readers.paginators import MarkerPages
from governance.intake.records import Raw

if TYPE_CHECKING:
    from governance.intake.spec import SourceSpec

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "OpsItemAccessDeniedException"}
)
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
)


@dataclass(frozen=True)
class AwsCalls:
    """One service in one region, through one connection."""

    client: Any
    conn_id: str

    @property
    def region(self) -> str:
        """The region that is asked."""
        return str(self.client.meta.region_name)

    def call(self, operation: str, **arguments: Any) -> Raw:
        """Return an answer as JSON would hold it; raises SourceUnavailableError in one line.

        An error that says something about one item (`...NotFoundException`) is botocore's own.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 (needed for AWS alone)
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        try:
            answer: Raw = getattr(self.client, operation)(**arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "").endswith("NotFoundException"):
                raise
            raise SourceUnavailableError(self._refusal(error)) from error
        except (BotoCoreError, ResponseParserError) as error:
            words = " ".join(str(error).split())[:300]
            raise SourceUnavailableError(f"{self._place} cannot be asked: {words}") from error
        answer.pop("ResponseMetadata", None)
        found: Raw = plain(answer)
        return found

    def rows(self, operation: str, member: str, pages: MarkerPages, **arguments: Any) -> Iterator[Raw]:
        """Yield the rows of every page; a page may be empty and still have a next one."""
        for page in self.pages(operation, member, pages, **arguments):
            yield from page

    def pages(self, operation: str, member: str, pages: MarkerPages, **arguments: Any) -> Iterator[list[Raw]]:
        """Yield the rows page by page; the next page is asked for when it is wanted."""
        while True:
            answer = self.call(operation, **arguments, **pages.parameters)
            yield answer.get(member) or []
            if not pages.advance(answer):
                return

    @property
    def _place(self) -> str:
        return f"AWS {self.client.meta.service_model.service_name} in {self.region}"

    def _refusal(self, error: Any) -> str:
        detail = error.response.get("Error", {})
        code, message = str(detail.get("Code", "unknown error")), " ".join(str(detail.get("Message")).split())
        action = f"{self.client.meta.service_model.service_name}:{error.operation_name}"
        if code in _DENIED:
            return (
                f"AWS denies {action} in {self.region}: allow it to the identity of connection {self.conn_id}"
            )
        if code in _THROTTLED:
            return f"AWS throttles {action} in {self.region}, however often it is tried: ask less often"
        return f"{self._place} answers {error.operation_name} with {code}: {message}"[:500]


def calls(spec: SourceSpec, opening: Opening, service: str, attempts: int | None = None) -> list[AwsCalls]:
    """Return what calls `service` in each region of a spec."""
    from botocore.config import Config  # noqa: PLC0415 (needed for AWS alone)

    options, connection = spec.reader, opening.connection(spec)
    assert isinstance(options, AwsOptions)  # noqa: S101 (the registry leads AWS here only)
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": attempts or options.attempts},
        connect_timeout=options.timeout_seconds,
        read_timeout=options.timeout_seconds,
    )
    regions: tuple[str | None, ...] = options.regions or (None,)
    return [
        AwsCalls(opening.client(connection, service, region_name=region, config=config), connection.conn_id)
        for region in regions
    ]


def plain(value: Any) -> Any:
    """Return a value of botocore as JSON holds it; instants in UTC, written out to the microsecond.

    >>> plain({"at": datetime(2026, 11, 16, 8, tzinfo=UTC)})
    {'at': '2026-11-16T08:00:00.000000+00:00'}
    """
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def instant(text: Any) -> datetime | None:
    """Return the instant that `plain` wrote, None for anything else."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def session_name(arn: Any) -> str | None:
    """Return who acted, as the last part of an ARN says.

    >>> session_name("arn:aws:sts::100000000001:assumed-role/requester/ida@example.com")
    'ida@example.com'
    """
    return str(arn).rpartition("/")[2] or None if arn else None
