"""The review pack: one self-contained HTML file that a meeting reads on a screen, on paper or on a phone.

A pack of an instant is the same file, byte for byte, whenever it is rebuilt with the same knowledge; both
instants stand in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine

from governance import resources
from governance.errors import GovernanceError
from governance.review import charter, summary
from governance.review.cards import card, instant_words
from governance.review.facts import Facts, gather
from governance.review.measures import MEASURES
from governance.review.scorecards.card import scorecards
from governance.review.scorecards.page import render as render_scorecards
from governance.review.sections import SCORECARDS, sections
from governance.review.writing import write_file

Cadence = Literal["weekly", "monthly", "quarterly"]


@dataclass(frozen=True)
class PackPaths:
    """Where a pack and the scorecards it links to were written: a path, or an `s3://` address."""

    html: str
    sources: str


def build_pack(
    engine: Engine,
    *,
    as_of: datetime,
    cadence: str,
    lake: str | Path,
    policies: Path,
    known: datetime | None = None,
    out: Path | None = None,
) -> PackPaths:
    """Write the pack of `as_of` to `<lake>/packs/<cadence>/<as_of>.html`, or to `out`; scorecards beside it.

    `known` is the instant whose knowledge it uses (default: `as_of`; for an `as_of` before the register
    began, all that is known). A weekly pack speaks about the last whole week, the others about the last whole
    month.
    """
    if cadence not in get_args(Cadence):
        raise GovernanceError(f"a pack is {', '.join(get_args(Cadence))}; found {cadence!r}")
    as_of = as_of.astimezone(UTC)
    with engine.connect() as connection, connection.begin():
        facts = gather(connection, as_of=as_of, known=known, policies=policies)
        cards = scorecards(connection, as_of=as_of, policies=policies)
    html = render(facts, charter.read(policies), cadence)
    target = str(out) if out else f"{lake}/packs/{cadence}/{as_of:%Y%m%dT%H%M%SZ}.html"
    sources = f"{target.rpartition('/')[0] or '.'}/{SCORECARDS.format(as_of=as_of)}"
    way = str(lake) if out else "../../.."
    write_file(sources, render_scorecards(cards, as_of=as_of, lake=way).encode())
    write_file(target, html.encode())
    return PackPaths(html=target, sources=sources)


def render(facts: Facts, targets: charter.Charter, cadence: str) -> str:
    """Return the page."""
    cards = [card(facts, targets, measure, cadence) for measure in MEASURES]
    folder = resources.folder("templates") / "pack"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("pack.html.j2").render(
        cadence=cadence,
        as_of=instant_words(facts.as_of),
        known=instant_words(facts.known),
        known_iso=facts.known.isoformat(),
        as_of_iso=facts.as_of.isoformat(),
        hindsight=facts.known > facts.as_of,
        charter=targets,
        by_id={c.measure.id: c for c in cards},
        changes=summary.changes(cards),
        requests=any(k.value for k in facts.kpis if k.id == "requests_total"),
        last_week=_last_week(facts),
        judged=sum(bool(c.usual) for c in cards),
        decisions=summary.decisions(facts, cards),
        trust=summary.trust(facts),
        sections=sections(facts, cards),
    )


def _last_week(facts: Facts) -> str:
    return f"week {facts.points(MEASURES[0], 'week')[-1].period.label[1:]}"
