"""What-if of a full failover and failback: beside SimPy, and a million users in no more than twice the time."""

import time
from bisect import bisect_right
from collections.abc import Iterator

import simpy

from assignments.simulation import scenario_reader
from assignments.simulation.rules import play
from assignments.simulation.rules import timeline as simulator_frames
from tests.bench.measure import judge

REACH = 2.0  # times
ROUNDS, PLAYS = 9, 10  # one play takes less than others have the processor for


def document(users: int) -> dict[str, object]:
    """Three pairs; the first node of each fails, returns when its users are at the backup, and is fallen back to."""
    share = users // 6
    groups = [
        {
            "name": f"sc-{pair}",
            "ha": True,
            "nodes": [
                {
                    "name": f"node-{pair}{side}",
                    "profile": 15_000,
                    "capacity": max(15_000, 2 * share),
                    "users": share,
                    "publisher": pair == 1 and side == "a",
                }
                for side in "ab"
            ],
        }
        for pair in (1, 2, 3)
    ]
    timeline = [
        {"at": at, "do": do, "node": f"node-{pair}a", **kind}
        for at, do, kind in (
            ("1m", "fault", {"kind": "power"}),
            ("4h", "repair", {"kind": "power"}),
            ("5h", "fallback", {}),
        )
        for pair in (1, 2, 3)
    ]
    return {"topology": {"cluster": "bench", "subclusters": groups}, "timeline": timeline, "until": "10h"}


def seconds(users: int) -> tuple[float, float]:
    """One round: from the parsed file to the result, and to the timeline for charts and scrubber."""
    played = filmed = 0.0
    for _ in range(PLAYS):
        start = time.perf_counter()
        scenario = scenario_reader.parse(document(users), lambda name: ((), 0))
        result = play.run(scenario)
        played += (time.perf_counter() - start) / PLAYS
        simulator_frames.record(scenario, result)
        filmed += (time.perf_counter() - start) / PLAYS
    events = [line["event"] for line in result.log]
    assert events.count("FAILOVER_FINISHED") == events.count("FALLBACK_FINISHED") == 3
    assert result.never_returned == 0
    assert not result.cut_off
    assert max(result.peak_users.values()) == 2 * (users // 6)
    return played, filmed


def test_what_if_of_a_failover_and_failback() -> None:
    """A million beside thirty thousand, played and with the timeline for charts and scrubber."""
    rounds = [(seconds(30_000), seconds(1_000_000)) for _ in range(ROUNDS)]
    for place, what in enumerate(("what-if of a failover and failback", "the same with its timeline")):
        judge(
            f"{what}: 1,000,000 users to 30,000",
            [large[place] for _, large in rounds],
            [small[place] for small, _ in rounds],
            REACH,
        )


# --- Beside SimPy, with a process for each user ----------------------------------------------------
FASTER = 100  # times
FAULT, FALLBACK, END = 60, 5 * 3600, 10 * 3600  # seconds, as in `document`
Curve = dict[str, list[float]]  # instants of the sign-ins at each node, in order


def by_processes(users: int, lower_limit: int, rate: float) -> Curve:
    """The same failovers and fallbacks, each user a process that loses the connection, waits and queues at a node."""
    world = simpy.Environment()
    signed_in: Curve = {}

    def person(backup: simpy.Resource, home: simpy.Resource, pair: int, fails: bool) -> Iterator[simpy.Event]:
        if not fails:
            return
        for at, wait, node, side in ((FAULT, lower_limit, backup, "b"), (FALLBACK, 0, home, "a")):
            yield world.timeout(at + wait - world.now)
            with node.request() as turn:
                yield turn
                yield world.timeout(1 / rate)
            signed_in.setdefault(f"node-{pair}{side}", []).append(world.now)

    for pair in (1, 2, 3):
        nodes = simpy.Resource(world), simpy.Resource(world)
        for number in range(users // 3):
            world.process(person(*nodes, pair, number < users // 6))
    world.run(until=END)
    return signed_in


def test_what_if_beside_a_process_for_each_user() -> None:
    """The same curve, to one user in every second, a hundred times as fast."""
    scenario = scenario_reader.parse(document(30_000), lambda name: ((), 0))
    started = next(line for line in play.run(scenario).log if line["event"] == "FAILOVER_STARTED")
    lower_limit = scenario.pairs[0].parameters.relogin_lower_limit
    ours, theirs = [], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        curve = by_processes(30_000, lower_limit, started["facts"]["rate"])
        theirs.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        for _ in range(PLAYS):
            parsed = scenario_reader.parse(document(30_000), lambda name: ((), 0))
            timeline = simulator_frames.record(parsed, play.run(parsed))
        ours.append((time.perf_counter() - begin) / PLAYS)
    compared = 0
    for second in range(END):
        if second == FALLBACK:  # both count who signed in by the end of a second
            continue
        for pair in simulator_frames.at(timeline, second):
            home, backup = pair["nodes"]
            there = bisect_right(curve[backup["name"]], second) - bisect_right(curve[home["name"]], second)
            assert abs(home["backup"] - there) <= 1, (home["name"], second)
            compared += 0 < there < 5_000
    assert compared > 3 * 600  # of three pairs, while people sign in
    judge("what-if of 30,000 users to SimPy with a process for each", ours, theirs, 1 / FASTER)
