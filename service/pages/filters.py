"""What the queue can be filtered by: choices of the form, chips of what is chosen, ready views."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from classifier.prediction import Priority
from service.cases.queue import Filters, Sort, count_cases
from service.cases.states import VerdictState
from service.pages import sessions
from service.pages.live import new_p0
from service.pages.names import Names
from service.pages.sessions import Office
from service.pages.view import View
from service.pages.words import STATES, VERDICT_STATES

Code = TypeVar("Code", str, int)

_TAB_COUNTED = 100
SORTS = {
    Sort.URGENCY: "最紧急在前",
    Sort.UNCERTAINTY: "最没把握在前",
    Sort.NEWEST: "最新在前",
    Sort.OLDEST: "最旧在前",
}
_STATES = {
    "open": "未结束",
    **{state.name.lower(): name for state, name in STATES.items()},
    "all": "全部",
}
_SNOOZED = {"exclude": "不含已延后", "only": "只看已延后", "include": "含已延后"}
_AGES = {"1": "1 小时", "4": "4 小时", "24": "1 天", "72": "3 天", "168": "7 天", "720": "30 天"}
_LABELS = {
    "state": "状态", "priority": "优先级", "level": "情绪", "category": "类别", "signal": "信号",
    "team": "团队", "channel": "渠道", "product": "商品或服务", "region": "地区或门店",
    "verdict": "复核", "owner": "负责人", "id": "编号",
    "older_than_hours": "早于", "newer_than_hours": "最近", "created_after": "不早于",
    "created_before": "早于", "q": "查找", "snoozed": "延后",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    """A chosen filter, and the address without it."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A ready view with how many cases it has; `number` is None where counting costs too much."""

    text: str
    address: str
    is_here: bool
    number: int | None = None
    is_urgent: bool = False

    @property
    def shown(self) -> str:
        """The number as it is shown."""
        if self.number is None:
            return ""
        return f"{_TAB_COUNTED}+" if self.number > _TAB_COUNTED else str(self.number)


def chips(view: View, called: Names) -> list[Chip]:
    """Every chosen filter in words."""
    found = []
    for name, many in view.values.items():
        for value in many:
            if name != "sort":
                found.append(Chip(_said(name, value, called), view.without(name, value)))
    return found


def choices(view: View, called: Names) -> dict[str, list[tuple[str, str]]]:
    """Values and names for each control of the form; what is chosen is always among them."""
    labels = called.labels
    found: dict[str, list[tuple[str, str]]] = {
        "priority": [(p.name, p.name) for p in Priority],
        "level": _named(sorted(n for n in labels.levels if n is not None), called.level)[::-1],
        "category": _named(sorted(c for c in labels.categories if c), called.category),
        "signal": _named(called.signal_codes(), called.signal),
        "team": _named(called.team_codes(), called.team),
        "channel": _named(called.channel_codes(), called.channel),
        "state": list(_STATES.items()),
        "verdict": [(s.name.lower(), VERDICT_STATES[s]) for s in VerdictState],
        "snoozed": list(_SNOOZED.items()),
        "newer_than_hours": list(_AGES.items()),
        "older_than_hours": list(_AGES.items()),
        "sort": [(str(sort), name) for sort, name in SORTS.items()],
    }
    for name, listed in found.items():
        known = {value for value, _ in listed}
        listed += [(one, one) for one in view.values.get(name, ()) if one not in known]
    return found


def tabs(office: Office, view: View, now: datetime) -> list[Tab]:
    """Ready views; the numbers are those that an index tells at once."""
    database, me = office.database, sessions.actor().id
    mine = count_cases(database, Filters(owner=me), now=now, most=_TAB_COUNTED + 1)
    late = Filters(is_overdue=True, priorities=frozenset(Priority))
    overdue = count_cases(database, late, now=now, most=_TAB_COUNTED + 1)
    new = new_p0(office)
    ready: tuple[tuple[str, dict[str, str], int | None, bool], ...] = (
        ("全部未结束", {}, None, False),
        ("待认领 P0", {"priority": "P0", "state": "new"}, min(new, _TAB_COUNTED + 1), True),
        ("已超时", {"overdue": "true"}, overdue, True),
        ("我的", {"mine": "true"}, mine, False),
        ("最没把握", {"sort": "uncertainty"}, None, False),
        ("待二次复核", {"verdict": "reviewed", "state": "all"}, None, False),
        ("有分歧", {"verdict": "disputed", "state": "all"}, None, False),
    )
    here = {name: list(many) for name, many in view.values.items()}
    return [
        Tab(
            text,
            "/cases" + (f"?{urlencode(query)}" if query else ""),
            here == {name: [value] for name, value in query.items()},
            number,
            is_urgent,
        )
        for text, query, number, is_urgent in ready
    ]


def _said(name: str, value: str, called: Names) -> str:
    """A filter in words."""
    told: dict[str, Callable[[str], str]] = {
        "category": called.category,
        "signal": called.signal,
        "team": called.team,
        "channel": called.channel,
        "level": lambda level: called.level(int(level)) if level.isdecimal() else level,
        "state": lambda state: _STATES.get(state, state),
        "verdict": lambda state: dict(_VERDICTS).get(state, state),
        "snoozed": lambda which: _SNOOZED.get(which, which),
        "owner": lambda owner: "我" if owner == "me" else called.person(owner),
        "newer_than_hours": lambda hours: f"{_AGES.get(hours, f'{hours} 小时')}内进入",
        "older_than_hours": lambda hours: f"{_AGES.get(hours, f'{hours} 小时')}前进入",
    }
    if name == "mine":
        return "我的" if value in {"true", "1"} else "不限负责人"
    if name == "overdue":
        return "已超时" if value in {"true", "1"} else "未超时"
    if name.endswith("than_hours"):
        return told[name](value)
    return f"{_LABELS.get(name, name)}：{told[name](value) if name in told else value}"


_VERDICTS = [(s.name.lower(), VERDICT_STATES[s]) for s in VerdictState]


def _named(codes: Iterable[Code], call: Callable[[Code], str]) -> list[tuple[str, str]]:
    return [(str(code), call(code)) for code in codes]
