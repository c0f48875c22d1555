"""Integer keys of word and character n-grams over a whole batch of clean texts at once.

A batch is joined with a line break after each text; positions count characters of the joined batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from classifier.concepts import ConceptFinder
from classifier.lookup import KeyIndex, Keys
from classifier.tokens import Tokeniser

Ints = NDArray[np.int64]

MAX_WORD_NGRAM = 2
MAX_CHAR_NGRAM = 4
_WORD_BITS = np.uint64(32)  # two word numbers in one key
_CHAR_BITS = np.uint64(16)  # four character numbers in one key
MAX_CHARS_KNOWN = (1 << 16) - 1
_SEPARATOR = "\n"  # never in a clean text
_BREAK, _SPACE = (1 << 32) - 1, (1 << 32) - 2  # numbers of the only white space in a cut batch
_NOWHERE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Grams:
    """Occurrences of n-grams: text number, key, and where each stands in the joined batch.

    The first `n_single` are single words or characters: their key is their number.
    """

    rows: Ints
    keys: Keys
    n_single: int
    starts: Ints
    ends: Ints


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Occurrences of known n-grams: text number, column, and place in the joined batch."""

    rows: Ints
    columns: Ints
    starts: Ints
    ends: Ints


def word_grams(
    pieces: Sequence[str], numbers: dict[str, int], sizes: tuple[int, int], *, spans: bool = True
) -> Grams:
    """Word n-grams of a batch cut by `cut_batch`; words without a number break them, spaces do not.

    `numbers` comes from `number_words`. Without `spans`, starts and ends are left empty.
    """
    ids = np.fromiter(map(numbers.get, pieces, repeat(0)), np.uint64, len(pieces))
    is_break = ids == _BREAK
    rows = is_break.cumsum() - is_break
    kept = (ids != _SPACE).nonzero()[0]
    ids[is_break] = 0
    if not spans:
        return _grams(ids[kept], rows[kept], None, sizes, _WORD_BITS)
    starts, ends = piece_spans(pieces)
    return _grams(ids[kept], rows[kept], (starts[kept], ends[kept]), sizes, _WORD_BITS)


def piece_spans(pieces: Sequence[str]) -> tuple[Ints, Ints]:
    """Start and end of each piece in the joined batch."""
    lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
    ends = lengths.cumsum()
    return ends - lengths, ends


def char_grams(
    texts: Sequence[str],
    numbers: NDArray[np.uint16],
    sizes: tuple[int, int],
    *,
    spans: bool = True,
) -> Grams:
    """Character n-grams; characters without a number break them. `numbers` is by code point.

    Without `spans`, starts and ends are left empty.
    """
    codes = code_points(_SEPARATOR.join([*texts, ""]))
    ids = numbers[codes].astype(np.uint64)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    rows = np.repeat(np.arange(len(texts)), lengths)
    if not spans:
        return _grams(ids, rows, None, sizes, _CHAR_BITS)
    starts = np.arange(len(codes))
    return _grams(ids, rows, (starts, starts + 1), sizes, _CHAR_BITS)


