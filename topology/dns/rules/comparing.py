"""What a name server answered beside what it should: every difference, named, with its fix.

WantedRecords + answers + aliases of targets + former names of nodes --problems--> SrvProblem, one a difference
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from topology import reasons
from topology.dns.rules.records import SrvRecord, WantedRecords
from topology.reasons import REASONS, Reason

ANSWERED, ABSENT, SILENT, FAILED = "answered", "absent", "silent", "failed"
REFUSES = ": the name server refuses to answer for it"  # as one does that has no zone for a name


@dataclass(frozen=True)
class FoundRecord:
    """A record as the name server has it; the target without its last dot."""

    priority: int
    weight: int
    port: int
    target: str

    @property
    def key(self) -> str:
        return self.target.lower()


@dataclass(frozen=True)
class SrvAnswer:
    """What came back for one name; `detail` is the code of a failure, or how long nothing came."""

    state: str
    records: tuple[FoundRecord, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class SrvProblem:
    """One difference, of the record of a name."""

    name: str
    why: Reason
    facts: Mapping[str, Any]

    @property
    def message(self) -> str:
        return self.why.say(**self.facts)

    @property
    def fix(self) -> str:
        return self.why.say_fix(**self.facts)

    def as_dict(self) -> dict[str, str]:
        """The shape that the page, the command and the API give."""
        return {"name": self.name, "code": self.why.code, "message": self.message, "fix": self.fix}

    def kept(self) -> dict[str, Any]:
        """What is stored of it."""
        return {"name": self.name, "code": self.why.code, "facts": dict(self.facts)}

    @classmethod
    def of_kept(cls, kept: Mapping[str, Any]) -> SrvProblem:
        return cls(kept["name"], REASONS[kept["code"]], kept["facts"])


@dataclass(frozen=True)
class Ground:
    """What is known besides the answers, all in lower case.

    `aliases`: target to the name that it is an alias of; `former`: name that a node had to the one it has now, empty
    for a node that is gone.
    """

    aliases: Mapping[str, str]
    former: Mapping[str, str]
    server: str = ""


def problems(records: WantedRecords, answers: Mapping[str, SrvAnswer], ground: Ground) -> tuple[SrvProblem, ...]:
    """Every difference, in the order of the records; then what is there under names that must have none."""
    differences = [problem for name in records.names for problem in _of_name(name, records, answers[name], ground)]
    for name in records.ambiguous:
        targets = dict.fromkeys(record.target for record in answers[name].records)
        differences += [SrvProblem(name, reasons.SRV_AMBIGUOUS, {"name": name, "target": target}) for target in targets]
    return tuple(differences)


def _of_name(name: str, records: WantedRecords, answer: SrvAnswer, ground: Ground) -> Iterator[SrvProblem]:
    facts = {"name": name, "server": ground.server, "detail": answer.detail}
    if answer.state == SILENT:
        yield SrvProblem(name, reasons.SRV_NO_ANSWER, facts)
    elif answer.state == FAILED:
        yield SrvProblem(name, reasons.SRV_SERVER_FAILS, facts)
    elif answer.state == ABSENT or not answer.records:
        facts |= {"detail": REFUSES if answer.detail else "", "values": _values(records.of(name))}
        yield SrvProblem(name, reasons.SRV_NAME_MISSING, facts)
    else:
        yield from _Compared(name, records, answer.records, ground).problems()


def _values(records: Iterable[SrvRecord]) -> str:
    return ", ".join(record.value for record in records)


class _Compared:
    """The records of one name as they should be, beside those that were found."""

    def __init__(self, name: str, records: WantedRecords, published: tuple[FoundRecord, ...], ground: Ground) -> None:
        self.name, self.domain, self.ground = name, records.domain.lower(), ground
        self.expected = {record.target.lower(): record for record in records.of(name)}
        self.published = published
        self.covered: set[str] = set()  # targets that a problem tells of already

    def problems(self) -> Iterator[SrvProblem]:
        good, strange = self._sorted()
        for published in good:
            yield from self._differences(self.expected[published.key], published)
        for published in strange:
            yield self._strange(published)
        for key, record in self.expected.items():
            if key not in self.covered:
                yield self._say(reasons.SRV_RECORD_MISSING, record=record.value)

    def _sorted(self) -> tuple[list[FoundRecord], list[FoundRecord]]:
        """The best match of each target that should be there, and everything else."""
        good: dict[str, FoundRecord] = {}
        for published in sorted(self.published, key=lambda each: (self._faults(each), each.priority, each.port)):
            if published.key in self.expected:
                good.setdefault(published.key, published)
        self.covered |= good.keys()
        best = {id(published) for published in good.values()}
        return list(good.values()), [published for published in self.published if id(published) not in best]

    def _faults(self, published: FoundRecord) -> int:
        record = self.expected.get(published.key)
        pairs = (
            [(published.port, record.port), (published.priority, record.priority), (published.weight, record.weight)]
            if record
            else []
        )
        return sum(there != wanted for there, wanted in pairs)

    def _differences(self, record: SrvRecord, published: FoundRecord) -> Iterator[SrvProblem]:
        compared = (
            (reasons.SRV_WRONG_PORT, published.port, record.port),
            (reasons.SRV_WRONG_PRIORITY, published.priority, record.priority),
            (reasons.SRV_WRONG_WEIGHT, published.weight, record.weight),
        )
        for why, there, right in compared:
            if there != right:
                yield self._say(why, target=record.target, there=there, right=right)
        if canonical := self.ground.aliases.get(published.key):
            yield self._say(reasons.SRV_TARGET_ALIAS, target=published.target, canonical=canonical)

    def _strange(self, published: FoundRecord) -> SrvProblem:
        """A record that should not be there, by what it probably is."""
        key = published.key
        if key in self.expected:
            return self._say(reasons.SRV_RECORD_TWICE, target=published.target, port=published.port)
        if meant := self._unqualified(key):
            self.covered.add(meant.lower())
            return self._say(reasons.SRV_NOT_QUALIFIED, target=published.target, meant=meant)
        if key in self.ground.former:
            return self._stale(published, self.ground.former[key])
        if canonical := self.ground.aliases.get(key):
            self.covered.add(canonical.lower())
            return self._say(reasons.SRV_TARGET_ALIAS, target=published.target, canonical=canonical)
        return self._say(reasons.SRV_EXTRA, target=published.target)

    def _unqualified(self, key: str) -> str:
        """The full name that a target was meant to be: one without a domain, or with the domain twice."""
        if "." not in key:
            return next((r.target for k, r in self.expected.items() if k.split(".")[0] == key), f"{key}.{self.domain}")
        doubled = key.removesuffix(f".{self.domain}") if self.domain else key
        return self.expected[doubled].target if doubled != key and doubled in self.expected else ""

    def _stale(self, published: FoundRecord, now: str) -> SrvProblem:
        if now.lower() in self.expected:
            self.covered.add(now.lower())
            return self._say(reasons.SRV_STALE, target=published.target, now=self.expected[now.lower()].target)
        return self._say(reasons.SRV_NODE_GONE, target=published.target)

    def _say(self, why: Reason, **facts: Any) -> SrvProblem:
        return SrvProblem(self.name, why, {"name": self.name, **facts})
