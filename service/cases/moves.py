"""What may be done with a case in which state, by whom; pure functions from a case to new values.

Each move gets the case, who acts and the moment, and returns the columns that change. None touches
the database: `service.cases.desk` writes what they return, and `service.cases.pauses` tells what
the end of waiting does to the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from service.actors import Actor
from service.cases.faults import CaseFieldError, CaseForbiddenError, CaseRefusedError
from service.cases.states import State
from service.cases.tables import Case
from service.tables import Role

MAX_SNOOZE = timedelta(days=90)
MAX_OWNER_CHARS = 128

Values = dict[str, object]
Move = Callable[[Case, Actor, datetime], Values]

_NAMES = {
    State.NEW: "待认领",
    State.CLAIMED: "处理中",
    State.RESOLVED: "已解决",
    State.DISMISSED: "已驳回",
}


def claim(case: Case, by: Actor, _now: datetime) -> Values:
    """Whoever is first owns the case."""
    _check(case, "认领", State.NEW)
    return {"state": State.CLAIMED, "owner": by.id, "snoozed_until": None}


def release(case: Case, by: Actor, _now: datetime) -> Values:
    """Back into the queue."""
    _check(case, "释放", State.CLAIMED)
    _check_owner(case, by)
    return {"state": State.NEW, "owner": None, **_resumed(case)}


def assign(owner: str) -> Move:
    """The move that makes somebody the owner."""
    if not owner or len(owner) > MAX_OWNER_CHARS:
        raise CaseFieldError("owner", f"owner 需要 1–{MAX_OWNER_CHARS} 个字符")

    def move(case: Case, by: Actor, _now: datetime) -> Values:
        _check(case, "转派", State.NEW, State.CLAIMED)
        _check_owner(case, by)
        return {"state": State.CLAIMED, "owner": owner}

    return move


def snooze(until: datetime | None) -> Move:
    """The move that puts a case off, or, without a moment, brings it back."""

    def move(case: Case, by: Actor, now: datetime) -> Values:
        _check(case, "延后", State.NEW, State.CLAIMED)
        _check_owner(case, by)
        if until is not None and not now < until <= now + MAX_SNOOZE:
            raise CaseFieldError("until", f"until 需要在此刻之后、{MAX_SNOOZE.days} 天之内")
        return {"snoozed_until": until}

    return move


def wait_for_customer(case: Case, by: Actor, now: datetime) -> Values:
    """The customer has to answer first: the clock stands still."""
    _check(case, "等待客户", State.CLAIMED)
    _check_owner(case, by)
    if case.waiting_since is not None:
        raise CaseRefusedError("already_waiting", f"案例 {case.id} 已经在等待客户")
    return {"waiting_since": now}


def resume(case: Case, by: Actor, _now: datetime) -> Values:
    """The clock goes on."""
    _check(case, "继续计时", State.CLAIMED)
    _check_owner(case, by)
    if case.waiting_since is None:
        raise CaseRefusedError("not_waiting", f"案例 {case.id} 没有在等待客户")
    return _resumed(case)


def respond(case: Case, by: Actor, now: datetime) -> Values:
    """The customer got a first answer: the clock stops."""
    _check(case, "记录首次响应", State.NEW, State.CLAIMED)
    _check_owner(case, by)
    if case.first_response_at is not None:
        raise CaseRefusedError("already_responded", "首次响应已经记录过")
    return _responded(case, now)


def resolve(case: Case, by: Actor, now: datetime) -> Values:
    """Done; a customer who had no answer before has one now."""
    _check(case, "解决", State.CLAIMED)
    _check_owner(case, by)
    responded = {} if case.first_response_at else _responded(case, now)
    return {**responded, **_closed(case, State.RESOLVED, now)}


def dismiss(case: Case, by: Actor, now: datetime) -> Values:
    """Nothing to do; no answer to the customer is claimed."""
    _check(case, "驳回", State.CLAIMED)
    _check_owner(case, by)
    return _closed(case, State.DISMISSED, now)


def reopen(case: Case, _by: Actor, _now: datetime) -> Values:
    """Back into the queue; the first response stays what it was."""
    _check(case, "重新打开", State.RESOLVED, State.DISMISSED)
    return {
        "state": State.NEW,
        "is_open": True,
        "owner": None,
        "resolved_at": None,
        "resolution_seconds": None,
    }


def note(_case: Case, _by: Actor, _now: datetime) -> Values:
    """A note changes nothing but the version."""
    return {}


def check_role(by: Actor, needed: Role) -> None:
    """Refuses who may only look.

    Raises:
        CaseForbiddenError: the role is lower than needed.
    """
    if by.role < needed:
        raise CaseForbiddenError(f"需要 {needed.name.lower()} 或更高的角色")


def _check(case: Case, what: str, *states: State) -> None:
    if case.state not in states:
        allowed = "、".join(_NAMES[state] for state in states)
        message = f"案例 {case.id} 的状态为{_NAMES[case.state]}，不能{what}；需要{allowed}"
        raise CaseRefusedError("case_state", message)


def _check_owner(case: Case, by: Actor) -> None:
    if case.owner not in {None, by.id} and by.role < Role.ADJUDICATOR:
        raise CaseForbiddenError("案例由他人负责；只有负责人或 adjudicator 及以上角色可以操作")


def _responded(case: Case, now: datetime) -> Values:
    return {
        "first_response_at": now,
        "response_seconds": _seconds(case.created_at, now),
        **_resumed(case),
    }


def _resumed(case: Case) -> Values:
    return {} if case.waiting_since is None else {"waiting_since": None}


def _closed(case: Case, state: State, now: datetime) -> Values:
    return {
        **_resumed(case),
        "state": state,
        "is_open": False,
        "snoozed_until": None,
        "resolved_at": now,
        "resolution_seconds": _seconds(case.created_at, now),
    }


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))
