"""What one test of the troubleshooter finds, the line it makes, and how tests enter their list."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from topology.rules.check_facts import ClusterFacts

PASSED, WARNING, FAILED, INFO = "passed", "warning", "failed", "info"
WORST_FIRST = (FAILED, WARNING, INFO, PASSED)


@dataclass(frozen=True)
class Finding:
    """What one test found: an outcome other than passed, with the problem and what to do."""

    outcome: str
    problem: str
    fix: str


@dataclass(frozen=True)
class Check:
    """One line of the troubleshooter."""

    code: str
    test: str
    outcome: str
    problem: str = ""
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """The shape that the page, the commands and the API give."""
        return {
            "code": self.code,
            "test": self.test,
            "outcome": self.outcome,
            "problem": self.problem,
            "fix": self.fix,
        }


Test = Callable[[ClusterFacts], Iterator[Finding]]
Tests = dict[str, tuple[str, Test]]  # what each code tests, and how


def worst(checks: Iterable[Check]) -> str:
    """The gravest outcome of all."""
    return min((check.outcome for check in checks), key=WORST_FIRST.index, default=PASSED)


def checked(code: str, test: str, findings: list[Finding]) -> Check:
    """The line of a test: its gravest finding says how it came out."""
    if not findings:
        return Check(code, test, PASSED)
    outcome = min((finding.outcome for finding in findings), key=WORST_FIRST.index)
    problem = " ".join(finding.problem for finding in findings)
    return Check(code, test, outcome, problem, " ".join(dict.fromkeys(finding.fix for finding in findings)).strip())


def entry(tests: Tests, code: str, description: str) -> Callable[[Test], Test]:
    """Put a test at the end of a list."""

    def enter(find: Test) -> Test:
        tests[code] = (description, find)
        return find

    return enter
