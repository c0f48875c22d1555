"""The query of the insight page and endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.cases.faults import CaseFieldError
from service.cases.query import read_period
from service.cases.query_values import shown
from service.operations import ACTOR, Parameter

MAX_DAYS = 90
DAYS = 30
_MAX_CATEGORY_CHARS = 200

PARAMETERS = (
    Parameter(
        "days", f"最近多少天，1–{MAX_DAYS}，默认 {DAYS}。", kind="integer", bounds=(1, MAX_DAYS)
    ),
    Parameter("category", "只看一个类别，给出其代码。"),
    ACTOR,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Days, today included, and the category; None for all."""

    days: int
    category: str | None


def read_asked(arguments: Mapping[str, Sequence[str]]) -> Asked:
    """What a query asks for.

    Raises:
        CaseFieldError: a parameter is not allowed.
    """
    unknown = sorted(set(arguments) - {one.name for one in PARAMETERS})
    if unknown:
        raise CaseFieldError(shown(unknown[0]), "未知参数；可用的有 days、category、actor")
    days, _ = read_period({"days": arguments.get("days", ())})
    if days > MAX_DAYS:
        raise CaseFieldError("days", f"days 是 {days}，需要 1–{MAX_DAYS} 的整数")
    categories = [one.strip() for one in arguments.get("category", ()) if one.strip()]
    if len(categories) > 1 or any(len(one) > _MAX_CATEGORY_CHARS for one in categories):
        message = f"category 只能给出一次，最多 {_MAX_CATEGORY_CHARS} 个字符"
        raise CaseFieldError("category", message)
    return Asked(days, categories[0].replace("\0", "\ufffd") if categories else None)
