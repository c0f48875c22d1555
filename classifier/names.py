"""Names of persons, where something beside them tells: 我叫…, …女士, 收件人：…, a signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate

from classifier.personal import FOUND, Finder, Found, listed, one_of
from classifier.segmenter import jieba_folder
from classifier.tokens import tokeniser

TOKEN = "[姓名]"  # noqa: S105  (no password)
_HAN = "\u3400-\u9fff"
_DICTIONARY_CHARS = 4  # no longer word of the dictionary is looked up
_LATIN_NAME = r"[a-z]{2,15}(?:[ /·.][a-z\-]{2,15}){1,3}(?![a-z0-9@])"
_LATIN = re.compile(_LATIN_NAME)
_LATIN_PERSON = re.compile(
    r"(?:旅客|乘客|乘机人|外教|班主任|配偶|朋友|客人|住客|daughter|son|wife|husband|名字打成|姓名)"
    rf"[ :是叫]{{0,2}}(?P<it>{_LATIN_NAME.replace('{1,3}', '{1,2}')}|[a-z]{{2,12}} [a-z]{{2,12}}(?= ))"
)
_DOTTED = re.compile(rf"[{_HAN}]{{2,6}}(?:·[{_HAN}]{{2,7}}){{1,3}}")
_EDGE = re.compile(rf"[^{_HAN}a-z*某]|$")
_JOINED = re.compile(r"[、和与及跟/&,] ?")
_DATE = r"(?:(?:20)?\d\d[年./\-]\s?\d{1,2}[月./\-]\s?\d{1,2}日?|\d{1,2}月\d{1,2}[日号]|[二〇零一三四五六七八九十年月日]{6,12})"
_IS = r"(?:[\s:：=()（【「\[“\"'!,]|[是为為叫即]|[写填]的?){0,4}"


def may_name(text: str) -> bool:
    """Whether anything tells of a name; may be wrongly true, never false."""
    return (
        _hint(dotted="·" in text).search(text) is not None
        or FOUND in text
        or _CLAUSE.search(text) is not None
        or _doubled().search(text) is not None
        or _MAYBE_SIGNED.match(text[: -_SIGNATURE_CHARS - 1 : -1]) is not None
    )


def names(text: str) -> Iterator[Found]:
    """Pieces of a folded text, in any order; some may overlap.

    >>> text = "我叫王小梅,客服小李说张女士来过"
    >>> sorted(text[start:end] for start, end, _ in names(text))
    ['张', '王小梅']
    """
    spans: list[tuple[int, int]] = []
    for pattern in _said(dotted="·" in text):
        for match in pattern.finditer(text):
            spans += _after(text, match)
    for match in _titled().finditer(text):
        spans += _before_title(text, match)
    spans += (match.span("it") for match in _LATIN_PERSON.finditer(text))
    spans += _alone(text)
    if FOUND in text:
        spans += _beside_numbers(text)
    spans += _signed(text)
    if spans:
        for start, end in {*spans, *_again(text, spans)}:
            yield Found(start, end, TOKEN)


def _again(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where the full names stand elsewhere in the text."""
    full = {text[start:end] for start, end in spans if end - start > 1}
    if full:
        for match in re.finditer(
            "|".join(map(re.escape, sorted(full, key=len, reverse=True))), text
        ):
            yield match.span()


def name_at(text: str, at: int, *, announced: bool) -> int:
    """Where a name that begins here ends, or `at` if none does.

    Where none is `announced`, more must hold: the surname is no word, the name is over.
    """
    surname = _surname_chars(text, at)
    if not surname or text.startswith(_brands(), at):
        return at
    given = _given_chars(text, at + surname)
    end = at + surname + given
    if not given or text.startswith(_staff_titles(), at + surname):
        return at
    ends_here = _EDGE.match(text, end) is not None
    is_over = ends_here or (given > 1 and text[end] in _after_chars())
    is_sure = (announced and is_over) or text.startswith(_REPORTING, end)
    if text[at:end] in _nobody() or (surname == 1 and _is_word(text, at, end, sure=is_sure)):
        return at
    if announced or surname > 1:
        return end
    if text[at] in _verbal() or (text[at] in _doubtful() and given < 2 and not is_sure):
        return at
    is_over = is_over or text[end] in _after_chars() or (given > 1 and end in _cuts(text, at))
    return end if is_over or text[end] in _never() else at


def _cuts(text: str, at: int) -> set[int]:
    """Where the segmenter begins words near here."""
    start = max(0, at - _SEEN)
    return {start, *accumulate(map(len, tokeniser().cut(text[start : at + _SEEN])), initial=start)}


_SEEN = 6  # characters before and after
_REPORTING = ("称", "反映", "来电", "来访", "表示", "诉称", "投诉")


