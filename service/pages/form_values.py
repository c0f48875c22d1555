"""What people filled in, as the values that the desk and the verdicts take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo

from werkzeug.datastructures import MultiDict

from classifier.prediction import Priority
from service.cases.faults import CaseFieldError
from service.cases.tables import Verdict
from service.cases.verdicts import Opinion

Form = MultiDict[str, str]
PRESETS = {
    "1h": "1 小时后",
    "4h": "4 小时后",
    "tomorrow": "明早 9 点",
    "monday": "下周一 9 点",
}
_HOURS = {"1h": 1, "4h": 4}
_MORNING = time(9)


def read_version(form: Form) -> int:
    """The version of the case that the page showed.

    Raises:
        CaseFieldError: the form has none.
    """
    given = form.get("version", "")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise CaseFieldError("version", "表单缺少版本，请刷新页面后重试")
    return int(given)


def read_opinion(form: Form, earlier: Sequence[Verdict]) -> Opinion:
    """What a verdict form says: a confirmation, somebody's earlier verdict, or own values.

    Raises:
        CaseFieldError: a level or priority is not one.
    """
    reason = form.get("reason", "")
    if form.get("confirm"):
        return Opinion(reason=reason)
    for verdict in earlier:
        if form.get("adopt") == str(verdict.id):
            return _adopted(verdict, reason)
    level, priority = form.get("level", ""), form.get("priority", "")
    if level and not level.lstrip("-").isdecimal():
        raise CaseFieldError("level", "情绪强度需要是一个等级")
    if priority and priority not in Priority.__members__:
        raise CaseFieldError("priority", "优先级需要是 P0、P1、P2 或 P3")
    ticked = set(form.getlist("signal"))
    return Opinion(
        category=form.get("category") or None,
        level=int(level) if level else None,
        signals={code: code in ticked for code in form.getlist("signal_shown")},
        priority=Priority[priority] if priority else None,
        reason=reason,
    )


def read_until(form: Form, now: datetime, zone: tzinfo) -> datetime | None:
    """Until when a case is put off, in the viewer's zone; None brings it back.

    Raises:
        CaseFieldError: no moment was given.
    """
    if form.get("wake"):
        return None
    preset, given = form.get("preset", ""), form.get("until", "")
    here = now.astimezone(zone)
    if preset in _HOURS:
        return now + timedelta(hours=_HOURS[preset])
    if preset in PRESETS:
        days = 1 if preset == "tomorrow" else 7 - here.weekday()
        return datetime.combine(here.date() + timedelta(days=days), _MORNING, zone)
    try:
        return datetime.fromisoformat(given[:40]).replace(tzinfo=zone)
    except (ValueError, OverflowError):
        raise CaseFieldError("until", "请选择延后到什么时候") from None


def _adopted(verdict: Verdict, reason: str) -> Opinion:
    """The same answers as an earlier verdict."""
    named = set(verdict.signals.split())
    return Opinion(
        category=verdict.category,
        level=verdict.level,
        signals={code: code in named for code in named | set(verdict.predicted_signals.split())},
        priority=verdict.priority,
        reason=reason.strip() or f"采纳结论 {verdict.id}",
    )