def code_points(text: str) -> NDArray[np.uint32]:
    """The Unicode code points of a text without lone surrogates."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _grams(
    ids: Keys, rows: Ints, spans: tuple[Ints, Ints] | None, sizes: tuple[int, int], bits: np.uint64
) -> Grams:
    """Every run of `sizes[0]` to `sizes[1]` known ids; a key packs the ids, so that none is 0."""
    firsts: list[Ints] = []
    keys: list[Keys] = []
    key, first = ids, ids.nonzero()[0]
    for size in range(1, sizes[1] + 1):
        if size > 1:
            first = first[first <= len(ids) - size]
            first = first[ids[first + (size - 1)] != 0]
            key = (key[: len(ids) - size + 1] << bits) | ids[size - 1 :]
        if size >= sizes[0]:
            firsts.append(first)
            keys.append(key[first])
    at, joined = np.concatenate(firsts), np.concatenate(keys)
    n_single = len(firsts[0]) if sizes[0] == 1 else 0
    if spans is None:
        return Grams(rows[at], joined, n_single, _NOWHERE, _NOWHERE)
    last = np.concatenate([first + size for size, first in enumerate(firsts, start=sizes[0] - 1)])
    return Grams(rows[at], joined, n_single, spans[0][at], spans[1][last])


class _Columns:
    """Column of each key: single words and characters by an array, longer n-grams by an index."""

    def __init__(self, keys: Keys, n_numbers: int) -> None:
        is_single = keys <= n_numbers
        self._single = np.full(n_numbers + 1, -1, np.int64)
        self._single[keys[is_single].astype(np.int64)] = is_single.nonzero()[0]
        self._longer = np.append(np.flatnonzero(~is_single), -1)  # the index says -1 for unknown
        self._index = KeyIndex(keys[~is_single])

    def known(self, grams: Grams) -> Occurrences:
        """The occurrences of known n-grams."""
        single, longer = grams.keys[: grams.n_single], grams.keys[grams.n_single :]
        columns = np.concatenate(
            [self._single[single.astype(np.int64)], self._longer[self._index.find(longer)]]
        )
        hit = (columns >= 0).nonzero()[0]
        starts, ends = (
            (grams.starts[hit], grams.ends[hit]) if grams.starts.size else (_NOWHERE,) * 2
        )
        return Occurrences(grams.rows[hit], columns[hit], starts, ends)


class WordTable:
    """Columns of known word n-grams; a term is one word, or two with a space between."""

    def __init__(self, terms: Sequence[str]) -> None:
        split = [term.split(" ") for term in terms]
        self.numbers = number_words(word for words in split for word in words)
        self.sizes = (min(map(len, split), default=1), max(map(len, split), default=1))
        keys = [_pack([self.numbers[word] for word in words], _WORD_BITS) for words in split]
        self._columns = _Columns(np.array(keys, np.uint64), len(self.numbers))

    def occurrences(self, pieces: Sequence[str], *, spans: bool) -> Occurrences:
        """The known word n-grams of a batch cut by `cut_batch`."""
        return self._columns.known(word_grams(pieces, self.numbers, self.sizes, spans=spans))


class CharTable:
    """Columns of known character n-grams."""

    def __init__(self, terms: Sequence[str]) -> None:
        self.numbers = number_chars("".join(terms))
        self.sizes = (min(map(len, terms), default=1), max(map(len, terms), default=1))
        keys = [_pack([int(self.numbers[ord(c)]) for c in term], _CHAR_BITS) for term in terms]
        self._columns = _Columns(np.array(keys, np.uint64), int(self.numbers.max(initial=0)))

    def occurrences(self, texts: Sequence[str], *, spans: bool) -> Occurrences:
        """The known character n-grams of clean texts."""
        return self._columns.known(char_grams(texts, self.numbers, self.sizes, spans=spans))


def number_words(words: Iterable[str]) -> dict[str, int]:
    """A number from 1 for each distinct word, in sorted order, and those of the two separators."""
    numbers = {word: number for number, word in enumerate(sorted(set(words)), start=1)}
    return numbers | {_SEPARATOR: _BREAK, " ": _SPACE}


def number_chars(text: str) -> NDArray[np.uint16]:
    """By code point, a number from 1 for each distinct character; 0 for all others.

    Raises:
        ValueError: there are more than 65,535 distinct characters.
    """
    known = np.unique(code_points(text))
    if len(known) > MAX_CHARS_KNOWN:
        raise ValueError(f"{len(known)} distinct characters, at most {MAX_CHARS_KNOWN} allowed")
    numbers = np.zeros(0x110000, np.uint16)
    numbers[known] = np.arange(1, len(known) + 1)
    return numbers


def _pack(ids: list[int], bits: np.uint64) -> int:
    key = 0
    for number in ids:
        key = (key << int(bits)) | number
    return key


def concept_occurrences(finder: ConceptFinder, texts: Sequence[str], *, spans: bool) -> Occurrences:
    """The concepts' words in clean texts; the column is the concept's number."""
    numbers, starts, ends = finder.find(_SEPARATOR.join([*texts, ""]))
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    rows = np.searchsorted(lengths.cumsum(), starts, "right")
    return Occurrences(rows, numbers, *((starts, ends) if spans else (_NOWHERE, _NOWHERE)))


def cut_batch(tokeniser: Tokeniser, texts: Sequence[str]) -> list[str]:
    """The pieces of all clean texts in one list, a line break after each text.

    Both engines end every word at a line break, so this equals cutting text by text.
    """
    return tokeniser.cut(_SEPARATOR.join([*texts, ""]))
