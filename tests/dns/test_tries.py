"""Which server a client tries first, second, third, and how long it takes until one answers."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from topology.dns.rules.records import SrvRecord
from topology.dns.rules.tries import COST, REFUSES, SERVES, SILENT, walk

OUTCOMES = st.sampled_from([SERVES, REFUSES, SILENT])


def records(*priorities: int) -> list[SrvRecord]:
    return [SrvRecord("_x._tcp.org", p, 10, 8443, f"n{i}.org", "cluster") for i, p in enumerate(priorities)]


def test_the_standby_comes_second_and_costs_the_wait_for_the_first() -> None:
    found = walk("_x", records(10, 20), {"n0.org": SILENT, "n1.org": SERVES})
    assert [(each.target, each.outcome, each.begun) for each in found.tries] == [
        ("n0.org", SILENT, 0),
        ("n1.org", SERVES, 10),
    ]
    assert (found.worst, found.best, found.mean, found.served_by) == (10, 10, 10, "n1.org")


def test_of_equals_any_may_come_first() -> None:
    found = walk("_x", records(10, 10), {"n0.org": SILENT, "n1.org": SERVES})
    assert (found.worst, found.best, found.mean) == (10, 0, 5)
    assert all(each.any_order for each in found.tries)


def test_a_closed_port_costs_nothing_and_nobody_answers_never() -> None:
    assert walk("_x", records(10, 20), {"n0.org": REFUSES, "n1.org": SERVES}).worst == 0
    assert walk("_x", records(10, 10), {}).worst is None


@given(st.lists(st.tuples(st.sampled_from([10, 20, 30]), OUTCOMES), min_size=1, max_size=5))
def test_the_numbers_are_those_of_all_orders(servers: list[tuple[int, str]]) -> None:
    """Worst, best and mean against every order that the priorities allow."""
    found = walk("_x", records(*(p for p, _ in servers)), {f"n{i}.org": does for i, (_, does) in enumerate(servers)})
    times = []
    for order in permutations(servers):
        if [p for p, _ in order] == sorted(p for p, _ in servers):
            outcomes = [does for _, does in order]
            if SERVES not in outcomes:
                assert found.worst is None
                return
            times.append(sum(COST[does] for does in outcomes[: outcomes.index(SERVES)]))
    assert (found.worst, found.best) == (max(times), min(times))
    assert abs((found.mean or 0) - sum(times) / len(times)) < 1e-9
