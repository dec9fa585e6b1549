"""The pure parts of a storm: what happens when, which answers are wrong, and its table."""

from pathlib import Path

import pytest

from tests.bench import measure
from tests.storm import report
from tests.storm.answers import Answer, Outage, may_not
from tests.storm.report import Totals
from tests.storm.schedule import POSSIBLE, Edge, Hurt, Part, Strike, load, strikes

RATES = {Edge.DRAG: 2.0, Edge.API: 0.5}


def test_a_seed_says_everything_that_happens() -> None:
    assert strikes(7, 600, gap=20) == strikes(7, 600, gap=20)
    assert load(7, 600, RATES) == load(7, 600, RATES)
    assert strikes(7, 600, gap=20) != strikes(8, 600, gap=20)
    assert load(7, 600, RATES) != load(8, 600, RATES)


@pytest.mark.parametrize("seed", range(20))
def test_a_long_storm_hurts_every_part_in_every_way_within_its_time(seed: int) -> None:
    found = strikes(seed, 3600, gap=20)
    assert {(strike.part, strike.hurt) for strike in found} == set(POSSIBLE)
    assert [strike.at for strike in found] == sorted(strike.at for strike in found)
    assert found[-1].at < 3600
    assert 120 <= len(found) <= 260
    assert {strike.shift for strike in found if strike.hurt is Hurt.CLOCK} <= {-3600, 3600}
    assert all((strike.seconds > 0) == (strike.hurt in (Hurt.STOPPED, Hurt.FULL, Hurt.CLOCK)) for strike in found)


def test_a_short_storm_strikes_as_often_as_it_has_to_whatever_its_seed() -> None:
    drawn = [strikes(seed, 12, gap=1.8) for seed in range(100)]
    planned = [strikes(seed, 12, gap=1.8, least=6) for seed in range(100)]
    assert min(map(len, drawn)) < 6 == min(map(len, planned))
    assert [more[: len(few)] for few, more in zip(drawn, planned, strict=True)] == drawn
    assert all(len(more) == max(6, len(few)) for few, more in zip(drawn, planned, strict=True))


def test_what_cannot_be_done_here_is_left_out() -> None:
    found = strikes(7, 3600, gap=20, without={Hurt.FULL, Hurt.CLOCK})
    assert {strike.hurt for strike in found} == {Hurt.KILLED, Hurt.STOPPED, Hurt.ENDED, Hurt.EMPTIED}


def test_each_edge_is_asked_as_often_as_it_was_told_whatever_the_others_do() -> None:
    both, alone = load(7, 600, RATES), load(7, 600, {Edge.DRAG: 2.0})
    assert both[Edge.DRAG] == alone[Edge.DRAG]
    assert 1000 < len(both[Edge.DRAG]) < 1400
    assert 220 < len(both[Edge.API]) < 380


def answer(status: int, code: str = "", begun: float = 10, ended: float = 11) -> Answer:
    return Answer(Edge.API, "GET /", status, code, begun, ended)


def hurt(part: Part, how: Hurt = Hurt.KILLED, begun: float = 9, healed: float = 12) -> Outage:
    return Outage(Strike(9, part, how), begun, healed)


@pytest.mark.parametrize(
    ("given", "outages", "may"),
    [
        (answer(200), [], True),
        (answer(202), [hurt(Part.WEB)], True),
        (answer(409, "NODE_NO_ROOM"), [], True),
        (answer(403), [], False),  # a refusal says why
        (answer(302), [hurt(Part.POSTGRES)], False),  # sent to the sign-in because the database is away
        (answer(500), [], False),
        (answer(500), [hurt(Part.WORKER)], False),
        (answer(500), [hurt(Part.POSTGRES)], True),
        (answer(500), [hurt(Part.POSTGRES, healed=9.5)], False),  # all was well again
        (answer(503, "DATABASE_AWAY"), [hurt(Part.POSTGRES)], True),
        (answer(503, "DATABASE_AWAY"), [], False),
        (answer(503, "SERVER_BUSY"), [], True),
        (answer(503), [hurt(Part.POSTGRES)], False),
        (answer(0), [hurt(Part.WEB)], True),
        (answer(0), [], False),
        (answer(0), [hurt(Part.POSTGRES)], False),  # a database that is gone is answered
        (answer(0, ended=40), [hurt(Part.POSTGRES, Hurt.STOPPED)], True),  # one that is silent keeps a request
    ],
)
def test_which_answers_may_be_given_while_what_is_hurt(given: Answer, outages: list[Outage], may: bool) -> None:
    assert (may_not(given, outages) == "") is may


def totals() -> Totals:
    return Totals(
        seed=7,
        seconds=3600,
        users=20_000,
        speed=600,
        outages=[hurt(Part.WEB), hurt(Part.WEB, healed=14)],
        answers=[answer(200), answer(409, "X"), answer(0), answer(503, "X"), answer(500)],
        operations={("rebalance", "finished"): 1200},
        moved=34_567,
        memory={"web": (100_000_000, 150_000_000, 120_000_000)},
        connections=(9, 8),
        left_out=["a full disk, which needs root"],
    )


def test_the_table_names_what_was_hurt_asked_ended_moved_and_lost() -> None:
    text = "\n".join(report.lines(totals()))
    assert "2 faults, 5 requests, 1,200 operations ended, 34,567 changes of a home, users lost: 0, doubled: 0" in text
    assert "| web | killed | 2 | 5.0 s | 5.0 s |" in text
    assert f"| {Edge.API.value} | 1 | 1 | 1 | 1 | 1 |" in text
    assert "| rebalance | finished | 1,200 |" in text
    assert "| web | 100 | 150 | 120 |" in text
    assert "Left out here: a full disk, which needs root." in text


def test_a_storm_leaves_the_rest_of_the_page_alone() -> None:
    page = report.with_section("# Benchmarks\n\n| a | b |\n", "first")
    assert page == "# Benchmarks\n\n| a | b |\n\n## Torture\n\nfirst\n"
    assert report.with_section(page, "second") == "# Benchmarks\n\n| a | b |\n\n## Torture\n\nsecond\n"
    assert report.with_section("", "first") == "## Torture\n\nfirst\n"
    assert report.section("# Benchmarks\n") == ""


def test_the_benchmarks_write_their_page_anew_around_what_a_storm_wrote(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(report.with_section("# Old\n", "| a | b |"))
    measure.write(page, "make bench", "Python")
    text = page.read_text()
    assert text.startswith("# Benchmarks\n")
    assert "Old" not in text
    assert report.section(text) == "## Torture\n\n| a | b |\n"
