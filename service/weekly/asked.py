"""Which week a query asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo

from service.cases.faults import CaseFieldError
from service.cases.parameters import PERIOD
from service.cases.query import read_period
from service.cases.query_values import shown
from service.operations import ACTOR, Parameter
from service.weekly.weeks import Week, find_week

_WEEK = "week"
_OFFSET = PERIOD[1]
PARAMETERS = (
    Parameter(_WEEK, "ISO 周，例如 2026-W46；默认上一个完整的周。"),
    _OFFSET,
    ACTOR,
)


def read_asked(
    arguments: Mapping[str, Sequence[str]], now: datetime, zone: tzinfo | None = None
) -> Week:
    """The week, in a zone or in the one that the query gives as hours apart from UTC.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    known = {_WEEK} if zone else {one.name for one in PARAMETERS}
    unknown = sorted(set(arguments) - known)
    if unknown:
        allowed = "、".join(sorted(known))
        raise CaseFieldError(shown(unknown[0]), f"未知参数；可用的有 {allowed}")
    if zone is None:
        _, hours = read_period({_OFFSET.name: arguments.get(_OFFSET.name, ())})
        zone = timezone(timedelta(hours=hours))
    given = [value for value in arguments.get(_WEEK, ()) if value.strip()]
    if len(given) > 1:
        raise CaseFieldError(_WEEK, "week 只能给出一次")
    week = find_week(given[0] if given else None, now, zone)
    if week is None:
        message = (
            f"week 是 {shown(given[0]) if given else ''}，需要已经开始的 ISO 周，例如 2026-W46"
        )
        raise CaseFieldError(_WEEK, message)
    return week
