from __future__ import annotations

import pytest

from service.weekly.usual import Compared, usual


def test_the_range_is_that_of_the_textbook() -> None:
    """Mean 10 of 8 weeks, s = √10, t(7; 97.5 %) = 2.3646: 10 ± 7.931; of ten series t = 4.0293."""
    found = usual([10] * 8)
    assert found is not None
    assert (found.mean, found.low) == (10, pytest.approx(2.069, abs=0.002))
    assert found.high == pytest.approx(17.931, abs=0.002)
    many = usual([10] * 8, series=10)
    assert many is not None
    assert (many.low, many.high) == (0, pytest.approx(23.515, abs=0.002))


def test_weeks_that_scatter_more_have_a_wider_range() -> None:
    """Variance 57.14 of 5 and 19.14...: s² = Σ(x - 20)²/7 of 8 weeks, half 10, half 30: 114.29."""
    found = usual([10, 30] * 4)
    assert found is not None
    assert found.high == pytest.approx(20 + 2.36462 * (800 / 7 * 1.125) ** 0.5, abs=0.001)


def test_with_less_than_four_weeks_nothing_is_usual() -> None:
    """Three weeks are no past."""
    assert usual([10, 10, 10]) is None
    assert Compared("all", "", "", (10, 10, 10, 99), None).verdict == "unknown"


@pytest.mark.parametrize(("cases", "verdict"), [
    (17, "usual"), (18, "above"), (3, "usual"), (2, "below"),
])  # fmt: skip
def test_verdicts_are_told_at_the_edges(cases: int, verdict: str) -> None:
    """2.07 to 17.93 are usual for 10 a week."""
    row = (*[10] * 8, cases)
    assert Compared("all", "", "", row, usual(row[:-1])).verdict == verdict


def test_few_cases_or_a_small_rise_are_no_rise() -> None:
    """Four cases where there were none, and a fifth more of thousands, alarm nobody."""
    for row in ((*[0] * 8, 4), (*[10_000] * 8, 12_000)):
        found = Compared("all", "", "", row, usual(row[:-1]))
        assert (found.verdict, found.has_risen) == ("above", False)
    assert Compared("all", "", "", (*[0] * 8, 5), usual([0] * 8)).has_risen
