"""A small line of numbers over days or weeks, beside the figure it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

WIDTH, HEIGHT = 140, 32  # pixels
_EDGE = 1  # half of the line's thickness


@dataclass(frozen=True, slots=True)
class Spark:
    """Lines as SVG writes them, a gap where there is no number, and where the aim lies."""

    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]  # numbers without neighbours
    aim: str | None
    about: str
    width: int = WIDTH
    height: int = HEIGHT


def spark(numbers: Sequence[float | None], about: str, aim: float | None = None) -> Spark:
    """The line of some numbers from the oldest to the newest; the scale begins at nought.

    >>> spark([0, 4, 2], "").lines
    ('1.0,31.0 70.0,1.0 139.0,16.0',)
    >>> spark([1, None, 2], "", aim=2).dots, spark([1, None, 2], "", aim=2).aim
    ((('1.0', '16.0'), ('139.0', '1.0')), '1.0')
    """
    known = [number for number in (*numbers, aim) if number is not None]
    most, least = max([*known, 0]), min([*known, 0])
    span, last = (most - least) or 1, max(len(numbers) - 1, 1)

    def height(number: float) -> str:
        return f"{_EDGE + (HEIGHT - 2 * _EDGE) * (most - number) / span:.1f}"

    places = [
        (f"{_EDGE + (WIDTH - 2 * _EDGE) * place / last:.1f}", number)
        for place, number in enumerate(numbers)
    ]
    runs = [
        [(x, height(number)) for x, number in run if number is not None]
        for is_known, run in groupby(places, lambda one: one[1] is not None)
        if is_known
    ]
    return Spark(
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        aim=None if aim is None else height(aim),
        about=about,
    )
