"""The anger of a conversation as a line over the customer's turns, with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.pages.charts import Table, across
from service.pages.columns import Hover, Label, Tick, heat

PLOT_HEIGHT, PLOT_TOP, PLOT_FOOT = 120, 12, 24
_MAX_LABELS = 12
_CHAR_WIDTH = 12  # of a Chinese character in the size of the style sheet


@dataclass(frozen=True, slots=True)
class Spot:
    """One turn of the customer: its number in the conversation, level, and what is said of it."""

    number: int
    level: int | None
    is_sure: bool
    title: str


@dataclass(frozen=True, slots=True)
class Point:
    """A turn with a level; `fill` names its colour."""

    x: str
    y: float
    fill: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Link:
    """The line from one turn that counts to the next."""

    x1: str
    y1: float
    x2: str
    y2: float


@dataclass(frozen=True, slots=True)
class Course:
    """A line over turns."""

    title: str
    description: str
    points: tuple[Point, ...]
    links: tuple[Link, ...]
    hovers: tuple[Hover, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    table: Table

    @property
    def height(self) -> int:
        """The picture's height in pixels."""
        return PLOT_TOP + PLOT_HEIGHT + PLOT_FOOT

    @property
    def axis_width(self) -> int:
        """Pixels that the longest name of a level takes."""
        return 10 + _CHAR_WIDTH * max((len(tick.label) for tick in self.ticks), default=0)


def course(
    spots: Sequence[Spot], levels: Sequence[tuple[int, str]], description: str, table: Table
) -> Course:
    """The line over the customer's turns; `levels` are numbers and names, the calmest first.

    Turns that the model is unsure of are points without a line.
    """
    order = [level for level, _ in levels]
    points = []
    for place, spot in enumerate(spots):
        if spot.level in order:
            rank = order.index(spot.level)
            points.append(
                Point(
                    across((place + 0.5) / len(spots)),
                    _y(rank, len(order)),
                    heat(rank, len(order)),
                    spot.is_sure,
                )
            )
    sure = [point for point in points if point.is_sure]
    return Course(
        title="客户情绪的走势",
        description=description,
        points=tuple(points),
        links=tuple(Link(a.x, a.y, b.x, b.y) for a, b in pairwise(sure)),
        hovers=tuple(
            Hover(across(place / len(spots)), across(1 / len(spots)), spot.title)
            for place, spot in enumerate(spots)
        ),
        ticks=tuple(
            Tick(_y(rank, len(order)), _tick(level, name))
            for rank, (level, name) in enumerate(levels)
        ),
        labels=tuple(_labels(spots)),
        table=table,
    )


def _y(rank: int, number: int) -> float:
    share = rank / (number - 1) if number > 1 else 0.5
    return round(PLOT_TOP + PLOT_HEIGHT * (1 - share), 2)


def _tick(level: int, name: str) -> str:
    return name if name == str(level) else f"{level} {name}"


def _labels(spots: Sequence[Spot]) -> list[Label]:
    """The numbers of some turns, each under its point."""
    every = max(1, -(-len(spots) // _MAX_LABELS))
    return [
        Label(across((place + 0.5) / len(spots)), str(spots[place].number))
        for place in range(0, len(spots), every)
    ]
