"""What finders of personal data share: a piece found, what stands for it, and the word lists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

# Stands in place of each character of a piece that is found: positions stay, and what looks for
# the next kind sees that here is one. A private code point, which no text means anything by.
FOUND = "\ue000"


class Finder(NamedTuple):
    """What finds pieces of some kinds in a folded text; without a `hint` there are none.

    Hints are cheap: most texts are done after them.
    """

    hint: Callable[[str], object]
    find: Callable[[str], Iterable[Found]]


class Found(NamedTuple):
    """Where a piece of personal data stands in a text, and its token."""

    start: int
    end: int
    token: str


@cache
def listed(table: str, name: str) -> tuple[str, ...]:
    """The words of a packaged list.

    >>> "欧阳" in listed("surnames", "double")
    True
    """
    text = (files("classifier") / "resources" / "personal.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)[table][name].split())


def one_of(words: Iterable[str]) -> str:
    """A pattern of any of the words, the longest that fits.

    Words with the same beginning share it: a search tries few branches at each character.

    >>> one_of(["公路", "路", "公园", "路口"])
    '(?:公(?:园|路)|路(?:口)?)'
    """
    rests: dict[str, list[str]] = {}
    for word in words:
        rests.setdefault(word[:1], []).append(word[1:])
    ends = rests.pop("", None) is not None
    branches = [
        re.escape(first) + (one_of(rest) if any(rest) else "")
        for first, rest in sorted(rests.items())
    ]
    return f"(?:{'|'.join(branches)}){'?' if ends else ''}"


_TOKEN = re.compile(
    r"\[(?:邮箱|身份证|银行卡|手机|座机|车牌|护照|微信|qq|单号|姓名|地址)\]", re.IGNORECASE
)


def without_tokens(text: str) -> str:
    """The masked text with a space in place of each token: who is hidden tells nothing.

    >>> without_tokens("[姓名]女士,退款")
    ' 女士,退款'
    """
    return _TOKEN.sub(" ", text)


def covered(text: str, pieces: Iterable[Found]) -> str:
    """The text of the same length with the pieces, which stand in order, covered.

    >>> covered("打139", [Found(1, 4, "[手机]")]) == "打" + 3 * FOUND
    True
    """
    parts, position = [], 0
    for start, end, _ in pieces:
        parts += [text[position:start], FOUND * (end - start)]
        position = end
    return "".join([*parts, text[position:]])
