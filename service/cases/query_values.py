"""The values of a query by name; faults name parameter, value and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TypeVar

from classifier.pii import mask
from classifier.prediction import Priority
from service.cases.faults import CaseFieldError
from service.cases.parameters import FLAGS, MAX_HOURS
from service.operations import MAX_VALUE_CHARS, MAX_VALUES

Arguments = Mapping[str, Sequence[str]]
Numbered = TypeVar("Numbered", bound=IntEnum)
Worded = TypeVar("Worded", bound=StrEnum)


class Reader:
    """Values of a query by name; an empty one counts as absent.

    Each raises CaseFieldError for what it cannot take.
    """

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments

    def many(self, name: str) -> list[str]:
        """Values separated by commas or given several times."""
        given = [part for value in self._arguments.get(name, ()) for part in value.split(",")]
        values = [_plain(value) for value in given if value.strip()]
        if len(values) > MAX_VALUES or any(len(value) > MAX_VALUE_CHARS for value in values):
            message = f"{name} 最多 {MAX_VALUES} 个值，每个最多 {MAX_VALUE_CHARS} 个字符"
            raise CaseFieldError(name, message)
        return values

    def one(self, name: str) -> str | None:
        """The only value; None without one."""
        values = [value for value in self._arguments.get(name, ()) if value.strip()]
        if len(values) > 1:
            raise CaseFieldError(name, f"{name} 只能给出一次")
        if values and len(values[0]) > MAX_VALUE_CHARS:
            raise CaseFieldError(
                name, f"{name} 有 {len(values[0])} 个字符，最多 {MAX_VALUE_CHARS} 个"
            )
        return _plain(values[0]) if values else None

    def flag(self, name: str) -> bool | None:
        """Yes or no; None without a value."""
        value = self.one(name)
        if value is None:
            return None
        if value.lower() not in FLAGS:
            raise refused(name, value, ("true", "false"))
        return FLAGS[value.lower()]

    def number(self, name: str, value: str, low: float, high: float) -> float:
        """A number within bounds, whole but for ages in hours."""
        convert: Callable[[str], float] = float if name.endswith("than_hours") else int
        try:
            found = convert(value)
        except ValueError:
            found = high + 1
        if not low <= found <= high:
            kind = "数" if convert is float else "整数"
            raise CaseFieldError(name, f"{name} 是 {shown(value)}，需要 {low:g}–{high:g} 的{kind}")
        return found

    def ago(self, name: str, now: datetime) -> datetime | None:
        """The moment so many hours before now."""
        value = self.one(name)
        return now - timedelta(hours=self.number(name, value, 0, MAX_HOURS)) if value else None

    def moment(self, name: str) -> datetime | None:
        """A moment with its zone."""
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
                name, f"{name} 是 {shown(value)}，需要带时区的时间，例如 {example}"
            )
        return found

    def numbered(self, name: str, enumeration: type[Numbered]) -> list[Numbered]:
        """Members of an enumeration by their names."""
        members = {key.lower(): member for key, member in enumeration.__members__.items()}
        for value in self.many(name):
            if value.lower() not in members:
                upper = enumeration is Priority
                raise refused(name, value, [k.upper() if upper else k for k in members])
        return [members[value.lower()] for value in self.many(name)]

    def worded(self, name: str, enumeration: type[Worded], default: Worded) -> Worded:
        """A member of an enumeration by its value."""
        value = self.one(name)
        if value is None:
            return default
        if value not in set(enumeration):
            raise refused(name, value, list(enumeration))
        return enumeration(value)


def _plain(value: str) -> str:
    """A value without spaces around it, and without the one character that PostgreSQL refuses."""
    return value.strip().replace("\0", "\ufffd")


def check_names(arguments: Arguments, known: set[str]) -> None:
    """Refuses a parameter that is not known.

    Raises:
        CaseFieldError: names it and those that are.
    """
    for name in arguments:
        if name not in known:
            allowed = "、".join(sorted(known))
            raise CaseFieldError(shown(name), f"未知参数 {shown(name)}，允许的参数：{allowed}")


def refused(name: str, value: str, allowed: Sequence[str]) -> CaseFieldError:
    """The fault of a value that is none of those allowed."""
    return CaseFieldError(name, f"{name} 是 {shown(value)}，允许的值：{'、'.join(allowed)}")


def shown(value: str) -> str:
    """What a client sent, as it may be told: masked and short."""
    return mask(value)[:40]
