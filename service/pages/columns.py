"""Stacked columns over days or weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from service.pages.charts import Table, across, percent

PLOT_HEIGHT, PLOT_TOP, PLOT_FOOT = 200, 14, 26
_MAX_COLUMNS = 92  # more days than that are shown as weeks
_MAX_LABELS = 5
_GAP = 0.18  # of a column's width, between columns
_HEATS = 5
_WEEKDAYS = "一二三四五六日"

# Colours, each with a pattern of its own in a tile of 8 by 8 pixels, so that nobody needs to tell
# them apart by colour; neighbours in a stack differ most.
FILLS = {
    "heat5": "",
    "heat4": "M-2 2l4-4M0 8l8-8M6 10l4-4",
    "heat3": "",
    "heat2": "M2 1v2M6 5v2",
    "heat1": "",
    "kind1": "",
    "kind2": "M-2 2l4-4M0 8l8-8M6 10l4-4",
    "kind3": "M2 1v2M6 5v2",
    "kind4": "M0 4h8",
    "kind5": "M-2 6l4 4M0 0l8 8M6-2l4 4",
    "kind6": "M4 0v8",
    "none": "",
}


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing with its number for each day; `fill` names colour and pattern."""

    name: str
    fill: str
    numbers: Sequence[int]
    address: str = ""  # where its cases are listed

    @property
    def total(self) -> int:
        """The sum over all days."""
        return sum(self.numbers)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a column: one kind on one day."""

    x: str
    width: str
    y: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Hover:
    """The whole height over one column, which tells its numbers to a resting pointer."""

    x: str
    width: str
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across with its number."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Label:
    """A date under the columns."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend, which also tells the number that the eye cannot sum up."""

    name: str
    fill: str
    total: int
    share: str
    address: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Stacked columns over days or weeks."""

    slug: str
    title: str
    description: str
    segments: tuple[Segment, ...]
    hovers: tuple[Hover, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    legend: tuple[Entry, ...]
    table: Table

    @property
    def height(self) -> int:
        """The picture's height in pixels."""
        return PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT


def columns(
    slug: str,
    title: str,
    days: Sequence[date],
    series: Sequence[Series],
    *,
    is_weekly: bool = False,
) -> Columns:
    """Stacked columns, the first series at the bottom; many days become weeks.

    When they are weeks already, the days are their Mondays.
    """
    groups = [(n, n + 1) for n in range(len(days))] if is_weekly else _groups(days)
    stacked = [replace(one, numbers=[sum(one.numbers[a:b]) for a, b in groups]) for one in series]
    rest = timedelta(days=6 if is_weekly else 0)
    names = [_span(days[a], days[b - 1] + rest) for a, b in groups]
    sums = [sum(one.numbers[place] for one in stacked) for place in range(len(groups))]
    top, steps = _scale(max(sums, default=0))
    whole = sum(sums)
    return Columns(
        slug=slug,
        title=title,
        description=_describe(names, sums, is_daily=len(groups) == len(days) and not is_weekly),
        segments=tuple(_segments(stacked, len(groups), top)),
        hovers=tuple(_hovers(stacked, names, sums)),
        ticks=tuple(Tick(_y(step, top), f"{step:,}") for step in steps),
        labels=tuple(_labels([days[a] for a, _ in groups])),
        legend=tuple(
            Entry(one.name, one.fill, one.total, percent(one.total, whole), one.address)
            for one in stacked[::-1]
        ),
        table=Table(
            ("日期", *(one.name for one in stacked[::-1]), "合计"),
            tuple(
                (name, *(one.numbers[place] for one in stacked[::-1]), sums[place])
                for place, name in enumerate(names)
            ),
        ),
    )


def heat(place: int, number: int) -> str:
    """The fill of a level by its place among so many, from the calmest to the angriest.

    >>> [heat(place, 5) for place in range(5)], heat(2, 3), heat(0, 1)
    (['heat1', 'heat2', 'heat3', 'heat4', 'heat5'], 'heat5', 'heat5')
    """
    step = place / (number - 1) if number > 1 else 1
    return f"heat{1 + round(step * (_HEATS - 1))}"


def _groups(days: Sequence[date]) -> list[tuple[int, int]]:
    """The days as columns: each for itself, or by weeks that begin on Monday."""
    if len(days) <= _MAX_COLUMNS:
        return [(place, place + 1) for place in range(len(days))]
    starts = [place for place, day in enumerate(days) if place == 0 or day.weekday() == 0]
    return list(zip(starts, [*starts[1:], len(days)], strict=True))


def _span(first: date, last: date) -> str:
    if first == last:
        return f"{first.month}月{first.day}日 周{_WEEKDAYS[first.weekday()]}"
    return f"{first.year}年{_short(first)}–{_short(last)}"


def _short(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _month(day: date) -> str:
    return f"{day.year}年{day.month}月"


def _scale(most: int) -> tuple[int, list[int]]:
    """The top of the axis and its steps: 1, 2 or 5 times a power of ten, at most five of them.

    >>> _scale(83), _scale(0), _scale(3)
    ((100, [0, 20, 40, 60, 80, 100]), (1, [0, 1]), (3, [0, 1, 2, 3]))
    """
    step = 1
    while most > 5 * step:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    top = max(1, -(-most // step)) * step
    return top, list(range(0, top + 1, step))


def _y(number: float, top: int) -> float:
    return round(PLOT_TOP + PLOT_HEIGHT * (1 - number / top), 2)


def _segments(stacked: Sequence[Series], number: int, top: int) -> list[Segment]:
    found = []
    for place in range(number):
        # Half a gap from where the column's share of the width begins.
        x, width, below = across((place + _GAP / 2) / number), across((1 - _GAP) / number), 0
        for one in stacked:
            here = one.numbers[place]
            if here:
                y = _y(below + here, top)
                found.append(Segment(x, width, y, round(_y(below, top) - y, 2), one.fill))
                below += here
    return found


def _hovers(stacked: Sequence[Series], names: Sequence[str], sums: Sequence[int]) -> list[Hover]:
    number = len(names)
    found = []
    for place, name in enumerate(names):
        parts = [
            f"{one.name} {one.numbers[place]:,}" for one in stacked[::-1] if one.numbers[place]
        ]
        title = "\n".join([f"{name}：共 {sums[place]:,} 件", *parts])
        found.append(Hover(across(place / number), across(1 / number), title))
    return found


def _labels(starts: Sequence[date]) -> list[Label]:
    """A few dates, each under the start of its column; the year where there are two."""
    number = len(starts)
    is_long = bool(starts) and starts[0].year != starts[-1].year
    every = max(1, -(-number // _MAX_LABELS))
    return [
        Label(across(place / number), _month(starts[place]) if is_long else _short(starts[place]))
        for place in range(0, number, every)
    ]


def _describe(names: Sequence[str], sums: Sequence[int], *, is_daily: bool) -> str:
    if not any(sums):
        return "没有案例"
    most = max(range(len(sums)), key=sums.__getitem__)
    column = "每列一天" if is_daily else "每列一周，从周一开始"
    return f"共 {sum(sums):,} 件；最多的是{names[most]}，{sums[most]:,} 件。{column}。"
