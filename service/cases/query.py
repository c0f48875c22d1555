"""The query of `GET /v1/cases` as filters; faults name parameter, value and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TypeVar

from classifier.pii import mask
from classifier.prediction import Priority
from service.audit_log import MAX_PAGE as MAX_AUDIT_PAGE
from service.audit_log import PAGE, AuditQuery
from service.cases import search
from service.cases.faults import CaseFieldError
from service.cases.parameters import FILTERS, PAGING, PERIOD
from service.cases.queue import MAX_PAGE, OPEN, Filters, Snoozed, Sort, Window
from service.cases.states import State, VerdictState
from service.cases.statistics import MAX_DAYS
from service.outbox.letters import LETTERS, MAX_LETTERS, LetterQuery

Arguments = Mapping[str, Sequence[str]]
Numbered = TypeVar("Numbered", bound=IntEnum)
Worded = TypeVar("Worded", bound=StrEnum)

_MAX_VALUES, _MAX_VALUE_CHARS = 50, 200
_MAX_HOURS = 24 * 3660
_NAME = re.compile(r"[^\s\x00-\x1f\x7f]{1,64}")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_ANY_STATE = {"open": OPEN, "all": frozenset(State)}


def read_filters(arguments: Arguments, *, me: str, now: datetime) -> Filters:
    """The filters of a query; `me` is the id of who asks.

    Raises:
        CaseFieldError: names the parameter, its value and what is allowed.
    """
    _check_names(arguments, {parameter.name for parameter in (*FILTERS, *PAGING)})
    read = _Reader(arguments)
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
    name = _Reader(arguments).one("actor")
    if name is not None and not _NAME.fullmatch(name):
        raise CaseFieldError("actor", "actor 需要 1–64 个字符，不能含有空格或控制字符")
    return name


def read_limit(arguments: Arguments, *, most: int, default: int) -> int:
    """How many a query wants that knows no other parameter.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    _check_names(arguments, {"limit", "actor"})
    read = _Reader(arguments)
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
    _check_names(arguments, {unit, PERIOD[1].name})
    read = _Reader(arguments)
    number, offset = read.one(unit), read.one(PERIOD[1].name)
    length = int(read.number(unit, number, 1, most)) if number else default
    return length, int(read.number(PERIOD[1].name, offset, -12, 14)) if offset else 8


def read_audit(arguments: Arguments) -> AuditQuery:
    """The part of the audit log that a query asks for.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    _check_names(arguments, {field.name for field in fields(AuditQuery)} | {"actor"})
    read = _Reader(arguments)
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
    _check_names(arguments, {field.name for field in fields(LetterQuery)} | {"actor"})
    read = _Reader(arguments)
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
    read = _Reader(arguments)
    limit = read.one("limit")
    return Window(
        sort=read.worded("sort", Sort, Sort.URGENCY),
        limit=50 if limit is None else int(read.number("limit", limit, 1, MAX_PAGE)),
        cursor=read.one("cursor"),
    )


class _Reader:
    """Values of a query by name; an empty one counts as absent."""

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments

    def many(self, name: str) -> list[str]:
        given = [part for value in self._arguments.get(name, ()) for part in value.split(",")]
        values = [value.strip() for value in given if value.strip()]
        if len(values) > _MAX_VALUES or any(len(value) > _MAX_VALUE_CHARS for value in values):
            message = f"{name} 最多 {_MAX_VALUES} 个值，每个最多 {_MAX_VALUE_CHARS} 个字符"
            raise CaseFieldError(name, message)
        return values

    def one(self, name: str) -> str | None:
        values = [value for value in self._arguments.get(name, ()) if value.strip()]
        if len(values) > 1:
            raise CaseFieldError(name, f"{name} 只能给出一次")
        if values and len(values[0]) > _MAX_VALUE_CHARS:
            raise CaseFieldError(
                name, f"{name} 有 {len(values[0])} 个字符，最多 {_MAX_VALUE_CHARS} 个"
            )
        return values[0].strip().replace("\0", "\ufffd") if values else None

    def flag(self, name: str) -> bool | None:
        value = self.one(name)
        if value is None:
            return None
        if value.lower() not in _FLAGS:
            raise _refused(name, value, ("true", "false"))
        return _FLAGS[value.lower()]

    def number(self, name: str, value: str, low: float, high: float) -> float:
        convert: Callable[[str], float] = float if name.endswith("than_hours") else int
        try:
            found = convert(value)
        except ValueError:
            found = high + 1
        if not low <= found <= high:
            kind = "数" if convert is float else "整数"
            raise CaseFieldError(name, f"{name} 是 {_shown(value)}，需要 {low:g}–{high:g} 的{kind}")
        return found

    def ago(self, name: str, now: datetime) -> datetime | None:
        value = self.one(name)
        return now - timedelta(hours=self.number(name, value, 0, _MAX_HOURS)) if value else None

    def moment(self, name: str) -> datetime | None:
        value = self.one(name)
        if value is None:
            return None
        try:
            # A plus sign in a query means a space to whoever decodes it.
            found = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
        except ValueError:
            found = datetime.min
        if found.tzinfo is None or not 1971 <= found.year <= 9998:
            example = "2025-06-01T12:30:00+08:00"
            raise CaseFieldError(
                name, f"{name} 是 {_shown(value)}，需要带时区的时间，例如 {example}"
            )
        return found

    def numbered(self, name: str, enumeration: type[Numbered]) -> list[Numbered]:
        members = {key.lower(): member for key, member in enumeration.__members__.items()}
        for value in self.many(name):
            if value.lower() not in members:
                upper = enumeration is Priority
                raise _refused(name, value, [k.upper() if upper else k for k in members])
        return [members[value.lower()] for value in self.many(name)]

    def worded(self, name: str, enumeration: type[Worded], default: Worded) -> Worded:
        value = self.one(name)
        if value is None:
            return default
        if value not in set(enumeration):
            raise _refused(name, value, list(enumeration))
        return enumeration(value)


def _states(read: _Reader) -> frozenset[State]:
    names = {state.name.lower(): frozenset({state}) for state in State}
    found: frozenset[State] = frozenset()
    for value in read.many("state"):
        if value not in names | _ANY_STATE:
            raise _refused("state", value, [*_ANY_STATE, *names])
        found |= (names | _ANY_STATE)[value]
    return found or OPEN


def _words(read: _Reader) -> tuple[str, ...]:
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


def _check_names(arguments: Arguments, known: set[str]) -> None:
    for name in arguments:
        if name not in known:
            allowed = "、".join(sorted(known))
            raise CaseFieldError(_shown(name), f"未知参数 {_shown(name)}，允许的参数：{allowed}")


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _refused(name: str, value: str, allowed: Sequence[str]) -> CaseFieldError:
    return CaseFieldError(name, f"{name} 是 {_shown(value)}，允许的值：{'、'.join(allowed)}")


def _shown(value: str) -> str:
    return mask(value)[:40]
