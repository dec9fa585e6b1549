"""A list of users for the demo, always the same for the same cluster, as the CSV that import_users reads.

    python -m demo.users acme > acme.csv

The homes are uneven on purpose and some users have none, so that the first rebalance has something to do.
"""

import csv
import random
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from config.local.pipes import outlive_readers

HERE = Path(__file__).parent
HEADER = ("user_id", "name", "mail", "endpoints", "contacts", "node")
# What people have beside the desk phone, in parts of a hundred; about two endpoints per user (feature page).
CLIENTS = {
    "personal_communicator": 52,
    "mobile_communicator": 14,
    "mobile_communicator_soft": 12,
    "office_communicator": 10,
    "sametime": 5,
    "third_party": 3,
}


@dataclass(frozen=True)
class Crowd:
    """How many users live where; `-` leaves them unassigned. The domain makes IDs of two crowds differ."""

    seed: int
    domain: str
    homes: dict[str, int]
    suffix: str = ""


CROWDS = {
    "acme": Crowd(
        seed=7,
        domain="example.org",
        homes={
            "imp1a.example.org": 7900,
            "imp1b.example.org": 3100,
            "imp2a.example.org": 6400,
            "imp2b.example.org": 5300,
            "imp3a.example.org": 4700,
            "imp3b.example.org": 2150,
            "-": 450,
        },
    ),
    "branch": Crowd(
        seed=8,
        domain="branch.example.org",
        homes={"imp1.branch.example.org": 380, "-": 20},
        suffix=".branch",
    ),
}


def users(crowd: Crowd) -> Iterator[tuple[str, str, str, str, int, str]]:
    """The rows of a crowd, in the order in which people joined."""
    dice = random.Random(crowd.seed)
    given, family = _names("given_names.txt"), _names("family_names.txt")
    homes = [name for name, count in crowd.homes.items() for _ in range(count)]
    dice.shuffle(homes)
    taken: dict[str, int] = {}
    for home in homes:
        first, last = dice.choice(given), dice.choice(family)
        user_id = _once(_plain(first[0] + last), taken) + crowd.suffix
        mail = f"{user_id.removesuffix(crowd.suffix)}@{crowd.domain}"
        yield user_id, f"{first} {last}", mail, _endpoints(dice), _contacts(dice), home


def write(crowd: Crowd, file: TextIO) -> None:
    """The CSV of a crowd."""
    rows = csv.writer(file)
    rows.writerow(HEADER)
    rows.writerows(users(crowd))


def _names(file: str) -> list[str]:
    return (HERE / file).read_text(encoding="utf-8").split()


def _plain(text: str) -> str:
    """Lower case letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("ø", "o"))
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())


def _once(name: str, taken: dict[str, int]) -> str:
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}{taken[name]}"


def _endpoints(dice: random.Random) -> str:
    kinds = ["desk_phone"] if dice.random() < 0.94 else []
    kinds += [client for client, weight in CLIENTS.items() if dice.random() * 100 < weight]
    return "|".join(kinds or ["desk_phone"])


def _contacts(dice: random.Random) -> int:
    return min(200, max(0, round(dice.gauss(100, 40))))


if __name__ == "__main__":
    outlive_readers()
    write(CROWDS[sys.argv[1]], sys.stdout)
