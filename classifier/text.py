"""The one clean-up every text goes through, with a map back to the text as it was sent.

Steps, each small and tested alone: fold width and case, NFKC, drop invisible characters, strip
markup, simplify characters, replace links, order numbers and personal data by tokens, bound runs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from classifier.aligned import Aligned
from classifier.characters import INVISIBLE, PROVINCES, fold, is_stable
from classifier.kernels.phrases import CHINESE, PLAIN
from classifier.plain import RARE_HAN, converter, plain_texts, traditional

# Longer texts are read up to here, and say so: 20,000 characters are 13 printed pages.
MAX_CHARS = 20_000
_MOST_ROUNDS = 8
_MAX_MARKS = 8  # combining marks kept on one base character before NFKC; Unicode UAX 15 allows 30

_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
# What opens a tag without closing it goes too: else a tag around a tag would be one the next time.
_MARKUP = re.compile(
    r"<(?:[a-z/!][^<>]{0,200}>|(?=[a-z/!]))|&(?:nbsp|ensp|emsp|lt|gt|amp|quot);|_x000[ad9]_"
)
_SPACE = re.compile(r"\s{2,}|[^\S ]")
_LINK = re.compile(r"(?:https?://|www\.)[^\s\u3000-\u9fff]{1,2000}")
_PICTURE = re.compile(r"\[snapshot\][^\[\]]{0,200}\[/snapshot\]|\[(?:图片|img|image|photo)\]")
_FOREIGN_TOKEN = re.compile(
    r"\[(数字|地址|姓名|电话|金额|时间|日期|链接)x?\]|\[order_?id[_a-z0-9]{0,40}\]"
)
_ORDER_NUMBER = re.compile(
    r"(?<![a-z0-9])(?=[a-z0-9\-]{0,20}\d{6})[a-z]{0,6}\d[a-z0-9\-]{8,38}\d(?![a-z0-9])"
)
_RUN = re.compile(r"(\D)\1{3,}")
_EDGE = re.compile(r"\A\s+|\s+\Z")

# Cheap signs that a step after folding has work to do. One pattern for all of them is five times
# slower: a search is fast only if the first character of a match is one of a set.
_WORK_CHAR = re.compile(rf"[{INVISIBLE}<&\[@*\t-\r\x85\xa0\u2000-\u200a\u2028-\u202f\u205f\u3000]")
_WORK_DIGITS = re.compile(r"\d[\d \-)]{5}")
_WORK_PLATE = re.compile(rf"[{PROVINCES}][a-z][·.\- ]?[a-z]?[a-z0-9]")
_WORK_TEXTS = ("  ", "://", "www.", "_x000")


class CleanText(NamedTuple):
    """A text as sent, its clean form, and where each clean character came from.

    `is_chinese` is set if that could be seen at once; if not, the text may still be.
    """

    original: str
    text: str
    aligned: Aligned | None
    chars_used: int
    is_chinese: bool = False

    @property
    def truncated(self) -> bool:
        """Whether the text is longer than what was read of it."""
        return self.chars_used < len(self.original)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that the clean characters `start` to `end` stand for."""
        return self.aligned.span(start, end) if self.aligned else (start, end)


_clean_text = partial(tuple.__new__, CleanText)  # half the time of the class


def clean(text: str, *, max_chars: int = MAX_CHARS) -> CleanText:
    """The text ready for tokenising; never raises for any string.

    Cleaning a clean text changes nothing, and every clean character maps to a span of the original.

    >>> clean("氣死我了！！！！！！　見http://a.cn").text
    '气死我了!!! 见[链接]'
    >>> clean("ＡＢ  c").span(3, 4)
    (4, 5)
    """
    folded = fold(text[:max_chars])
    if _is_clean(folded):
        return CleanText(text, folded, None, len(folded))
    aligned = _run_steps(Aligned.identity(folded))
    return CleanText(text, aligned.text, aligned, len(folded))


def _is_clean(folded: str) -> bool:
    """Whether no step after folding would change the text; may be wrongly false, never true."""
    return is_stable(folded) and not _has_work(folded)


def _has_work(folded: str) -> bool:
    """Whether any step after folding could change the text; may be wrongly true, never false."""
    patterns = (_WORK_CHAR, traditional(), RARE_HAN, _RUN, _WORK_DIGITS, _WORK_PLATE)
    return (
        folded != folded.strip()
        or any(sign in folded for sign in _WORK_TEXTS)
        or any(pattern.search(folded) for pattern in patterns)
    )


