"""What-if of a full failover and failback: 30,000 users, and a million in no more than twice the time."""

import time

from assignments.simulation import scenario_reader
from assignments.simulation.rules import play
from assignments.simulation.rules import timeline as simulator_frames
from tests.bench.measure import judge

REACH = 2.0  # times
ROUNDS = 9


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
    start = time.perf_counter()
    scenario = scenario_reader.parse(document(users), lambda name: ((), 0))
    result = play.run(scenario)
    played = time.perf_counter() - start
    simulator_frames.record(scenario, result)
    filmed = time.perf_counter() - start
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
