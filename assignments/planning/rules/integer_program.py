"""A small integer program, solved exactly by HiGHS: the one place of the rules that is not the standard library.

    variables, rows, objective (whole numbers) -> HiGHS -> whole numbers, checked again here | infeasible | out of time

The answer is rounded to whole numbers and held against every row by our own arithmetic before anybody believes it.
The solver is imported where it is asked: few plans need it, and it takes a fifth of a second and 20 MB of a process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from math import ceil, floor, inf
from typing import Any

Terms = Mapping[int, float]
WHOLE = 1e-5  # how far from a whole number an answer may be


class Status(Enum):
    """How the search for a solution ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    OUT_OF_TIME = "out of time"


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver found: values by variable, the objective, and a bound that no solution is below."""

    status: Status
    values: tuple[int, ...] = ()
    objective: int = 0
    bound: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Program:
    """Variables between bounds and rows of sums between bounds; the last variables may be continuous."""

    lows: list[float] = field(default_factory=list)
    highs: list[float] = field(default_factory=list)
    continuous: set[int] = field(default_factory=set)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def variable(self, low: float, high: float, *, continuous: bool = False) -> int:
        """A new variable; answers its number."""
        self.lows.append(low)
        self.highs.append(high)
        if continuous:
            self.continuous.add(len(self.lows) - 1)
        return len(self.lows) - 1

    def row(self, terms: Terms, low: float = -inf, high: float = inf) -> None:
        """The sum of these terms is between two bounds."""
        self.rows.append((dict(terms), low, high))

    def copy(self) -> Program:
        return Program(self.lows.copy(), self.highs.copy(), self.continuous.copy(), self.rows.copy())


def solve_program(program: Program, objective: Terms, seconds: float) -> Solution:
    """The least value of an objective of whole coefficients, within so many seconds.

    Solved twice, with and without the solver's presolve: it was seen to call a program with solutions infeasible. A
    solution, which is checked here, beats a claim that there is none or that none is better.
    """
    plain = _solve(program, objective, seconds, presolve="off")
    again = _solve(program, objective, seconds - plain.seconds, presolve="on")
    solutions = [solution for solution in (plain, again) if solution.values]
    if not solutions:
        status = Status.INFEASIBLE if plain.status is again.status is Status.INFEASIBLE else Status.OUT_OF_TIME
        return Solution(status, seconds=plain.seconds + again.seconds)
    best = min(solutions, key=lambda solution: (solution.objective, solution.status is not Status.OPTIMAL))
    return replace(best, seconds=plain.seconds + again.seconds)


def _solve(program: Program, objective: Terms, seconds: float, *, presolve: str) -> Solution:
    import highspy

    solver: Any = highspy.Highs()
    for name, value in {
        "output_flag": False,
        "presolve": presolve,
        "threads": 1,
        "random_seed": 0,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 1e-6,
        "mip_feasibility_tolerance": 1e-7,
        "time_limit": max(0.01, seconds),
    }.items():
        solver.setOptionValue(name, value)
    solver.passModel(_model(program, objective))
    solver.run()
    return _outcome(program, objective, solver)


def _model(program: Program, objective: Terms) -> Any:
    import highspy
    import numpy

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.lows), len(program.rows)
    model.col_cost_ = numpy.array([objective.get(i, 0) for i in range(len(program.lows))], dtype=float)
    model.col_lower_ = numpy.array(program.lows, dtype=float)
    model.col_upper_ = numpy.array(program.highs, dtype=float)
    model.row_lower_ = numpy.array([low for _, low, _ in program.rows], dtype=float)
    model.row_upper_ = numpy.array([high for _, _, high in program.rows], dtype=float)
    starts = [0]
    index: list[int] = []
    value: list[float] = []
    for terms, _, _ in program.rows:
        index += terms.keys()
        value += terms.values()
        starts.append(len(index))
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = numpy.array(starts, dtype=numpy.int32)
    model.a_matrix_.index_ = numpy.array(index, dtype=numpy.int32)
    model.a_matrix_.value_ = numpy.array(value, dtype=float)
    kinds = highspy.HighsVarType
    model.integrality_ = [
        kinds.kContinuous if i in program.continuous else kinds.kInteger for i in range(len(program.lows))
    ]
    return model


def _outcome(program: Program, objective: Terms, solver: Any) -> Solution:
    import highspy

    status, seconds, statuses = solver.getModelStatus(), solver.getRunTime(), highspy.HighsModelStatus
    if status in (statuses.kInfeasible, statuses.kUnboundedOrInfeasible):
        return Solution(Status.INFEASIBLE, seconds=seconds)
    col_values = list(solver.getSolution().col_value)
    values = _whole(program, col_values) if col_values else None
    if values is None:
        return Solution(Status.OUT_OF_TIME, seconds=seconds)
    reached = sum(int(c) * values[i] for i, c in objective.items() if i not in program.continuous)
    low = solver.getInfo().mip_dual_bound
    bound = ceil(low - WHOLE) if low > -1e18 else 0
    proven = status == statuses.kOptimal
    return Solution(
        Status.OPTIMAL if proven else Status.OUT_OF_TIME, tuple(values), reached, reached if proven else bound, seconds
    )


def _whole(program: Program, col_values: list[float]) -> list[int] | None:
    """The answer in whole numbers, if it is one that keeps to every row; a continuous variable is rounded up."""
    values = [ceil(v - WHOLE) if i in program.continuous else round(v) for i, v in enumerate(col_values)]
    whole = [i for i in range(len(values)) if i not in program.continuous]
    if any(abs(col_values[i] - values[i]) > 0.01 for i in whole):
        return None
    if any(not floor(program.lows[i]) <= values[i] <= ceil(program.highs[i]) for i in whole):
        return None
    for terms, low, high in program.rows:
        if program.continuous & terms.keys():
            continue
        total = sum(int(c) * values[i] for i, c in terms.items())
        if not low <= total <= high:
            return None
    return values
