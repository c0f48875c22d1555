"""The name at the end of a letter, and before 敬上, 签收 and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from classifier.name_forms import HAN, name_at, starts
from classifier.name_lists import name_lists
from classifier.personal import FOUND, listed, one_of

_DATE = (
    r"(?:(?:20)?\d\d[年./\-]\s?\d{1,2}[月./\-]\s?\d{1,2}日?|\d{1,2}月\d{1,2}[日号]"
    r"|[二〇零一三四五六七八九十年月日]{6,12})"
)


def may_be_signed(text: str) -> bool:
    """Whether the end looks as if somebody had signed; read backwards, most are done at once."""
    return _backwards().match(text[: -_SIGNATURE_CHARS - 1 : -1]) is not None


def signed(text: str) -> Iterator[tuple[int, int]]:
    """The name at the end of a letter, and before 敬上 and the like."""
    for match in _before_signing().finditer(text):
        end = match.start() - (text[match.start() - 1 : match.start()] == " ")
        for start in (end - 4, end - 3, end - 2):
            if (
                start >= 0
                and (starts(text, start) or text[start - 1] in "由是被的叫")
                and name_at(text, start, announced=False) == end
            ):
                yield start, end
                break
    if not may_be_signed(text):
        return
    last = _SIGNATURE.search(text, max(0, len(text) - _SIGNATURE_CHARS))
    if last and last.start("it") > _LEAST_LETTER:
        at, end = last.span("it")
        is_sure = last.group("who") or last.group("date") or text[at - 1] in "\n—~-"
        if name_at(text, at, announced=False) == end and (
            is_sure or text[at] not in name_lists().doubtful
        ):
            yield at, end


_SIGNATURE_CHARS, _LEAST_LETTER = 60, 4
_SIGNATURE = re.compile(
    rf"[\n\s。.!?！？;—\-~,:)»…⋯](?P<who>(?:您的|你们的|一位|一个)?"
    r"(?:投诉人|申诉人|消费者|顾客|客户|用户|读者|业主|家长|乘客|此致|敬礼|储户|会员|学员|患者))?"
    rf"[\s:!]{{0,4}}(?P<it>[{HAN}]{{2,4}})[\s。.!,()]{{0,3}}"
    rf"(?:{FOUND}{{1,40}}[\s。.,]{{0,3}})?(?P<date>{_DATE})?[\s。.!)]{{0,3}}\Z"
)


@cache
def _before_signing() -> re.Pattern[str]:
    return re.compile(one_of(listed("names", "signing")))


@cache
def _backwards() -> re.Pattern[str]:
    """The end of a signed text read backwards: a date or a number, a name, and what parts it."""
    surnames = "".join(sorted(name_lists().singles | {name[1] for name in name_lists().doubles}))
    return re.compile(
        rf"[\s。.!,()]{{0,3}}"
        rf"(?:[\d二〇零一三四五六七八九十年月日号./\-\s{FOUND}]{{2,60}}[\s。.!,()]{{0,6}})?"
        rf"[{HAN}]{{1,3}}[{surnames}](?:[^{HAN}a-z\d]|[人者客户员者长您位]|礼敬|致此|.?[{surnames}])"
    )
