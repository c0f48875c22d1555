"""How soon surges are found in simulated streams, and how often there is an alarm without one.

`python -m tests.show.surges`: series of cases with weekdays, hours, days that are busier than
chance, and growth; looked at every hour as the event worker does. First none of them surges, and
every alarm is false; then each rises by a factor, and the hours until the alarm count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click
import numpy as np

from service.insight import surges
from service.insight.surges import BASELINE_DAYS, DAY, GUARD_DAYS, WEEK, Longs, Reading

_WEEKDAYS = np.array([1.15, 1.1, 1.05, 1.0, 1.05, 0.85, 0.8])
_HOURS = np.array([1, 0.6, 0.4, 0.3, 0.3, 0.5, 1, 2, 4, 6, 7, 7, 6, 6, 6.5, 6.5, 6, 5.5, 5, 5, 5.5,
                   5, 3.5, 2])  # fmt: skip
_FIRST_DAY = BASELINE_DAYS + GUARD_DAYS
_CALM_HOURS = 24


@dataclass(frozen=True, slots=True)
class Stream:
    """Hourly counts of one series; `rate` is cases a day, `busy` the spread of days."""

    rate: float
    days: int
    busy: float = 0.1
    growth: float = 0.0  # a month

    def draw(self, draws: np.random.Generator, *, surge: tuple[int, float] = (0, 1.0)) -> Longs:
        """Counts; from the hour of `surge` on they are multiplied by its factor."""
        days = np.arange(self.days)
        level = self.rate * _WEEKDAYS[days % 7] / _WEEKDAYS.mean()
        level = level * (1 + self.growth) ** (days / 30)
        if self.busy:
            level = level * draws.gamma(1 / self.busy**2, self.busy**2, self.days)
        means = (level[:, None] * _HOURS / _HOURS.sum()).ravel()
        start, factor = surge
        means[start:] *= factor if start else 1.0
        return draws.poisson(means).astype(np.int64)


def readings(counts: Longs, *, series: int, first_hour: int = 0) -> Iterator[tuple[int, Reading]]:
    """Every alarm of a stream with its hour; the baseline is fitted once a day."""
    weekdays, hours = np.arange(len(counts)) // DAY % 7, np.arange(len(counts)) % DAY
    for day in range(max(_FIRST_DAY, first_hour // DAY), len(counts) // DAY):
        end = (day - GUARD_DAYS) * DAY
        start = end - BASELINE_DAYS * DAY
        baseline = surges.fit(counts[start:end], weekdays[start:end:DAY], surges.neutral())
        for hour in range(max(day * DAY, first_hour), (day + 1) * DAY):
            here = slice(hour + 1 - WEEK, hour + 1)
            found = surges.worst(
                surges.read(baseline, counts[here], weekdays[here], hours[here], series=series)
            )
            if found is not None:
                yield hour, found


def false_alarms(streams: list[Stream], seed: int) -> int:
    """Episodes of alarms in streams without surges; one ends after a day of calm."""
    draws, number = np.random.default_rng(seed), 0
    for stream in streams:
        last = -_CALM_HOURS - 1
        for hour, _ in readings(stream.draw(draws), series=len(streams)):
            number += hour - last > _CALM_HOURS
            last = hour
    return number


def delays(stream: Stream, factor: float, *, times: int, series: int, seed: int) -> list[int]:
    """Hours until a surge that goes on is told of, for each that was within a week."""
    draws, found = np.random.default_rng(seed), []
    for number in range(times):
        start = (_FIRST_DAY + number % 7) * DAY + 9  # it begins at nine, on every weekday in turn
        counts = stream.draw(draws, surge=(start, factor))[: start + WEEK // DAY * DAY]
        alarms = (hour for hour, _ in readings(counts, series=series, first_hour=start))
        first = next(alarms, None)
        if first is not None:
            found.append(first - start + 1)
    return found


def mixed(days: int, *, growth: float = 0.0) -> list[Stream]:
    """Forty series as a queue has them: a few large ones and many small."""
    rates = np.geomspace(0.3, 500, 40)
    return [Stream(float(rate), days, growth=growth) for rate in rates]


@click.command()
@click.option("--months", default=4, show_default=True, help="Simulated months without surges.")
@click.option("--times", default=21, show_default=True, help="Surges of each kind.")
@click.option("--seed", default=7, show_default=True)
def main(months: int, times: int, seed: int) -> None:
    """Print delays and false alarms."""
    days = _FIRST_DAY + 30 * months
    for name, growth in (("steady", 0.0), ("growing by 3 % a month", 0.03)):
        number = false_alarms(mixed(days, growth=growth), seed)
        click.echo(f"40 series, {name}: {number / months:.2f} false alarms a month")
    click.echo("cases/day  factor  found within a week  hours to the alarm: median, slowest tenth")
    for rate in (2.0, 10.0, 50.0):
        for factor in (1.5, 2.0, 3.0, 5.0):
            stream = Stream(rate, _FIRST_DAY + 15)
            hours = delays(stream, factor, times=times, series=40, seed=seed)
            middle = (
                f"{np.median(hours):6.0f} {np.quantile(hours, 0.9):6.0f}" if hours else "     -"
            )
            click.echo(f"{rate:9g}  {factor:6g}  {len(hours):6d} of {times:<9d}  {middle}")


if __name__ == "__main__":
    main()
