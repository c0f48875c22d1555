"""Names of persons, where something beside them tells: 我叫…, …女士, 收件人：…, a signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from classifier.name_forms import (
    EDGE,
    FULL,
    HAN,
    begins_word,
    cuts,
    is_name,
    name_at,
    starts,
    surname_chars,
)  # fmt: skip
from classifier.name_lists import name_lists
from classifier.name_scores import scored, scored_end
from classifier.name_statistics import name_statistics
from classifier.name_variants import variants
from classifier.personal import FOUND, Finder, Found, listed, one_of
from classifier.signatures import may_be_signed, signed

TOKEN = "[姓名]"  # noqa: S105  (no password)
_LATIN_NAME = r"[a-z]{2,15}(?:[ /·.][a-z\-]{2,15}){1,3}(?![a-z0-9@])"
_LATIN = re.compile(_LATIN_NAME)
_LATIN_PERSON = re.compile(
    r"(?:旅客|乘客|乘机人|外教|班主任|配偶|朋友|客人|住客|daughter|son|wife|husband|[打写印录填登]成|姓名栏?)"
    rf"[ :是叫\"“]{{0,2}}(?P<it>[a-z]{{2,12}} [a-z]{{2,12}}(?= )"
    rf"|{_LATIN_NAME})(?![a-z])"
)
_LATIN_TITLED = re.compile(
    rf"(?<![a-z])(?P<it>{_LATIN_NAME})(?= ?(?:先生|女士|小姐|太太|[(,] ?[{HAN}]{{0,3}}护照))"
)
_TWO_LATIN = re.compile(r"[a-z]{2}[ /·.][a-z]{2}")
_DOTTED = re.compile(rf"[{HAN}]{{2,6}}(?:·[{HAN}]{{2,7}}){{1,3}}")
_JOINED = re.compile(r"[、和与及跟/&,] ?")
_IS = r"(?:[\s:：=()（【「\[“\"'!,]|[是为為叫即]|[写填]的?){0,4}"


def may_name(text: str) -> bool:
    """Whether anything tells of a name; may be wrongly true, never false."""
    return (
        any(pattern.search(text) for pattern in _said(dotted="·" in text))
        or _hint().search(text) is not None
        or FOUND in text
        or "·" in text
        or _TWO_LATIN.search(text) is not None
        or may_be_signed(text)
    )


def names(text: str) -> Iterator[Found]:
    """Pieces of a folded text, in any order; some may overlap.

    >>> text = "我叫王小梅,客服小李说张女士来过"
    >>> sorted(text[start:end] for start, end, _ in names(text))
    ['张', '王小梅']
    """
    spans = [*scored(text)]
    if may_name(text):
        spans += _told(text)
    if spans:
        for start, end in {*spans, *variants(text, spans)}:
            yield Found(start, end, TOKEN)


def _told(text: str) -> Iterator[tuple[int, int]]:
    """Names that something beside them tells of."""
    for pattern in _said(dotted="·" in text):
        for match in pattern.finditer(text):
            yield from _after(text, match)
    if "·" in text:
        yield from (match.span() for match in _rendered_dotted().finditer(text))
    yield from _rendered_names(text)
    for match in _addressed().finditer(text):
        yield match.span("it")
    for match in _titled().finditer(text):
        yield from _before_title(text, match)
    for latin in (_LATIN_PERSON, _LATIN_TITLED):
        yield from (match.span("it") for match in latin.finditer(text))
    if FOUND in text:
        yield from _beside_numbers(text)
    yield from signed(text)


def _after(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The names after words that announce one, or make one possible."""
    at = match.end()
    word, gap = match.group("word"), text[match.end("word") : at]
    announced = word in name_lists().announcing or gap == "叫"
    if announced and (gap.strip() or word.endswith("人")):
        for pattern in (_LATIN, _DOTTED):
            if found := pattern.match(text, at):
                yield found.span()
                return
    elif found := _DOTTED.match(text, at):
        yield found.span()
        return
    end = name_at(text, at, announced=announced)
    if end > at and _is_doubtful(text, match, announced=announced):
        end = at
    if end == at and announced and ":" in gap:
        end = _any_name(text, at)
    elif end == at and word in _CALLED and (found := _called().match(text, at)):
        end = found.end()
    if end == at:
        end = scored_end(text, at)
    while end > at:
        yield at, end
        joined = _JOINED.match(text, end)
        at = joined.end() if joined else end
        end = max(name_at(text, at, announced=False), scored_end(text, at)) if joined else at