def _after(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The names after words that announce one, or make one possible."""
    at = match.end()
    word, gap = match.group("word"), text[match.end("word") : at]
    announced = word in _announcing() or gap == "叫"
    if announced and (gap.strip() or word.endswith("人")):
        for pattern in (_LATIN, _DOTTED):
            if found := pattern.match(text, at):
                yield found.span()
                return
    elif found := _DOTTED.match(text, at):
        yield found.span()
        return
    end = name_at(text, at, announced=announced)
    if not announced and end > at:
        begin = match.start("word")
        if (
            text[begin - 1 : begin + 2] == "物业主"
            or not (begin in _cuts(text, begin) or text[begin - 1] in "我俺咱你您他她其")
            or _is_vague(word, text[at:end], text[end : end + 2])
        ):
            return
    if announced and not gap and _surname_chars(text, at) == 1 and text[at] in _verbal():
        return
    if end == at and announced and (":" in gap or word == "我叫"):
        end = _any_name(text, at) if ":" in gap else at
    while end > at:
        yield at, end
        joined = _JOINED.match(text, end)
        at = joined.end() if joined else end
        end = name_at(text, at, announced=False) if joined else at


def _is_vague(word: str, name: str, next_chars: str) -> bool:
    """Whether after such a word this may be anything."""
    if word.endswith("师") and name[0] == "傅":  # 老师傅
        return True
    if word == "的" and "\u3400" <= next_chars[:1] <= "\u9fff":
        return True
    return (
        word in _verbs()
        and next_chars not in _PAID
        and (len(name) != _FULL or name[0] not in _frequent())
    )


_PAID = ("转账", "转帐", "汇款", "打款", "打电", "签收", "代收")


def _any_name(text: str, at: int) -> int:
    """Two or three characters alone after a colon, whatever the surname, unless nobody is named."""
    found = re.compile(rf"[{_HAN}]{{2,3}}(?![{_HAN}a-z*])").match(text, at)
    if not found or found.group() in _nobody() or any(c in _never() for c in found.group()):
        return at
    return found.end()


def _before_title(text: str, match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The name before 先生, 女士 and the like; of staff only a full name."""
    end = match.start()
    if text.startswith(_not_persons(), match.end()):
        return
    for chars in (4, 3, 2, 1):
        at = end - chars
        if at < 0 or not _is_name(text[at:end]):
            continue
        if chars == 1 and text[:at].endswith(_roles()):
            return
        if chars > 1 and match.group() not in _POLITE and chars != _FULL:
            continue
        if (
            text[at] in _verbal() | _doubtful()
            and match.group() not in _POLITE
            and not _starts(text, at)
        ):
            return
        if (
            chars > 1
            and text[at : at + 2] not in _doubles()
            and _is_word(text, at, end, sure=False)
        ):
            continue
        if chars > 1 and text[at] in _verbal() | _doubtful() and not _starts(text, at):
            continue
        if chars == 1 and at and text[at - 1] not in _BEFORE_SURNAME and at not in _cuts(text, at):
            return
        if chars == 1 and text[at] in _verbal() and not _starts(text, at):
            return
        yield at, end
        return


_BEFORE_SURNAME = frozenset("找给是叫和与跟由有对向姓请问为让")
_POLITE = {"先生", "女士", "小姐", "太太"}


def _starts(text: str, at: int) -> bool:
    """Whether a clause starts here, or what names a person ends."""
    return (
        at == 0
        or not re.match(rf"[{_HAN}]", text[at - 1])
        or text[:at].endswith((*_persons(), "隔壁", "对门", "楼上", "楼下"))
    )


def _is_name(name: str) -> bool:
    """Whether it has the form of a surname alone or a full name."""
    surname = 2 if name[:2] in _doubles() else 1 if name[0] in _singles() else 0
    given = name[surname:]
    return bool(surname) and len(given) <= 2 and all(_may_be_given(char) for char in given)


def _alone(text: str) -> Iterator[tuple[int, int]]:
    """The names of two characters in the surname, of a person whose sex follows, or in a clause."""
    for match in _doubled().finditer(text):
        end = name_at(text, match.start(), announced=False)
        if end > match.start() and (_EDGE.match(text, end) or text[end] in _after_chars()):
            yield match.start(), end
    for match in _CLAUSE.finditer(text):
        at, end = match.span("it")
        told = match.group("sex") is not None
        if name_at(text, at, announced=told) == end and (told or text[at] in _frequent()):
            yield at, end


_CLAUSE = re.compile(
    rf"(?:\A|[,。;:\s!?、])(?P<it>[{_HAN}]{{3}}|[{_HAN}]{{2}}(?=[, ]?[男女][,。 \d性岁]))"
    rf"(?:(?P<sex>[, ]?[男女](?=[,。 \d性岁]))|(?=[,。;!?]|\Z))"
)


def _beside_numbers(text: str) -> Iterator[tuple[int, int]]:
    """The names right before or after a number or an address that was found."""
    for match in _BEFORE_NUMBER.finditer(text):
        at = match.start("it")
        full = match.end("it") - at >= _FULL
        if name_at(text, at, announced=full) == match.end("it") and text[at] not in _verbal():
            yield match.span("it")
    for match in _AFTER_NUMBER.finditer(text):
        at = match.end()
        is_said = _RECEIVES.match(text, at) is not None
        end = name_at(text, at, announced=is_said)
        known = text[at - 1] != "的" or end - at == _FULL
        if end > at and known and (is_said or _EDGE.match(text, end) or text[at - 1] == "的"):
            yield at, end


_FULL = 3  # characters of most names
_BEFORE_NUMBER = re.compile(
    rf"(?:(?<![{_HAN}])|(?<=[寄给由是叫找人:栋室号楼我到]))(?![栋室号楼幢座层单])(?P<it>[{_HAN}]{{2,4}})"
    rf"[\s,:()/\-、+]{{0,2}}(?:收|的?(?:电话|手机|身份证|卡号|号码|联系方式|微信|qq)号?码?)?[:是为\s]{{0,2}}{FOUND}"
)
_RECEIVES = re.compile(rf"[{_HAN}]{{2,4}} ?收(?![{_HAN}])")
_AFTER_NUMBER = re.compile(rf"{FOUND}(?:[\s,:()/\-、+(]{{1,2}}|的)")


def _signed(text: str) -> Iterator[tuple[int, int]]:
    """The name at the end of a letter, and before 敬上 and the like."""
    for signed in _before_signing().finditer(text):
        end = len(text[: signed.start()].rstrip(" "))
        for start in (end - 4, end - 3, end - 2):
            if (
                start >= 0
                and (_starts(text, start) or text[start - 1] in "由是被的叫")
                and name_at(text, start, announced=False) == end
            ):
                yield start, end
                break
    if not _MAYBE_SIGNED.match(text[: -_SIGNATURE_CHARS - 1 : -1]):
        return
    match = _SIGNATURE.search(text, max(0, len(text) - _SIGNATURE_CHARS))
    if match and match.start("it") > _LEAST_LETTER:
        at, end = match.span("it")
        is_sure = match.group("who") or match.group("date") or text[at - 1] in "\n—~-"
        if name_at(text, at, announced=False) == end and (is_sure or text[at] not in _doubtful()):
            yield at, end


_SIGNATURE_CHARS, _LEAST_LETTER = 60, 4
# Of the text read backwards: most texts are done after a few characters.
_MAYBE_SIGNED = re.compile(
    rf"[\s。.!,()]{{0,3}}(?:[\d二〇零一三四五六七八九十年月日号./\-\s{FOUND}]{{2,60}}[\s。.,!()]{{0,6}})?"
    rf"[{_HAN}]{{2,4}}(?:[^{_HAN}a-z\d]|[人者客户员者长您位]|礼敬|致此)"
)
_SIGNATURE = re.compile(
    rf"[\n\s。.!?！？;—\-~,:)»…⋯](?P<who>(?:您的|你们的|一位|一个)?(?:投诉人|申诉人|消费者|顾客|客户|用户|读者|业主|家长|乘客|此致|敬礼|储户|会员|学员|患者))?"
    rf"[\s:!]{{0,4}}(?P<it>[{_HAN}]{{2,4}})[\s。.!,()]{{0,3}}(?:{FOUND}{{1,40}}[\s。.,]{{0,3}})?(?P<date>{_DATE})?[\s。.!)]{{0,3}}\Z"
)


def _surname_chars(text: str, at: int) -> int:
    if text[at : at + 2] in _doubles():
        return 2
    return 1 if at < len(text) and text[at] in _singles() else 0


def _given_chars(text: str, at: int) -> int:
    """How many of the next two characters are a given name."""
    for chars in (0, 1):
        char = text[at + chars : at + chars + 1]
        goes_on = chars and text.startswith(_going_on(), at + chars)
        if not char or not _may_be_given(char) or goes_on:
            return chars
    return 2


def _may_be_given(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" and char not in _never()


def _is_word(text: str, at: int, end: int, *, sure: bool) -> bool:
    """Whether a common word begins here; where a name is `sure`, words that end elsewhere do not count."""
    words = _words()
    if text[at + 1 : at + 2] == "子" and text[at + 2 : at + 3] in _son():
        return False
    if text[at : at + 2] in _common():
        return True
    for chars in range(2, _DICTIONARY_CHARS + 1):
        if text[at : at + chars] in words:
            return not sure
    return False


@cache
def _words() -> frozenset[str]:
    """The dictionary's words that begin like a name and are none."""
    firsts = _singles()
    lines = (jieba_folder() / "dict.txt").read_text(encoding="utf-8").splitlines()
    split = (line.split(" ") for line in lines if line[0] in firsts)
    return frozenset(
        word
        for word, number, tag in split
        if 2 <= len(word) <= _DICTIONARY_CHARS and (tag != "nr" or int(number) >= _OFTEN)
    ) - frozenset(listed("names", "famous"))


_OFTEN = 100  # what the dictionary tags as a name and has more often is mostly a word: 张口, 孙子


@cache
def _said(*, dotted: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds words before a name: those that announce one, and those that may."""
    firsts = "".join(sorted(_singles() | {name[0] for name in _doubles()}))
    foreign = rf"[a-z]{{2,12}}[ /·.][a-z]|(?<=:)[{_HAN}]|(?<=: )[{_HAN}]"
    own = f"[{firsts}]" + (rf"|[{_HAN}]{{2,6}}·[{_HAN}]" if dotted else "")
    first = one_of(listed("names", "announcing"))
    second = one_of((*listed("names", "possible"), *listed("names", "verbs")))[:-1] + _STAFF_NUMBER
    return (
        re.compile(rf"(?P<word>{first}){_IS}(?={own}|{foreign})"),
        re.compile(rf"(?P<word>{second}){_IS}(?={own})"),
    )


_STAFF_NUMBER = r"|工号[a-z]?\d{2,8}的?)"


@cache
def _hint(*, dotted: bool) -> re.Pattern[str]:
    """One search for all that `_said`, `_titled` and `_before_signing` look for."""
    firsts = "".join(sorted(_singles() | {name[0] for name in _doubles()}))
    lists = ("announcing", "possible", "verbs", "titles", "signing")
    words = one_of(word for name in lists for word in listed("names", name))[:-1] + _STAFF_NUMBER
    alone = {word[-2:] for name in lists[-2:] for word in listed("names", name)}
    after = rf"[{firsts}a-z]|(?<=:)[{_HAN}]|(?<=: )[{_HAN}]" + (
        rf"|[{_HAN}]{{2,6}}·" if dotted else ""
    )
    return re.compile(rf"{words}(?:(?<={'|'.join(sorted(alone))})|{_IS}(?={after}))")


@cache
def _titled() -> re.Pattern[str]:
    words = one_of(listed("names", "titles"))
    return re.compile(rf"{words}(?!姐|妹|们|厕|装|款|表|鞋|包|卫生|香)")


@cache
def _before_signing() -> re.Pattern[str]:
    return re.compile(one_of(listed("names", "signing")))


def _set(table: str, name: str) -> frozenset[str]:
    return frozenset("".join(listed(table, name)))


@cache
def _singles() -> frozenset[str]:
    return _set("surnames", "single") | _doubtful() | _verbal()


@cache
def _doubles() -> frozenset[str]:
    return frozenset(listed("surnames", "double"))


@cache
def _doubtful() -> frozenset[str]:
    return _set("surnames", "doubtful")


@cache
def _verbal() -> frozenset[str]:
    return _set("surnames", "verbal")


@cache
def _never() -> frozenset[str]:
    return _set("names", "never")


@cache
def _after_chars() -> frozenset[str]:
    return _set("names", "after")


@cache
def _announcing() -> frozenset[str]:
    return frozenset(listed("names", "announcing"))


@cache
def _frequent() -> frozenset[str]:
    return _set("surnames", "frequent")


@cache
def _son() -> frozenset[str]:
    return _set("names", "son")


@cache
def _doubled() -> re.Pattern[str]:
    words = {"东方", "西门", "长孙", "司空"}
    return re.compile(
        one_of(double for double in listed("surnames", "double") if double not in words)
    )


@cache
def _verbs() -> frozenset[str]:
    return frozenset(listed("names", "verbs"))


@cache
def _going_on() -> tuple[str, ...]:
    return listed("names", "going_on")


@cache
def _brands() -> tuple[str, ...]:
    return listed("names", "brands")


@cache
def _staff_titles() -> tuple[str, ...]:
    return listed("names", "staff_titles")


@cache
def _roles() -> tuple[str, ...]:
    return listed("names", "roles")


@cache
def _persons() -> tuple[str, ...]:
    return (*listed("names", "possible"), *listed("names", "announcing"))


@cache
def _common() -> frozenset[str]:
    return frozenset(listed("names", "words"))


@cache
def _nobody() -> frozenset[str]:
    return frozenset(listed("names", "nobody"))


@cache
def _not_persons() -> tuple[str, ...]:
    return listed("names", "not_persons")


NAMES = Finder(may_name, names)
