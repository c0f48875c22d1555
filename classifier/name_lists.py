"""Surnames, the words beside names, and the words that only look like names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from classifier.personal import listed
from classifier.segmenter import jieba_folder

DICTIONARY_CHARS = 4  # no longer word of the dictionary is looked up
COMMON_NAME = 100  # what the dictionary tags as a name and has so often is mostly a word: 张口


@dataclass(frozen=True, slots=True)
class NameLists:
    """The packaged lists by what they are for; resources/personal.toml says more of each.

    `words` are the dictionary's words that begin like a name and are none; `things`, of two to four
    characters, are more of them that people complain of.
    """

    singles: frozenset[str]
    doubles: frozenset[str]
    doubtful: frozenset[str]
    verbal: frozenset[str]
    announcing: frozenset[str]
    persons: tuple[str, ...]
    roles: tuple[str, ...]
    staff_titles: tuple[str, ...]
    never: frozenset[str]
    after: frozenset[str]
    going_on: tuple[str, ...]
    son: frozenset[str]
    usual: frozenset[str]
    brands: tuple[str, ...]
    things: frozenset[str]
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
        doubtful=doubtful,
        verbal=verbal,
        announcing=frozenset(announcing),
        persons=(*possible, *announcing, "隔壁", "对门", "楼上", "楼下"),
        roles=listed("names", "roles"),
        staff_titles=listed("names", "staff_titles"),
        never=_chars("names", "never"),
        after=_chars("names", "after"),
        going_on=listed("names", "going_on"),
        son=_chars("names", "son"),
        usual=_chars("names", "usual"),
        brands=listed("names", "brands"),
        things=frozenset(listed("names", "things")),
        nobody=frozenset(listed("names", "nobody")),
        not_persons=listed("names", "not_persons"),
        common=frozenset(listed("names", "words")),
        words=_words(singles) - frozenset(listed("names", "famous")),
    )


def begins_thing(text: str, at: int) -> bool:
    """Whether an ordinary thing of complaints begins here that looks like a name.

    >>> begins_thing("沙拉里有虫", 0)
    True
    """
    things = name_lists().things
    return any(text[at : at + chars] in things for chars in range(2, DICTIONARY_CHARS + 1))


def _chars(table: str, name: str) -> frozenset[str]:
    return frozenset("".join(listed(table, name)))


def dictionary_entries() -> Iterator[tuple[str, int, str]]:
    """Each word of jieba's dictionary, its frequency and its tag, which is nr for names."""
    for line in (jieba_folder() / "dict.txt").read_text(encoding="utf-8").splitlines():
        word, frequency, tag = line.split(" ")
        yield word, int(frequency), tag


def _words(firsts: frozenset[str]) -> frozenset[str]:
    return frozenset(
        word
        for word, frequency, tag in dictionary_entries()
        if word[0] in firsts
        and 2 <= len(word) <= DICTIONARY_CHARS
        and (tag != "nr" or frequency >= COMMON_NAME)
    )
