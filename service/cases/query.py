"""The query of `GET /v1/cases` as filters; faults name parameter, value and what is allowed."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime

from classifier.prediction import Priority
from service.audit_log import MAX_PAGE as MAX_AUDIT_PAGE
from service.audit_log import PAGE, AuditQuery
from service.cases import search
from service.cases.faults import CaseFieldError
from service.cases.parameters import FILTERS, OFFSETS, PAGING, PERIOD
from service.cases.query_values import Arguments, Reader, check_names, refused
from service.cases.queue import MAX_PAGE, OPEN, Filters, Snoozed, Sort, Window
from service.cases.states import State, VerdictState
from service.cases.statistics import MAX_DAYS
from service.operations import NAME_CHAR
from service.outbox.letters import LETTERS, MAX_LETTERS, LetterQuery

_NAME = re.compile(f"{NAME_CHAR}{{1,64}}")
_ANY_STATE = {"open": OPEN, "all": frozenset(State)}


def read_filters(arguments: Arguments, *, me: str, now: datetime) -> Filters:
    """The filters of a query; `me` is the id of who asks.

    Raises:
        CaseFieldError: names the parameter, its value and what is allowed.
    """
    check_names(arguments, {parameter.name for parameter in (*FILTERS, *PAGING)})
    read = Reader(arguments)
    owner = me if read.flag("mine") else read.one("owner")
    return Filters(
        states=_states(read),
        priorities=frozenset(read.numbered("priority", Priority)),
        levels=frozenset(int(read.number("level", v, -100, 1000)) for v in read.many("level")),
        categories=frozenset(read.many("category")),
        signals=frozenset(read.many("signal")),
        teams=frozenset(read.many("team")),
        channels=frozenset(read.many("channel")),
        product=read.one("product"),
        region=read.one("region"),
        verdicts=frozenset(read.numbered("verdict", VerdictState)),
        owner=owner_id(owner, me) if owner else None,
        client_id=read.one("id"),
        is_overdue=read.flag("overdue"),
        snoozed=read.worded("snoozed", Snoozed, Snoozed.EXCLUDE),
        created_after=_latest(read.moment("created_after"), read.ago("newer_than_hours", now)),
        created_before=_earliest(read.moment("created_before"), read.ago("older_than_hours", now)),
        words=_words(read),
    )


def owner_id(owner: str, me: str) -> str:
    """An owner as it is kept: "user:3" and the like as they are, a bare name is the program's own.

    >>> owner_id("me", "key:ab/zhang"), owner_id("li", "key:ab/zhang"), owner_id("user:3", "key:ab")
    ('key:ab/zhang', 'key:ab/li', 'user:3')
    """
    if owner == "me":
        return me
    return owner if ":" in owner else f"{me.split('/', maxsplit=1)[0]}/{owner}"


def read_name(arguments: Arguments) -> str | None:
    """The person for whom a program asks.

    Raises:
        CaseFieldError: the name is too long or holds spaces.
    """
    name = Reader(arguments).one("actor")
    is_whole = not any("\0" in value for value in arguments.get("actor", ()))
    if name is not None and not (is_whole and _NAME.fullmatch(name)):
        raise CaseFieldError("actor", "actor 需要 1–64 个字符，不能含有空格或控制字符")
    return name


def read_limit(arguments: Arguments, *, most: int, default: int) -> int:
    """How many a query wants that knows no other parameter.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    check_names(arguments, {"limit", "actor"})
    read = Reader(arguments)
    limit = read.one("limit")
    return default if limit is None else int(read.number("limit", limit, 1, most))


def read_period(arguments: Arguments) -> tuple[int, int]:
    """Days and offset from UTC in hours that statistics are asked for.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    return _period(arguments, PERIOD[0].name, most=MAX_DAYS, default=30)


def read_weeks(arguments: Arguments, *, most: int, default: int) -> tuple[int, int]:
    """Weeks and offset from UTC in hours that figures of service are asked for.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    arguments = {name: values for name, values in arguments.items() if name != "actor"}
    return _period(arguments, "weeks", most=most, default=default)


def _period(arguments: Arguments, unit: str, *, most: int, default: int) -> tuple[int, int]:
    check_names(arguments, {unit, PERIOD[1].name})
    read = Reader(arguments)
    number, offset = read.one(unit), read.one(PERIOD[1].name)
    length = int(read.number(unit, number, 1, most)) if number else default
    return length, int(read.number(PERIOD[1].name, offset, *OFFSETS)) if offset else 8


def read_audit(arguments: Arguments) -> AuditQuery:
    """The part of the audit log that a query asks for.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    check_names(arguments, {field.name for field in fields(AuditQuery)} | {"actor"})
    read = Reader(arguments)
    before, limit = read.one("before"), read.one("limit")
    return AuditQuery(
        subject=read.one("subject") or "",
        actor=read.one("actor") or "",
        action=read.one("action") or "",
        before=int(read.number("before", before, 1, 2**63 - 1)) if before else None,
        limit=int(read.number("limit", limit, 1, MAX_AUDIT_PAGE)) if limit else PAGE,
    )


def read_letters(arguments: Arguments) -> LetterQuery:
    """The deliveries that a query asks for.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    check_names(arguments, {field.name for field in fields(LetterQuery)} | {"actor"})
    read = Reader(arguments)
    limit = read.one("limit")
    return LetterQuery(
        state=read.one("state") or "dead",
        target=read.one("target") or "",
        event_id=read.one("event_id") or "",
        after=read.one("after") or "",
        limit=int(read.number("limit", limit, 1, MAX_LETTERS)) if limit else LETTERS,
    )


def read_window(arguments: Arguments) -> Window:
    """The page that a query asks for.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    read = Reader(arguments)
    limit = read.one("limit")
    return Window(
        sort=read.worded("sort", Sort, Sort.URGENCY),
        limit=50 if limit is None else int(read.number("limit", limit, 1, MAX_PAGE)),
        cursor=read.one("cursor"),
    )


def _states(read: Reader) -> frozenset[State]:
    names = {state.name.lower(): frozenset({state}) for state in State}
    found: frozenset[State] = frozenset()
    for value in read.many("state"):
        if value not in names | _ANY_STATE:
            raise refused("state", value, [*_ANY_STATE, *names])
        found |= (names | _ANY_STATE)[value]
    return found or OPEN


def _words(read: Reader) -> tuple[str, ...]:
    query = read.one("q")
    if query is None:
        return ()
    if len(query) > search.MAX_QUERY_CHARS:
        limit = search.MAX_QUERY_CHARS
        raise CaseFieldError("q", f"q 有 {len(query)} 个字符，最多 {limit} 个")
    found = search.words(query)
    if not found:
        raise CaseFieldError("q", "q 中没有可查找的文字、字母或数字")
    return tuple(found)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)
