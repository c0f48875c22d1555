"""Figures in words, for sentences and tables."""

from __future__ import annotations

import math
from datetime import date
from urllib.parse import urlencode

from service.insight.kinds import KINDS
from service.pages.charts import percent
from service.pages.words import duration
from service.weekly.report import Aim
from service.weekly.usual import Compared, Usual
from service.weekly.weeks import Week

VERDICTS = {"above": "高于平常", "below": "低于平常", "usual": "平常", "unknown": "历史不足"}
CALLED = {**KINDS, "dimension": "维度"}


def usual_range(usual: Usual | None) -> str:
    """The whole numbers that are usual.

    >>> usual_range(Usual(10.0, 3.2, 16.8)), usual_range(None)
    ('4–16', '—')
    """
    if usual is None:
        return "—"
    return f"{math.ceil(usual.low):,}–{math.floor(usual.high):,}"


def change(one: Compared) -> str:
    """Against the week before.

    >>> change(Compared("all", "", "", (50, 60), None)), change(Compared("all", "", "", (5,), None))
    ('比上一周多 10 件（+20%）', '')
    """
    if one.before is None:
        return ""
    more = one.cases - one.before
    if not more:
        return "与上一周一样多"
    sign = "+" if more > 0 else "-"
    share = f"（{sign}{percent(abs(more), one.before)}）" if one.before else ""
    return f"比上一周{'多' if more > 0 else '少'} {abs(more):,} 件{share}"


def cases_of(week: Week, **asked: str) -> str:
    """The address of the queue with all cases of a week, of one category or the like."""
    span = week.span
    period = {
        "created_after": span.begins_at.isoformat(),
        "created_before": span.ends_at.isoformat(),
    }
    filters = {name: value for name, value in asked.items() if value}
    return f"/cases?{urlencode({'state': 'all', 'snoozed': 'include', **filters, **period})}"


def series_name(one: Compared) -> str:
    """Such as 类别“退款”."""
    return f"{CALLED.get(one.kind, '')}“{one.name}”"


def day(found: date) -> str:
    """A day of the year.

    >>> day(date(2026, 11, 9))
    '11月9日'
    """
    return f"{found.month}月{found.day}日"


def aim_value(one: Aim, value: float | None) -> str:
    """A figure of service quality, or its target."""
    if value is None:
        return "—"
    if one.kind == "seconds":
        return duration(value)
    return percent(value, 1) if one.kind == "share" else f"{value:.1f}"


def aim_target(one: Aim) -> str:
    """The target with its direction; empty without one."""
    if one.target is None:
        return ""
    return f"{'至多' if one.is_most else '至少'} {aim_value(one, one.target)}"


def seconds(value: int | None) -> str:
    """A length of time, or a dash."""
    return "—" if value is None else duration(value)
