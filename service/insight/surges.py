"""Whether more cases of one kind came in than its past explains: control charts over hours.

Expected are level × factor of the weekday × share of the hour of day, from eight past weeks. A
window's count is then a negative binomial whose variance is the dispersion φ of the past times its
mean, and more for what is uncertain in the factors. It is the limit of Noufaily et al., "An
improved algorithm for outbreak detection in multiple surveillance systems", Statistics in Medicine
32 (2013), whose weights also keep a past surge from hiding the next. Three windows look for what is
sudden and for what is slow: an hour, a day, a week, all ending now. A series is also held against
all others: on a day of promotions everything is more, on holidays less, than eight weeks say.

Looking at many series by the hour is corrected for by a budget of false alarms a month, shared out
evenly. A window that moves crosses a high limit z in about z² clumps in each of its lengths (D.
Aldous, Probability Approximations via the Poisson Clumping Heuristic, 1989, for the increments of
Brownian motion), z being about 4 here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

DAY, WEEK = 24, 168
WINDOWS = (1, DAY, WEEK)
BASELINE_DAYS, GUARD_DAYS = 56, 7  # the guard keeps a surge that has begun out of its own past
MIN_BASELINE_DAYS = 14  # with less past nothing is judged
MIN_CASES = 5  # also the smallest group whose words and cases may be shown
MIN_RISE = 1.25  # a rise that is certain but smaller moves nobody
FALSE_ALARMS_A_MONTH = 1.0  # of all series together
_HOURS_A_MONTH = 720
_CLUMPS = 16.0
_PRIOR_CASES = 50.0  # worth of the factors that a series with few cases takes from all
_OUTLIER = 2.58  # standard deviations, as in Noufaily et al.: days above weigh less
_LEAST_DISPERSION = 1.05
_CELLS = {1: DAY, DAY: 7, WEEK: 1}  # how finely the past is divided to expect a window


@dataclass(frozen=True, slots=True)
class Seasons:
    """Factors of the seven weekdays, 1 in the mean, and shares of the 24 hours, 1 in all."""

    weekdays: Floats
    hours: Floats


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a series was like: cases a day, seasons, cases in all, dispersions; all weighted."""

    level: float
    seasons: Seasons
    cases: float
    hour_dispersion: float
    day_dispersion: float

    def expected(self, weekdays: Longs, hours: Longs) -> float:
        """Cases to be expected in hours, each given by its weekday (0-6) and hour of day."""
        return float(
            self.level * (self.seasons.weekdays[weekdays] * self.seasons.hours[hours]).sum()
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """One window of one series: how many were seen, how many expected, and how unlikely it is.

    `limit` is the probability that the budget of false alarms allows.
    """

    window_hours: int
    seen: int
    expected: float
    variance: float
    limit: float

    @property
    def ratio(self) -> float:
        """The probability of so many or more, over the limit: below 1 is more than chance."""
        return tail(self.seen, self.expected, self.variance) / self.limit

    @property
    def is_surge(self) -> bool:
        """Whether it asks for an alarm: enough cases, a large enough rise, and not by chance."""
        is_high = self.seen >= MIN_CASES and self.seen >= MIN_RISE * self.expected
        return is_high and self.ratio < 1

    def without(self, cases: float) -> Reading:
        """The same window if so many of its cases had not come."""
        return replace(self, seen=max(0, round(self.seen - cases)))

    def beside(self, whole: Reading) -> Reading:
        """The same window if all other cases are heard, too: half as many today, or twice as many.

        What rises with everything is no surge of its own. The others' rise is drawn toward 1 by 50
        cases' worth, and is not sure itself: its square widens the limit.
        """
        others = whole.seen - self.seen, whole.expected - self.expected
        if min(others) < 0:
            return self
        rise = (others[0] + _PRIOR_CASES) / (others[1] + _PRIOR_CASES)
        return replace(
            self, expected=self.expected * rise, variance=self.variance * max(rise, rise**2)
        )


def neutral() -> Seasons:
    """Seasons of which nothing is known."""
    return Seasons(np.ones(7), np.full(DAY, 1 / DAY))


def fit(counts: Longs, weekdays: Longs, toward: Seasons) -> Baseline:
    """The baseline of a series of hourly counts over whole days.

    `counts` has 24 numbers for each day of `weekdays` (0-6, Monday first). Factors are drawn
    `toward` those of all cases by 50 cases' worth, so that few cases do not make wild ones. Days
    far above their expectation are weighted down by (2.58 / residual)² and everything fitted anew.

    >>> found = fit(np.ones(24 * 14, np.int64), np.arange(14) % 7, neutral())
    >>> round(found.level, 1), round(found.expected(np.array([0, 0]), np.array([8, 9])), 1)
    (24.1, 2.0)
    """
    by_day = counts.reshape(-1, DAY).astype(np.float64)
    sums, weights = by_day.sum(axis=1), np.ones(len(weekdays))
    for _ in range(3):
        level = (weights @ sums + 0.5) / weights.sum()
        weekly = np.bincount(weekdays, weights * sums, 7) + _PRIOR_CASES * toward.weekdays
        weekly /= level * np.bincount(weekdays, weights, 7) + _PRIOR_CASES
        level = (weights @ sums + 0.5) / (weights @ weekly[weekdays])
        hourly = weights @ by_day + _PRIOR_CASES * toward.hours
        seasons = Seasons(weekly, hourly / hourly.sum())
        means = level * weekly[weekdays]
        day_dispersion = _dispersion(sums, means, weights, freedom=7)
        residuals = (sums - means) / np.sqrt(day_dispersion * means)
        fitted = weights
        weights = np.where(residuals > _OUTLIER, (_OUTLIER / np.maximum(residuals, 1)) ** 2, 1.0)
    hours = means[:, None] * seasons.hours
    hour_dispersion = _dispersion(by_day, hours, np.repeat(fitted, DAY), freedom=DAY + 7)
    return Baseline(float(level), seasons, float(fitted @ sums), hour_dispersion, day_dispersion)


def read(
    baseline: Baseline, recent: Longs, weekdays: Longs, hours: Longs, *, series: int
) -> list[Reading]:
    """What each window that ends with `recent` says, of one among so many series.

    `recent` are the counts of at least the last 168 hours, with the weekday and hour of day of
    each.
    """
    found = []
    for window in WINDOWS:
        seen = int(recent[-window:].sum())
        expected = baseline.expected(weekdays[-window:], hours[-window:])
        dispersion = baseline.hour_dispersion if window == 1 else baseline.day_dispersion
        known = (baseline.cases + 0.5) / _CELLS[window]
        variance = dispersion * expected * (1 + expected / known)
        looks = _HOURS_A_MONTH / window * min(window, _CLUMPS)
        limit = FALSE_ALARMS_A_MONTH / (len(WINDOWS) * looks * series)
        found.append(Reading(window, seen, expected, variance, limit))
    return found


def worst(readings: list[Reading]) -> Reading | None:
    """The reading that asks loudest for an alarm; None when none does."""
    return min((one for one in readings if one.is_surge), key=lambda r: r.ratio, default=None)


def tail(seen: int, mean: float, variance: float) -> float:
    """The probability of so many or more from a negative binomial; 1 for none.

    With r = mean²/(variance - mean) and p = mean/variance it is the regularised incomplete beta
    function of 1 - p at (seen, r).

    >>> round(tail(1, 1.0, 2.0), 6)  # geometric: half of all is 0
    0.5
    """
    if seen <= 0:
        return 1.0
    size = mean**2 / max(variance - mean, 1e-9)
    return float(betainc(seen, size, 1 - mean / max(variance, mean * (1 + 1e-9))))


def _dispersion(seen: Floats, means: Floats, weights: Floats, *, freedom: int) -> float:
    """Pearson's χ² over its degrees of freedom, at least a little above Poisson's."""
    squares = weights * ((seen - means) ** 2 / means).ravel()
    return max(_LEAST_DISPERSION, float(squares.sum() / max(1.0, weights.sum() - freedom)))
