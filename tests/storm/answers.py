"""What the console may answer while a part of it is hurt, and what it may not: pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.storm.schedule import Edge, Hurt, Part, Strike

AWAY = 0  # no answer: refused, cut off, or too late
DATA = (Part.POSTGRES, Part.DISK)
BEHIND_THE_WEB = (*DATA, Part.VALKEY)


@dataclass(frozen=True, slots=True)
class Answer:
    """One request and what came back; times in seconds of one clock."""

    edge: Edge
    what: str
    status: int
    code: str
    begun: float
    ended: float


@dataclass(frozen=True, slots=True)
class Outage:
    """A strike, from when it was begun until the console said of itself that all is well."""

    strike: Strike
    begun: float
    healed: float

    def __str__(self) -> str:
        return f"{self.strike.part} {self.strike.hurt}: all well after {self.healed - self.begun:.1f} s"

    def meets(self, answer: Answer) -> bool:
        return answer.begun <= self.healed and self.begun <= answer.ended


def may_not(answer: Answer, outages: Iterable[Outage]) -> str:
    """Why an answer is none that may be given at that moment; "" where it may."""
    hurt = [outage.strike for outage in outages if outage.meets(answer)]
    parts = {strike.part for strike in hurt}
    if 200 <= answer.status < 300:
        return ""
    if 400 <= answer.status < 500:
        return "" if answer.code else "refused without a code"
    if answer.status == AWAY:
        silent = {strike.part for strike in hurt if strike.hurt is Hurt.STOPPED} & set(DATA)
        return "" if Part.WEB in parts or silent else "no answer although nothing of the web server was hurt"
    if answer.status == 503:
        if not answer.code:
            return "503 without a code"
        return "" if answer.code == "SERVER_BUSY" or parts else "503 although nothing was hurt"
    if answer.status == 500:
        return "" if parts & set(DATA) else "500 although the database was there"
    return "an answer that no one expects"
