"""Charts as plain shapes that a template draws as SVG: no script, no inline style.

Own code rather than a library: the pages' Content-Security-Policy refuses inline styles and
scripts, and pygal writes both into each picture (its issue 489, open since 2020); plotly and Vega
draw with JavaScript; matplotlib, which is here for training only, draws text as outlines that
neither a screen reader nor the dark theme reaches. What is left to do is arithmetic.

Horizontal places are percentages and vertical ones pixels, so that a picture takes any width while
its text keeps its size. Colours and patterns are classes, which the style sheet knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_TOPS = (0.1, 0.25, 0.5, 1)
_SHORTEST_BAR = 0.006  # of the width: what is there at all must be seen


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart, for readers who want numbers and for a download."""

    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: a name, a bar, and the number as text beside it."""

    name: str
    width: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars, one under the other."""

    slug: str
    title: str
    description: str
    bars: tuple[Bar, ...]
    table: Table
    is_empty: bool


def rates(
    slug: str, title: str, rows: Sequence[tuple[str, int, int]], head: tuple[str, str, str]
) -> Bars:
    """Of so many, how many: (name, part, whole); bars show the share of each, on a round scale."""
    most = max((part / whole for _, part, whole in rows), default=0)
    top = next(top for top in _TOPS if most <= top)
    bars = tuple(
        Bar(name, _bar(part / whole / top), percent(part, whole), f"{part:,}/{whole:,}")
        for name, part, whole in rows
    )
    table = tuple((name, whole, part, percent(part, whole)) for name, part, whole in rows)
    return Bars(
        slug, title, f"满格为 {percent(top, 1)}。", bars, Table((*head, "比例"), table), not bars
    )


def histogram(slug: str, title: str, names: Sequence[str], numbers: Sequence[int]) -> Bars:
    """How many fall into each range; the longest bar is the fullest range."""
    whole, most = sum(numbers), max(numbers, default=0)
    pairs = list(zip(names, numbers, strict=True))
    bars = tuple(
        Bar(name, _bar(number / most if most else 0), f"{number:,}", percent(number, whole))
        for name, number in pairs
    )
    fullest = max(pairs, key=lambda pair: pair[1], default=("", 0))
    table = tuple((name, number, percent(number, whole)) for name, number in pairs)
    shown = f"共 {whole:,} 件，最多的是{fullest[0]}（{fullest[1]:,} 件）" if whole else "没有案例"
    return Bars(slug, title, shown, bars, Table(("用时", "案例数", "比例"), table), not whole)


def percent(part: float, whole: float) -> str:
    """A share as people write it; small ones with one decimal.

    >>> percent(1, 3), percent(1, 30), percent(0, 5), percent(0, 0), percent(1, 9999), percent(5, 5)
    ('33%', '3.3%', '0%', '—', '<0.1%', '100%')
    """
    if not whole:
        return "—"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "<0.1%"
    if 99.5 <= share < 100:
        return ">99%"
    return f"{share:.1f}%" if 0 < share < 9.95 else f"{share:.0f}%"


def across(share: float) -> str:
    """A part of the width as SVG writes it."""
    return f"{100 * share:.3f}%"


def _bar(share: float) -> str:
    return across(max(_SHORTEST_BAR, share) if share else 0)