def clean_batch(texts: Sequence[str], *, max_chars: int = MAX_CHARS) -> list[CleanText]:
    """The same as `clean` for each text, at about an eighth of its time for plain ones.

    One look over the code points of the whole batch tells which texts need more than folding.

    >>> [item.text for item in clean_batch(["ＡＢ太差！", "氣死"])]
    ['ab太差!', '气死']
    """
    heads = [text[:max_chars] for text in texts]
    folded, seen = plain_texts(heads)
    found: list[CleanText] = []
    position = 0
    for text, head, flags in zip(texts, heads, seen, strict=True):
        end = position + len(head)
        if flags & PLAIN:
            plain = (text, folded[position:end], None, len(head), flags & CHINESE != 0)
            found.append(_clean_text(plain))
        else:
            found.append(clean(text, max_chars=max_chars))
        position = end
    return found


def normalise(aligned: Aligned) -> Aligned:
    """NFKC, cluster by cluster, so that each result knows its source span; excess marks go."""
    if is_stable(aligned.text):
        return aligned
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for begin, end in _clusters(aligned.text):
        new = fold(
            unicodedata.normalize("NFKC", aligned.text[begin : min(end, begin + _MAX_MARKS)])
        )
        pieces.append(new)
        starts.extend([aligned.starts[begin]] * len(new))
        ends.extend([aligned.ends[end - 1]] * len(new))
    return Aligned("".join(pieces), tuple(starts), tuple(ends))


def _clusters(text: str) -> list[tuple[int, int]]:
    """Spans that NFKC may compose: a character and what joins it."""
    borders = [0]
    for position in range(1, len(text)):
        pair = text[position - 1 : position + 1]
        normal = [unicodedata.normalize("NFKC", part) for part in (pair, pair[0], pair[1])]
        if not unicodedata.combining(pair[1]) and normal[0] == normal[1] + normal[2]:
            borders.append(position)
    return list(zip(borders, [*borders[1:], len(text)], strict=True)) if text else []


def drop_invisible(aligned: Aligned) -> Aligned:
    """Without control, zero-width, direction and stray combining characters and surrogates."""
    return aligned.substitute(_INVISIBLE, "")


def strip_markup(aligned: Aligned) -> Aligned:
    """HTML tags, entities and spreadsheet escapes become a space."""
    return aligned.substitute(_MARKUP, " ")


def squeeze_space(aligned: Aligned) -> Aligned:
    """Runs of white space become one space."""
    return aligned.substitute(_SPACE, " ")


def simplify(aligned: Aligned) -> Aligned:
    """Traditional characters become simplified ones, by phrase where the length allows."""
    if not (traditional().search(aligned.text) or RARE_HAN.search(aligned.text)):
        return aligned
    simple = converter().convert(aligned.text)
    if len(simple) != len(aligned.text):
        simple = "".join(
            new if len(new := converter().convert(char)) == 1 else char for char in aligned.text
        )
    return aligned.translated(simple)


def replace_links(aligned: Aligned) -> Aligned:
    """Web addresses become [链接], picture placeholders [图片]."""
    return aligned.substitute(_PICTURE, "[图片]").substitute(_LINK, "[链接]")


def replace_personal_data(aligned: Aligned) -> Aligned:
    """Telephone numbers, names, addresses and the like become tokens, as `classifier.pii` says."""
    from classifier import pii  # noqa: PLC0415  (a tenth of a second, and most texts have none)

    return pii.replace_personal_data(aligned)


def replace_order_numbers(aligned: Aligned) -> Aligned:
    """Order, parcel and ticket numbers become [单号]; other systems' tokens become ours."""
    renamed = aligned.substitute(_FOREIGN_TOKEN, lambda match: f"[{match.group(1) or '单号'}]")
    return renamed.substitute(_ORDER_NUMBER, "[单号]")


def bound_runs(aligned: Aligned) -> Aligned:
    """Four or more of one letter or mark become three; digits stay, 10000 is not 1000."""
    return aligned.substitute(_RUN, lambda match: match.group(1) * 3)


def strip_edges(aligned: Aligned) -> Aligned:
    """Without white space at both ends."""
    return aligned.substitute(_EDGE, "")


def _run_steps(aligned: Aligned) -> Aligned:
    """All steps, and again while they find something in what they have made of the text.

    A tag around a tag, a number that a masked one has parted from another: each round sees one.
    """
    for _ in range(_MOST_ROUNDS):
        before = aligned.text
        for step in _STEPS:
            aligned = step(aligned)
        if aligned.text == before or _is_clean(aligned.text):
            break
    return aligned


_STEPS = (
    drop_invisible, normalise, drop_invisible, strip_markup, squeeze_space, simplify,
    replace_links, replace_personal_data, replace_order_numbers, bound_runs, squeeze_space,
    strip_edges,
)  # fmt: skip
