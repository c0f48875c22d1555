"""What rose and what did not: every series of a week beside the weeks before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from service.insight.kinds import KINDS
from service.insight.surges import MIN_CASES
from service.pages.columns import heat
from service.pages.names import Names
from service.quality.servqual import packaged_servqual
from service.weekly.counts import Counts
from service.weekly.harm import Anger
from service.weekly.report import Level, Volumes
from service.weekly.usual import Compared, usual
from service.weekly.weeks import Week

_MOST_VALUES = 50  # of a kind: each series more widens the ranges of all others


def volumes(counts: Counts, week: Week, names: Names) -> Volumes:
    """The comparisons of a week."""
    anger = anger_of(counts, names)
    angry = counts.total("level", [str(level) for level in anger.angry])
    called = "和".join(_level_name(level, names) for level in anger.angry)
    return Volumes(
        mondays=week.mondays[-counts.weeks :],
        whole=_compared("all", "", "全部投诉", counts.total("level")),
        angry=_compared("level", f"{anger.angry[0]}+", called, angry) if anger.angry else None,
        levels=tuple(_levels(counts, names)),
        series=_series(counts, names),
        dimensions=_dimensions(counts),
    )


def anger_of(counts: Counts, names: Names) -> Anger:
    """Which levels are angry, of the serving model's and those that were counted."""
    return Anger.of(_known(counts, names))


def _known(counts: Counts, names: Names) -> set[int]:
    counted = {int(code) for code in counts.of("level") if code}
    return counted | {level for level in names.labels.levels if level is not None}


def _levels(counts: Counts, names: Names) -> list[Level]:
    """The angriest first, and at the end what is not judged."""
    rows = counts.of("level")
    order = sorted(_known(counts, names))
    found = []
    for level in reversed(order):
        if str(level) in rows:
            fill = heat(order.index(level), len(order))
            found.append(Level(level, _level_name(level, names), fill, rows[str(level)]))
    if "" in rows:
        found.append(Level(None, names.level(None), "none", rows[""]))
    return found


def _level_name(level: int, names: Names) -> str:
    name = names.level(level)
    return f"{level} 级" if name == str(level) else name


def _series(counts: Counts, names: Names) -> tuple[Compared, ...]:
    """Each with a range that allows for how many are looked at.

    Tiny ones are left out, and those that have all cases: they say nothing of their own.
    """
    whole = counts.total("level")
    rows = [
        (kind, code, row)
        for kind in KINDS
        for code, row in _largest(counts.of(kind))
        if max(row) >= MIN_CASES and row != whole
    ]
    found = [
        _compared(kind, code, names.of_kind(kind, code), row, series=len(rows))
        for kind, code, row in rows
    ]
    order = {kind: place for place, kind in enumerate(KINDS)}
    return tuple(sorted(found, key=lambda one: (-one.surplus, order[one.kind], one.code)))


def _largest(rows: Mapping[str, tuple[int, ...]]) -> list[tuple[str, tuple[int, ...]]]:
    return sorted(rows.items(), key=lambda one: (-sum(one[1]), one[0]))[:_MOST_VALUES]


def _dimensions(counts: Counts) -> tuple[Compared, ...]:
    """Cases by the dimension of SERVQUAL that their category speaks of."""
    servqual = packaged_servqual()
    sums: Mapping[str, Counter[int]] = {one.code: Counter() for one in servqual.dimensions}
    for code, row in counts.of("category").items():
        dimension = servqual.dimension_of(code)
        if dimension is not None:
            sums[dimension].update(dict(enumerate(row)))
    return tuple(
        _compared(
            "dimension",
            one.code,
            one.name,
            tuple(sums[one.code][place] for place in range(counts.weeks)),
            series=len(servqual.dimensions),
        )
        for one in servqual.dimensions
    )


def _compared(
    kind: str, code: str, name: str, row: tuple[int, ...], *, series: int = 1
) -> Compared:
    return Compared(kind, code, name, row, usual(row[:-1], series=series))