def _is_doubtful(text: str, match: re.Match[str], *, announced: bool) -> bool:
    """Whether the words before a name may be parts of others."""
    at, begin = match.end(), match.start("word")
    if announced:
        is_verbal = surname_chars(text, at) == 1 and text[at] in name_lists().verbal
        return is_verbal and at == match.end("word")
    return (
        text[begin - 1 : begin + 2] == "物业主"
        or not (begin in cuts(text, begin) or text[begin - 1] in "我俺咱你您他她其")
        or (match.group("word").endswith("师") and text[at] == "傅")  # 老师傅
    )


_CALLED = frozenset(["我叫", "俺叫"])


def _any_name(text: str, at: int) -> int:
    """Two or three characters alone after a colon, whatever the surname, unless nobody is named."""
    found = re.compile(rf"[{HAN}]{{2,3}}(?![{HAN}a-z*])").match(text, at)
    if (
        not found
        or found.group() in name_lists().nobody
        or any(c in name_lists().never for c in found.group())
    ):
        return at
    return found.end()


def _before_title(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The name before 先生, 女士 and the like; of staff only a full name."""
    end = match.start()
    if text.startswith(name_lists().not_persons, match.end()):
        return
    for at in range(max(0, end - _LONGEST), end - 1):
        if is_name(text[at:end]) and _is_full(text, at):
            yield at, end
            return
    if end and text[end - 1] in name_lists().singles and _is_surname(text, end - 1):
        yield end - 1, end


def _is_full(text: str, at: int) -> bool:
    """Whether what has the form of a full name before a title is one."""
    lists = name_lists()
    if text[at : at + 2] in lists.doubles:
        return True
    if text[at] == "谢" and text[max(0, at - 1) : at] in _BEFORE_THANKS:
        return False
    if starts(text, at):
        return name_statistics().word.get(text[at : at + 2], 0.0) < _COMMON_WORD
    is_word = text[at] in lists.verbal | lists.doubtful
    return not is_word and not begins_word(text, at, sure=False)


_COMMON_WORD = 6.0  # ln(1 + frequency): even before a title, no name: 高级女士
_BEFORE_THANKS = frozenset("感多谢致答道拜")


def _is_surname(text: str, at: int) -> bool:
    """Whether one character before a title is a customer's surname."""
    lists = name_lists()
    if text.endswith(lists.roles, 0, at) or (text[at] in lists.verbal and not starts(text, at)):
        return False
    if at == 0 or text[at - 1] in _BEFORE_SURNAME or text.endswith(lists.persons, 0, at):
        return True
    return at in cuts(text, at)


_LONGEST = 4  # characters of a name
_BEFORE_SURNAME = frozenset("找给是叫和与跟由有对向姓请问为让")


def _beside_numbers(text: str) -> Iterator[tuple[int, int]]:
    """The names right before or after a number or an address that was found."""
    for match in _BEFORE_NUMBER.finditer(text):
        at = match.start("it")
        full = match.end("it") - at >= FULL
        if (
            name_at(text, at, announced=full) == match.end("it")
            and text[at] not in name_lists().verbal
        ):
            yield match.span("it")
    for match in _AFTER_NUMBER.finditer(text):
        at = match.end()
        is_said = _RECEIVES.match(text, at) is not None
        end = name_at(text, at, announced=is_said)
        known = text[at - 1] != "的" or end - at == FULL
        if end > at and known and (is_said or EDGE.match(text, end) or text[at - 1] == "的"):
            yield at, end


_BEFORE_NUMBER = re.compile(
    rf"(?:(?<![{HAN}])|(?<=[寄给由是叫找人:栋室号楼我到]))(?![栋室号楼幢座层单])(?P<it>[{HAN}]{{2,4}})"
    rf"[\s,:()/\-、+]{{0,2}}(?:收|的?(?:电话|手机|身份证|卡号|号码|联系方式|微信|qq)号?码?)?[:是为\s]{{0,2}}{FOUND}"
)
_RECEIVES = re.compile(rf"[{HAN}]{{2,4}} ?收(?![{HAN}])")
_AFTER_NUMBER = re.compile(rf"{FOUND}(?:[\s,:()/\-、+(]{{1,2}}|的)")


@cache
def _said(*, dotted: bool) -> tuple[re.Pattern[str], ...]:
    """What finds words before a name: those that announce one, and persons."""
    firsts = "".join(sorted(name_lists().singles | {name[0] for name in name_lists().doubles}))
    second = one_of(listed("names", "possible"))[:-1] + _STAFF_NUMBER
    foreign = rf"[a-z]{{2,12}}[ /·.][a-z]|(?<=:)[{HAN}]|(?<=: )[{HAN}]|(?<=[我俺]叫)[{HAN}]"
    own = f"[{firsts}]" + (rf"|[{HAN}]{{2,6}}·[{HAN}]" if dotted else "")
    first = one_of(listed("names", "announcing"))
    return (
        re.compile(rf"(?P<word>{first}){_IS}(?={own}|{foreign})"),
        re.compile(rf"(?P<word>{second}){_IS}(?={own})"),
    )


_STAFF_NUMBER = r"|工号[a-z]?\d{2,8}的?)"


@cache
def _rendered_dotted() -> re.Pattern[str]:
    """Names of other languages with a dot, in the characters that render their sounds."""
    sounds = f"[{''.join(listed('names', 'sounds'))}]"
    return re.compile(rf"{sounds}{{2,6}}(?:·{sounds}{{2,7}}){{1,3}}")


@cache
def _rendered() -> re.Pattern[str]:
    """Characters that render the sounds of names of other languages, without a dot."""
    sounds = f"[{''.join(listed('names', 'sounds'))}]"
    return re.compile(rf"{sounds}{{3,6}}(?![{HAN}·])")


@cache
def _called() -> re.Pattern[str]:
    """A short name of another language that somebody says is theirs: 我叫图雅."""
    return re.compile(rf"[{''.join(listed('names', 'sounds'))}]{{2,3}}(?![{HAN}a-z*])")


def _rendered_names(text: str) -> Iterator[tuple[int, int]]:
    """Names of other languages, behind what tells of a person, or alone and of four characters."""
    for match in _rendered().finditer(text):
        before = text[: match.start()].rstrip(" :")
        is_alone = match.end() - match.start() > FULL and not re.match(rf"[{HAN}]", before[-1:])
        if is_alone or before.endswith((*name_lists().persons, "叫", "我是")):
            yield match.span()


@cache
def _addressed() -> re.Pattern[str]:
    """A surname with a title of whom something is sent to: 莫老师 13…, 邓师傅收."""
    surnames = "".join(sorted(name_lists().singles))
    return re.compile(
        rf"(?:(?<=联系|收件|收货|寄给|转交)|(?<=联系[ :])|(?<=一声)|(?<=[ ,:人{FOUND}]))"
        rf"(?P<it>[{surnames}])(?:老师|师傅|医生|大夫|姐|哥|叔|姨|阿姨|大姐|大哥|总)"
        rf"(?=[ ,:(]{{0,2}}{FOUND}| ?[签代]?收(?![{HAN}]))"
    )


@cache
def _hint() -> re.Pattern[str]:
    """One search for titles and what `signed` looks for."""
    return re.compile(one_of((*listed("names", "titles"), *listed("names", "signing"))))


@cache
def _titled() -> re.Pattern[str]:
    words = one_of(listed("names", "titles"))
    return re.compile(rf"{words}(?!姐|妹|们|厕|装|款|表|鞋|包|卫生|香)")


NAMES = Finder(bool, names)
