"""Surnames, the words beside names, and the words that only look like names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from classifier.personal import listed
from classifier.segmenter import jieba_folder

DICTIONARY_CHARS = 4  # no longer word of the dictionary is looked up
_OFTEN = 100  # what the dictionary tags as a name and has more often is mostly a word: 张口, 孙子
_COMMON_DOUBLES = frozenset({"东方", "西门", "长孙", "司空"})


@dataclass(frozen=True, slots=True)
class NameLists:
    """The packaged lists by what they are for; resources/personal.toml says more of each.

    `words` are the dictionary's words that begin like a name and are none; `clear_doubles` the
    surnames of two characters that are no words.
    """

    singles: frozenset[str]
    doubles: frozenset[str]
    clear_doubles: frozenset[str]
    doubtful: frozenset[str]
    verbal: frozenset[str]
    frequent: frozenset[str]
    announcing: frozenset[str]
    verbs: frozenset[str]
    persons: tuple[str, ...]
    roles: tuple[str, ...]
    staff_titles: tuple[str, ...]
    never: frozenset[str]
    after: frozenset[str]
    going_on: tuple[str, ...]
    son: frozenset[str]
    brands: tuple[str, ...]
    nobody: frozenset[str]
    not_persons: tuple[str, ...]
    common: frozenset[str]
    words: frozenset[str]


@cache
def name_lists() -> NameLists:
    """The lists, read once (0.2 s, most of it jieba's dictionary).

    >>> "王" in name_lists().singles, "方便" in name_lists().words
    (True, True)
    """
    doubtful, verbal = _chars("surnames", "doubtful"), _chars("surnames", "verbal")
    singles = _chars("surnames", "single") | doubtful | verbal
    doubles = frozenset(listed("surnames", "double"))
    announcing, possible = listed("names", "announcing"), listed("names", "possible")
    return NameLists(
        singles=singles,
        doubles=doubles,
        clear_doubles=doubles - _COMMON_DOUBLES,
        doubtful=doubtful,
        verbal=verbal,
        frequent=_chars("surnames", "frequent"),
        announcing=frozenset(announcing),
        verbs=frozenset(listed("names", "verbs")),
        persons=(*possible, *announcing, "隔壁", "对门", "楼上", "楼下"),
        roles=listed("names", "roles"),
        staff_titles=listed("names", "staff_titles"),
        never=_chars("names", "never"),
        after=_chars("names", "after"),
        going_on=listed("names", "going_on"),
        son=_chars("names", "son"),
        brands=listed("names", "brands"),
        nobody=frozenset(listed("names", "nobody")),
        not_persons=listed("names", "not_persons"),
        common=frozenset(listed("names", "words")),
        words=_words(singles) - frozenset(listed("names", "famous")),
    )


def _chars(table: str, name: str) -> frozenset[str]:
    return frozenset("".join(listed(table, name)))


def _words(firsts: frozenset[str]) -> frozenset[str]:
    lines = (jieba_folder() / "dict.txt").read_text(encoding="utf-8").splitlines()
    split = (line.split(" ") for line in lines if line[0] in firsts)
    return frozenset(
        word
        for word, number, tag in split
        if 2 <= len(word) <= DICTIONARY_CHARS and (tag != "nr" or int(number) >= _OFTEN)
    )
