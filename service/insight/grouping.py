"""Which of several series that surge at once tell of the same surge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from service.insight.surges import Reading


class Series(NamedTuple):
    """One chart: what it counts by (category, level, team, channel or all), and the code."""

    kind: str
    code: str

    def __str__(self) -> str:
        """Such as category:refund."""
        return f"{self.kind}:{self.code}"


@dataclass(frozen=True, slots=True)
class Found:
    """A surge: the series that explains it best, what was read there, and who shows it too."""

    series: Series
    reading: Reading
    also: tuple[Series, ...] = ()


# How many cases of the last hours are in both series.
Common = Callable[[Series, Series, int], int]


def group(readings: Mapping[Series, Reading], common: Common) -> list[Found]:
    """Each surge once, under the series that explains most others; at equal numbers the steepest.

    A series explains another if that one would not be an alarm without the surplus cases that both
    share: where all cases rise because of one category, the category is the surge.
    """
    left = dict(sorted(readings.items()))
    found = []
    while left:
        explained = {one: explains(one, left, common) for one in left}
        best = max(left, key=lambda one: (len(explained[one]), _steepness(left[one])))
        found.append(Found(best, left[best], explained[best]))
        for one in (best, *explained[best]):
            del left[one]
    return found


def explains(
    series: Series, readings: Mapping[Series, Reading], common: Common
) -> tuple[Series, ...]:
    """The other series whose alarm is the same surge."""
    mine = readings[series]
    surplus = max(0.0, 1 - mine.expected / mine.seen)
    return tuple(
        other
        for other, reading in readings.items()
        if other != series
        and not reading.without(surplus * common(series, other, _both(mine, reading))).is_surge
    )


def _steepness(reading: Reading) -> float:
    return reading.seen / reading.expected


def _both(one: Reading, other: Reading) -> int:
    """The hours that both windows have."""
    return min(one.window_hours, other.window_hours)
