from __future__ import annotations

import math

import numpy as np
import pytest

from service.insight import surges
from service.insight.grouping import Series, group
from service.insight.surges import Baseline, Reading, Seasons
from tests.show.surges import Stream, delays, false_alarms, mixed

FLAT = surges.neutral()


def test_the_tail_is_that_of_the_negative_binomial() -> None:
    """Mean 2, variance 4: r = 2, p = ½, so P(0) = ¼, P(1) = ¼, P(2) = 3/16."""
    found = [surges.tail(seen, 2.0, 4.0) for seen in range(4)]
    assert found == pytest.approx([1, 3 / 4, 1 / 2, 5 / 16])


def test_with_hardly_more_variance_than_mean_it_is_poissons() -> None:
    """P(X ≥ 2) of a Poisson distribution with mean 1 is 1 - 2/e."""
    assert surges.tail(2, 1.0, 1.0 + 1e-6) == pytest.approx(1 - 2 / math.e, rel=1e-5)


def test_weekdays_and_hours_have_factors() -> None:
    """Mondays twice as busy and all cases at nine: the factors say so, but for the prior."""
    counts = np.zeros((56, 24), np.int64)
    counts[:, 9] = 700
    counts[0::7, 9] = 1400
    found = surges.fit(counts.ravel(), np.arange(56) % 7, FLAT)
    monday, tuesday = (found.expected(np.array([day]), np.array([9])) for day in (0, 1))
    assert monday == pytest.approx(1400, rel=0.02)
    assert tuesday == pytest.approx(700, rel=0.02)
    assert found.expected(np.array([1]), np.array([3])) < 0.1
    assert found.day_dispersion == 1.05


def test_a_surge_in_the_past_does_not_hide_the_next() -> None:
    """Two days of ten times as many move the level of 56 days by a few per cent, not by a third."""
    counts = np.full((56, 24), 4)
    counts[20:22] = 40
    assert surges.fit(counts.ravel(), np.arange(56) % 7, FLAT).level == pytest.approx(96, rel=0.1)


def test_few_cases_take_the_factors_of_all() -> None:
    """One case a week says nothing of its hour: those of all cases hold."""
    counts = np.zeros((56, 24), np.int64)
    counts[0::7, 3] = 1
    toward = Seasons(np.ones(7), 0.005 + 0.88 * np.eye(24)[9])
    found = surges.fit(counts.ravel(), np.arange(56) % 7, toward)
    assert found.seasons.hours[9] > 0.75


def baseline(level: float, dispersion: float = 1.05) -> Baseline:
    """So many cases on each of 56 days."""
    return Baseline(level, FLAT, level * 56, dispersion, dispersion)


def windows(recent: list[int], level: float, series: int = 1) -> list[Reading]:
    """The readings of a week that ends with these hours."""
    counts = np.zeros(168, np.int64)
    counts[-len(recent) :] = recent
    days = np.zeros(168, np.int64)
    return surges.read(baseline(level), counts, days, np.arange(168) % 24, series=series)


def test_windows_end_together() -> None:
    """An hour, a day and a week, each with its own expectation."""
    found = windows([3] * 30, level=24.0)
    assert [one.window_hours for one in found] == [1, 24, 168]
    assert [one.seen for one in found] == [3, 72, 90]
    assert [round(one.expected) for one in found] == [1, 24, 168]


def test_more_series_need_clearer_surges() -> None:
    """The limit of each is its share of the budget."""
    one, many = windows([8], level=24.0)[0], windows([8], level=24.0, series=40)[0]
    assert many.ratio == pytest.approx(40 * one.ratio)
    assert one.is_surge
    assert not many.is_surge


def test_fewer_than_five_cases_are_no_surge() -> None:
    """However unlikely they are."""
    found = windows([4], level=0.001)
    assert found[0].ratio < 1e-5
    assert surges.worst(found) is None


def test_a_certain_but_small_rise_is_no_surge() -> None:
    """A fifth more of very many."""
    found = windows([1200] * 24, level=24_000.0)
    assert found[1].ratio < 1
    assert not found[1].is_surge


def reading(seen: int, expected: float) -> Reading:
    """A day of one among ten series."""
    variance = 1.05 * expected
    return Reading(24, seen, expected, variance, 1 / 14_400)


def test_what_all_other_cases_do_too_is_expected() -> None:
    """A hundred of 650 where 20 of 120 were: the others went from 100 to 550, so 80 is usual."""
    own, whole = reading(100, 20.0), reading(650, 120.0)
    found = own.beside(whole)
    assert own.is_surge
    assert found.expected == pytest.approx(20 * 600 / 150)
    assert not found.is_surge


def test_beside_nothing_else_a_series_is_what_it_was() -> None:
    """The only channel there is has no others to be held against."""
    own = reading(100, 20.0)
    assert own.beside(own) == own


def test_a_series_that_only_shares_the_surplus_is_explained() -> None:
    """Refunds triple; team and total rise by those cases alone; another category by its own."""
    every, team = Series("all", ""), Series("team", "money")
    refund, food = Series("category", "refund"), Series("category", "food")
    readings = {
        every: reading(290, 130.0),
        team: reading(120, 40.0),
        refund: reading(100, 20.0),
        food: reading(90, 10.0),
    }
    shared = {frozenset({every, refund}): 100, frozenset({every, food}): 90,
              frozenset({every, team}): 120, frozenset({team, refund}): 100}  # fmt: skip
    found = group(readings, lambda a, b, _: shared.get(frozenset({a, b}), 0))
    assert found[0].series == refund
    assert set(found[0].also) >= {team}
    assert [one.series for one in found if one.series.kind == "category"] == [refund, food]


def test_simulated_surges_are_found_in_time() -> None:
    """Fifty a day and three times as many: within 15 hours; five times: within six hours."""
    stream = Stream(50.0, 78)
    tripled = delays(stream, 3.0, times=4, series=40, seed=3)
    assert len(tripled) == 4
    assert max(tripled) <= 15
    assert max(delays(stream, 5.0, times=2, series=40, seed=3)) <= 6


def test_simulated_streams_without_surges_are_quiet() -> None:
    """At most the budget of one false alarm in a month of forty series."""
    assert false_alarms(mixed(63 + 30)[::4], seed=5) <= 1
