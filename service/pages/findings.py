"""What the numbers say, in sentences and single figures: only what can be counted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from service.cases.statistics import TREND_DAYS, Statistics, Times, Trend
from service.pages.charts import percent
from service.pages.names import Names
from service.pages.words import duration

# Counts of independent events scatter by their square root (Poisson): a rise is told when it is
# at least three times that, so that of 14 categories none seems to rise by chance.
_CLEAR_RISE = 3.0
_LEAST_RISE = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what it means; `address` is where its cases are listed."""

    name: str
    value: str
    meaning: str
    address: str = ""


def sentences(found: Statistics, names: Names) -> list[str]:
    """What is going on, most important first; nothing without cases."""
    if not found.cases:
        return []
    return [
        _volume(found, names),
        *_anger(found, names),
        _overdue(found),
        *_rise(found.trends, names),
    ]


def figures(found: Statistics) -> list[Figure]:
    """The single numbers of the page."""
    reviewed = sum(one.reviewed for one in found.overrides)
    overridden = sum(one.overridden for one in found.overrides)
    return [
        Figure(
            "进入队列", f"{found.cases:,} 件", f"平均每天 {found.cases / len(found.days):.1f} 件"
        ),
        Figure(
            "首次响应超时",
            percent(found.overdue, found.cases),
            f"{found.overdue:,} 件，含已过时限仍未响应的",
            "/cases?overdue=true",
        ),
        _times("首次响应用时", "已响应", found.response),
        _times("解决用时", "已结束", found.resolution),
        Figure(
            "类别改判",
            percent(overridden, reviewed),
            f"{reviewed:,} 次复核中 {overridden:,} 次改了类别" if reviewed else "还没有复核",
        ),
        Figure(
            "复核一致",
            percent(found.agreements, found.second_reviews),
            f"{found.second_reviews:,} 次二次复核中 {found.agreements:,} 次与第一次一致"
            if found.second_reviews
            else "还没有二次复核",
        ),
    ]


def _times(name: str, done: str, times: Times) -> Figure:
    if times.median_seconds is None or times.mean_seconds is None:
        return Figure(name, "—", f"还没有{done}的案例")
    meaning = f"中位数，{done} {times.number:,} 件；平均 {duration(times.mean_seconds)}"
    return Figure(name, duration(times.median_seconds), meaning)


def _volume(found: Statistics, names: Names) -> str:
    span = "今天" if len(found.days) == 1 else f"最近 {len(found.days)} 天"
    said = f"{span}有 {found.cases:,} 件进入队列"
    totals = {code: sum(row) for code, row in found.by_category.items()}
    if not totals:
        return f"{said}。"
    most = max(totals, key=lambda code: (totals[code], code or ""))
    share = percent(totals[most], sum(totals.values()))
    return f"{said}，最多的是{names.category(most)}（{totals[most]:,} 件，{share}）。"


def _anger(found: Statistics, names: Names) -> Iterator[str]:
    """The share of the two angriest levels, where the model has more than two."""
    known = sorted(level for level in names.labels.levels if level is not None)
    if len(known) < 3:
        return
    number = sum(sum(found.by_level.get(level, ())) for level in known[-2:])
    whole = sum(sum(row) for row in found.by_level.values())
    shown = "和".join(names.level(level) for level in known[-2:])
    yield f"情绪最激烈的两级（{shown}）占 {percent(number, whole)}。"


def _overdue(found: Statistics) -> str:
    if not found.overdue:
        return "首次响应没有超时的。"
    return f"{percent(found.overdue, found.cases)}的案例首次响应超时。"


def _rise(trends: tuple[Trend, ...], names: Names) -> Iterator[str]:
    """What rose over two weeks; silent when there is nothing to compare with."""
    now, before = sum(one.cases for one in trends), sum(one.before for one in trends)
    if not before:
        return
    weeks = f"截至昨天的 {TREND_DAYS} 天有 {now:,} 件，之前 {TREND_DAYS} 天有 {before:,} 件"
    clear = sorted((one for one in trends if _is_clear(one)), key=_scatters)[::-1]
    if not clear:
        yield f"{weeks}；没有哪个类别明显上升。"
        return
    shown = "、".join(
        f"{names.category(one.category)}（{one.before:,} → {one.cases:,} 件）" for one in clear[:3]
    )
    yield f"{weeks}；明显上升的是{shown}。"


def _is_clear(one: Trend) -> bool:
    return one.cases - one.before >= _LEAST_RISE and _scatters(one) >= _CLEAR_RISE


def _scatters(one: Trend) -> float:
    """How many times larger than chance a rise is: (now - before) / sqrt(now + before)."""
    return (one.cases - one.before) / math.sqrt(max(1, one.cases + one.before))
