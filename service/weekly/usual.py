"""How many cases a week usually has, so that nobody is alarmed by what scatters by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

from service.insight.surges import MIN_CASES, MIN_RISE

MIN_WEEKS = 4  # with fewer weeks nothing is said of what is usual
_FALSE_SHARE = 0.05  # of weeks in which nothing changed, that one series leaves its range


@dataclass(frozen=True, slots=True)
class Usual:
    """The mean of the weeks before, and the range in which a week like them lies."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One count by week, the oldest first and this week last, beside what is usual.

    `kind` is what it counts by: all, category, team, channel, product, region, level, dimension.
    """

    kind: str
    code: str
    name: str
    weeks: tuple[int, ...]
    usual: Usual | None  # None with too little past

    @property
    def cases(self) -> int:
        """This week's."""
        return self.weeks[-1]

    @property
    def before(self) -> int | None:
        """The week's before; None when there was no such week yet."""
        return self.weeks[-2] if len(self.weeks) > 1 else None

    @property
    def verdict(self) -> str:
        """Above or below its range, usual, or unknown."""
        if self.usual is None:
            return "unknown"
        if self.cases > self.usual.high:
            return "above"
        return "below" if self.cases < self.usual.low else "usual"

    @property
    def has_risen(self) -> bool:
        """Whether it is above its range, and by enough that somebody should act."""
        least = max(MIN_CASES, MIN_RISE * self.usual.mean) if self.usual else 0.0
        return self.verdict == "above" and self.cases >= least

    @property
    def surplus(self) -> float:
        """How many more cases than on the average of the weeks before; 0 without a past."""
        return self.cases - self.usual.mean if self.usual else 0.0


def usual(past: Sequence[int], *, series: int = 1) -> Usual | None:
    """The range of the next count after some weeks, of one among so many series; None with few.

    It is the prediction interval mean ± t·s·√(1 + 1/n) with n - 1 degrees of freedom (Hahn,
    Meeker, *Statistical Intervals*, 1991, section 4.7), where s² is the variance of the past, but
    at least the mean: independent events scatter no less (Poisson). Its two tails together are
    5 %, shared out evenly among the series (Bonferroni): in 19 of 20 weeks in which nothing
    changed all of them stay inside.

    >>> found = usual([10, 10, 10, 10])  # t = 3.182 with 3 degrees of freedom, s = √10
    >>> found and (found.mean, found.low, round(found.high, 2))
    (10.0, 0.0, 21.25)
    """
    number = len(past)
    if number < MIN_WEEKS:
        return None
    mean = sum(past) / number
    variance = max(sum((one - mean) ** 2 for one in past) / (number - 1), mean)
    quantile = float(stdtrit(number - 1, 1 - _FALSE_SHARE / 2 / max(1, series)))
    away = quantile * math.sqrt(variance * (1 + 1 / number))
    return Usual(mean, max(0.0, mean - away), mean + away)
