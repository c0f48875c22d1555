"""Surnames, the words beside names, and the words that only look like names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.kernels import BREAK, SPACE, Codes, Longs, routes
from classifier.lookup import code_points
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
    """The lists, read once (0.1 s, most of it jieba's dictionary).

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


class Entries(NamedTuple):
    """The words of jieba's dictionary, in arrays of one length each.

    `codes` are the code points of the whole file, in which words begin at `starts` and end at
    `ends`; `names` are those that it tags as names of persons.
    """

    text: str
    codes: Codes
    starts: Longs
    ends: Longs
    frequencies: Longs
    names: NDArray[np.bool_]

    @property
    def lengths(self) -> Longs:
        """How many characters each word has."""
        return self.ends - self.starts

    @property
    def are_words(self) -> NDArray[np.bool_]:
        """Which are words: no name, or one so frequent that it mostly is a word."""
        return ~self.names | (self.frequencies >= COMMON_NAME)

    def begin_with(self, characters: frozenset[str]) -> NDArray[np.bool_]:
        """Which words begin with one of the characters."""
        return np.isin(self.codes[self.starts], code_points("".join(characters)))

    def words(self, chosen: NDArray[np.bool_]) -> list[str]:
        """The chosen words."""
        places = zip(self.starts[chosen].tolist(), self.ends[chosen].tolist(), strict=True)
        return [self.text[start:end] for start, end in places]


def dictionary_entries() -> Entries:
    """Reads jieba's dictionary: a word, its frequency and its tag on each line (0.1 s)."""
    text = (jieba_folder() / "dict.txt").read_text(encoding="utf-8").rstrip() + "\n"
    codes = code_points(text)
    starts, ends, frequencies = routes.read_entries(codes)
    breaks = np.flatnonzero(codes == BREAK)
    last = breaks[np.searchsorted(breaks, ends)]
    n, r = code_points("nr")
    names = (codes[last - 3] == SPACE) & (codes[last - 2] == n) & (codes[last - 1] == r)
    return Entries(text, codes, starts, ends, frequencies, names)


def _words(firsts: frozenset[str]) -> frozenset[str]:
    entries = dictionary_entries()
    fits = (entries.lengths >= 2) & (entries.lengths <= DICTIONARY_CHARS)
    return frozenset(entries.words(entries.begin_with(firsts) & fits & entries.are_words))
