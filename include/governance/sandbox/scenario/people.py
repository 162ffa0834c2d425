"""Who asks, who decides, who works. All addresses end in example.com."""

from __future__ import annotations

from functools import cache
from random import Random

from governance import resources
from governance.intake.owners import subject_of
from governance.register import ownership
from governance.register.ownership import OwnershipPolicy

DOMAIN = "example.com"

REQUESTERS = tuple(
    f"{name}@{DOMAIN}"
    for name in (
        "ida.brandt", "jonas.keller", "mira.hoffmann", "tomasz.nowak", "aylin.demir",
        "lukas.vogel", "sofia.rossi", "henrik.dahl", "priya.nair", "oliver.grant",
        "emma.clarke", "noah.whitfield", "grace.turner", "samir.haddad", "leah.cohen",
        "mateo.garcia", "hana.suzuki", "ruby.walker", "jack.thornton", "chloe.bennett",
        "felix.bauer", "nora.lindqvist", "daniel.osei", "katja.weiss", "pavel.dvorak",
        "yusuf.kaya", "carla.mendes", "erik.solberg",
    )
)  # fmt: skip
ENGINEERS = tuple(
    f"{name}@{DOMAIN}"
    for name in ("ben.schreiber", "anna.petrova", "liam.fraser", "mei.tanaka", "oscar.lund", "zoe.martin")
)
TEAMS = (
    "checkout",
    "search",
    "catalogue",
    "customer",
    "warehouse",
    "mobile",
    "reporting",
    "partner",
    "media",
)

AUTHORITY = f"governance-office@{DOMAIN}"
BOARD = f"governance-board@{DOMAIN}"
PAYMENTS, PLATFORM, SECURITY, NETWORK, DATA, SANDBOX = (
    f"{role}-lead@{DOMAIN}" for role in ("payments", "platform", "security", "network", "data", "sandbox")
)
HEAD_OF_PAYMENTS, HEAD_OF_PLATFORM, CISO = (
    f"{role}@{DOMAIN}" for role in ("head-of-payments", "head-of-platform", "ciso")
)


@cache
def decider_of(target: str, target_type: str | None = "resource", scopes: str | None = None) -> str:
    """Return who decides requests about `target`: whoever `policies/ownership.yaml` makes accountable.

    `scopes` of an exception are JSON text.
    """
    return _policy().resolve(subject_of(target_type, target, scopes)).accountable


@cache
def _policy() -> OwnershipPolicy:
    return ownership.read(resources.folder("policies"))


def requester(random: Random) -> str:
    """Draw somebody who asks; the first names of the list ask more often."""
    return REQUESTERS[min(int(random.expovariate(0.09)), len(REQUESTERS) - 1)]


def display_name(address: str) -> str:
    """`Ida Brandt` of ida.brandt@example.com."""
    return address.split("@", maxsplit=1)[0].replace(".", " ").replace("-", " ").title()
