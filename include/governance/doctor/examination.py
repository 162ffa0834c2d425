"""All checks in the order in which a person would mend things: files, register, sources, AWS, mail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from governance import resources
from governance.connections import ConnectionLookup, from_environment
from governance.doctor.check import Check, Checks
from governance.doctor.sources import examine_sources
from governance.errors import DocumentError, GovernanceError
from governance.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine


def examine(settings: Settings, lookup: ConnectionLookup = from_environment) -> Checks:
    """Yield every check; none stops the next, and nothing is written."""
    yield from _policies(settings.config_dir)
    yield from _register(settings, lookup)
    yield from examine_sources(settings, lookup)
    yield from _aws(settings, lookup)
    yield from _mail(lookup)


def _policies(config_dir: Path | None) -> Checks:
    from governance.actuation.policy import read as read_actuation
    from governance.escalation.policies import read as read_escalation
    from governance.observation.rates import read as read_observation
    from governance.reconciliation.policy import read as read_reconciliation
    from governance.register.ownership import read as read_ownership
    from governance.review.charter import read as read_charter

    folder = resources.folder("policies", config_dir)
    readers: tuple[Callable[[Path], object], ...] = (
        read_ownership,
        read_escalation,
        read_observation,
        read_reconciliation,
        read_charter,
        read_actuation,
    )
    wrong = 0
    for read in readers:
        try:
            read(folder)
        except DocumentError as error:
            wrong += len(error.problems)
            for problem in error.problems:
                yield Check("policies", "failed", str(problem), "correct the file")
        except OSError as error:
            wrong += 1
            yield Check("policies", "failed", f"{error.filename}: {error.strerror}", "restore the file")
    if not wrong:
        yield Check("policies", "ok", f"{len(list(folder.glob('*.yaml')))} files in {folder}")


def _register(settings: Settings, lookup: ConnectionLookup) -> Checks:
    from governance.register.database import connect, schema_versions
    from governance.session import open_register, register_url

    mend = "check GOVERNANCE_REGISTER_URL or the connection governance_db"
    try:
        url = register_url(settings, lookup)
        engine = connect(url) if url else open_register(settings, lookup)
        current, expected = schema_versions(engine)
    except GovernanceError as error:
        yield Check("register", "failed", str(error), mend)
        return
    place = engine.url.render_as_string(hide_password=True)
    yield Check("register", "ok", f"{place} answers" + ("" if url else " (embedded)"))
    if current != expected:
        found = f"version {current or 'none'}, this code expects {expected}"
        yield Check("register schema", "failed", found, "run `governance register migrate`")
        return
    yield Check("register schema", "ok", f"version {current}")
    yield from _history(engine)
    yield from _snapshot(engine, settings)
    engine.dispose()


def _snapshot(engine: Engine, settings: Settings) -> Checks:
    from governance.doctor.snapshot import examine_snapshot

    try:
        yield from examine_snapshot(
            engine, settings.instant(), resources.folder("policies", settings.config_dir)
        )
    except (DocumentError, OSError):
        return  # told as a mistake of the policies already


def _history(engine: Engine) -> Checks:
    from governance.register.history import broken

    with engine.connect() as connection:
        problems = broken(connection)
        blocks = connection.exec_driver_sql("SELECT count(*) FROM history_block").scalar_one()
        events = connection.exec_driver_sql("SELECT count(*) FROM action_event").scalar_one()
    for words in problems:
        mend = "follow runbooks/broken-history.md; change nothing before you have a copy"
        yield Check("history", "failed", words, mend)
    if not problems:
        actions = f", and that of {events} events of actions" if events else ""
        yield Check("history", "ok", f"hash chain of {blocks} blocks holds{actions}")


def _aws(settings: Settings, lookup: ConnectionLookup) -> Checks:
    from governance.doctor.aws import examine_aws, examine_deliveries
    from governance.session import default_aws_session

    session = default_aws_session(lookup)
    yield from examine_aws(session)
    yield from examine_deliveries(session, settings.config_deliveries)


def _mail(lookup: ConnectionLookup) -> Checks:
    from governance.doctor.mail import examine_mail

    try:
        connection = lookup("smtp_default")
    except GovernanceError as error:
        yield Check("mail", "failed", str(error), "define the connection smtp_default")
        return
    yield from examine_mail(connection)
