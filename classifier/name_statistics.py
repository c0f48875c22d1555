"""How surnames, given names and words differ in their characters, counted in jieba's dictionary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from classifier.kernels import Codes, Longs
from classifier.name_forms import FULL
from classifier.name_lists import dictionary_entries, name_lists

_RARE = 20  # added to the number of a character in text: few say little
_UNSEEN = 0.3  # added to the number of a character in names


@dataclass(frozen=True, slots=True)
class NameStatistics:
    """Logarithms, natural ones.

    `surname` and `given` have for each character how much likelier it is as such than in text:
    ln P(character | part of a name) - ln P(character | text). `word` has ln(1 + frequency) of each
    word of two characters that is no name, `longer` of three and four that begin with a surname.
    """

    surname: Mapping[str, float]
    given: Mapping[str, float]
    word: Mapping[str, float]
    longer: Mapping[str, float]


@cache
def name_statistics() -> NameStatistics:
    """The statistics, counted once (0.2 s).

    >>> statistics = name_statistics()
    >>> statistics.surname["王"] > 0 > statistics.given["了"]
    True
    """
    entries = dictionary_entries()
    starts, frequencies = entries.starts, entries.frequencies
    lengths, is_surname = entries.lengths, entries.begin_with(name_lists().singles)
    is_full = entries.names & is_surname & (lengths == FULL)
    is_part = is_full | (entries.names & is_surname & (lengths == FULL - 1))
    given = np.concatenate([starts[is_part] + 1, starts[is_full] + 2])
    others = [(~is_part & (lengths > place), place) for place in range(int(lengths.max()))]
    text = _counted(
        entries.codes[np.concatenate([starts[rows] + place for rows, place in others])],
        np.concatenate([frequencies[rows] for rows, _ in others]),
    )
    is_word, is_longer = entries.are_words, (lengths == 3) | (lengths == 4)
    chosen = is_word & (lengths == 2), is_word & is_surname & is_longer
    word, longer = (
        dict(zip(entries.words(rows), map(math.log1p, frequencies[rows].tolist()), strict=True))
        for rows in chosen
    )
    return NameStatistics(
        _odds(_counted(entries.codes[starts[is_part]]), text),
        _odds(_counted(entries.codes[given]), text),
        word,
        longer,
    )


def _counted(codes: Codes, weights: Longs | None = None) -> dict[str, int]:
    """How often each character stands there, or the sum of its weights."""
    distinct = np.flatnonzero(np.bincount(codes))
    totals = np.bincount(codes, weights)[distinct]  # floats, exact to 2 ** 53
    return dict(zip(map(chr, distinct.tolist()), totals.astype(np.int64).tolist(), strict=True))


def _odds(part: Mapping[str, int], text: Mapping[str, int]) -> dict[str, float]:
    names, everything = sum(part.values()), sum(text.values())
    return {
        char: math.log((part.get(char, 0) + _UNSEEN) / names)
        - math.log((text.get(char, 0) + _RARE) / everything)
        for char in {*part, *text}
    }
