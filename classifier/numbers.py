"""Numbers that are personal because of what is said before them, and order numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifier.number_forms import DATE_TIME, LONG, NO_ORDER, PROVINCES, SPOKEN, WECHAT
from classifier.number_forms import NUMBERS as FORMS
from classifier.personal import Finder, Found

_ACCOUNT = re.compile(r"[a-z][a-z0-9_\-]{5}")
# Without one of these no number can stand here: five digits, of which some may be hidden or spoken,
# a plate, or letters and digits with a hyphen between.
_HINT = re.compile(
    rf"[\d*](?:[ \-._/·]{{0,2}}[\d*o]){{4}}|[一幺1](?:[ \-,、]?{SPOKEN}){{6}}|[@#]|艾特"
    rf"|[{PROVINCES}] ?[a-z][^\u3400-\u9fff]{{3}}|[a-z\d]-?\d{{2,4}}-?[a-z\d]|pnr"
)
_LOOK_BACK = 16


def accounts(text: str) -> Iterator[Found]:
    """Names of WeChat accounts in a folded text: before numbers, for one may be part of them.

    >>> set(accounts("微信号 wang_lei88"))
    {Found(start=4, end=14, token='[微信]')}
    """
    for form in WECHAT:
        for match in form.pattern.finditer(text):
            yield Found(*match.span(form.group), form.token)


def numbers(text: str) -> Iterator[Found]:
    """Pieces of a folded text, in any order; no two of them overlap.

    >>> list(numbers("订单号 20261123"))
    [Found(start=4, end=12, token='[单号]')]
    """
    taken: set[int] = set()
    for form in (*FORMS, LONG):
        for match in form.pattern.finditer(text):
            found = Found(*match.span(form.group), form.token)
            places = range(found.start, found.end)
            if taken.isdisjoint(places) and not _is_other(text, found):
                taken.update(places)
                yield found


def _is_other(text: str, found: Found) -> bool:
    """Whether it is a company's or an authority's number (400-820-8820), a product's or a date."""
    number = text[found.start : found.end]
    digits = re.sub(r"[ \-]", "", number)
    if digits.isdigit() and len(digits) == 10 and digits[:3] in {"400", "800"}:
        return True
    if found.token != "[单号]":  # noqa: S105  (no password)
        return False
    head = text[max(0, found.start - _LOOK_BACK) : found.start]
    is_told = head.rstrip(" :是为").endswith(("号", "码"))
    return bool((DATE_TIME.fullmatch(number) and not is_told) or NO_ORDER.search(head))


ACCOUNTS = Finder(_ACCOUNT.search, accounts)
NUMBERS = Finder(_HINT.search, numbers)
