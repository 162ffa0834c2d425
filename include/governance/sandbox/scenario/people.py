"""Who asks, who decides, who works. All addresses end in example.com."""

from __future__ import annotations

from random import Random

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

# Who decides about an account, by the tens of its number. The same as policies/ownership.yaml says.
_BY_TENS = {"0": SECURITY, "1": PLATFORM, "2": PLATFORM, "3": PAYMENTS, "4": DATA, "5": SANDBOX}


def approver_of(account: str) -> str:
    """Return who decides requests about `account`."""
    return _BY_TENS.get(account[-2], PLATFORM)


def requester(random: Random) -> str:
    """Draw somebody who asks; the first names of the list ask more often."""
    return REQUESTERS[min(int(random.expovariate(0.09)), len(REQUESTERS) - 1)]


def display_name(address: str) -> str:
    """`Ida Brandt` of ida.brandt@example.com."""
    return address.split("@", maxsplit=1)[0].replace(".", " ").replace("-", " ").title()
