"""The terms of many texts: n-grams are counted in chunks of the texts, and the counts added up.

Only keys and counts of n-grams are kept while counting, not their texts: those of the terms are
looked up at the end where they first stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from classifier.cluster import Run
from classifier.concepts import packaged_concepts
from classifier.kernels import ROW, VALUE, Ints, Keys, Longs, Units, grams
from classifier.lookup import Phrasebook, joined
from classifier.tokens import CutBatch, Tokeniser, cut_batch

CHUNK = 10_000  # texts
Terms = tuple[Sequence[str], Sequence[str], Sequence[str]]  # words, characters, concepts
Sizes = tuple[int, int]  # smallest and largest n-gram


@dataclass(frozen=True, slots=True)
class Counting:
    """What is counted: n-grams of words and of characters, and concepts if wanted."""

    tokeniser: Tokeniser
    word_ngrams: Sizes
    char_ngrams: Sizes
    has_concepts: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """N-grams with their keys ascending: `df` texts hold each.

    It first stands in chunk number `chunks` of the texts, where it has `sizes` units from `places`.
    """

    keys: Keys
    df: Ints
    chunks: Ints
    places: Ints
    sizes: Ints

    def chosen(self, which: object) -> Counts:
        """Some of them, in another order."""
        columns = self.keys, self.df, self.chunks, self.places, self.sizes
        return Counts(*(column[which] for column in columns))  # type: ignore[call-overload]  # any index


@dataclass(frozen=True, slots=True)
class ChunkCounts:
    """What one chunk of the texts holds; of each concept in how many texts."""

    words: Counts
    chars: Counts
    concepts: Longs


def chunks_of(texts: Sequence[str]) -> list[Sequence[str]]:
    """The texts in chunks of equal size, one empty chunk if there are none."""
    return [texts[start : start + CHUNK] for start in range(0, max(1, len(texts)), CHUNK)]


def count(counting: Counting, chunk: tuple[int, Sequence[str]]) -> ChunkCounts:
    """The n-grams of one numbered chunk of clean texts."""
    number, texts = chunk
    batch = cut_batch(counting.tokeniser.piece_ends, texts)
    units, _, _ = grams.word_units(batch.codes, batch.piece_ends)
    return ChunkCounts(
        _counts(units, counting.word_ngrams, number),
        _counts(batch.codes, counting.char_ngrams, number),
        _concept_frequencies(batch) if counting.has_concepts else np.zeros(0, np.int64),
    )


def _counts(units: Units, sizes: Sizes, number: int) -> Counts:
    keys, places, n_units, df = grams.count_grams(units, *sizes)
    found = Counts(keys, df, np.full(len(keys), number, np.int32), places, n_units)
    return found.chosen(np.argsort(keys))


def _concept_frequencies(batch: CutBatch) -> Longs:
    """How many texts hold one of each concept's words."""
    concepts = packaged_concepts()
    found = concepts.of_words(*Phrasebook([concepts.words]).find(batch.codes))
    pairs = np.unique(found[:, [ROW, VALUE]], axis=0)
    return np.bincount(pairs[:, 1], minlength=len(concepts.names))


def added(several: Sequence[Counts]) -> Counts:
    """The counts of chunks in order, as of their texts together."""
    keys = np.concatenate([counts.keys for counts in several])
    order = np.argsort(keys, kind="stable")
    firsts = np.flatnonzero(np.append(True, np.diff(keys[order]) != 0)[: len(keys)])
    df = np.concatenate([counts.df for counts in several])[order]
    total = np.add.reduceat(df, firsts, dtype=np.int32) if len(firsts) else df
    order = order[firsts]
    chunks, places, sizes = (
        np.concatenate([getattr(counts, name) for counts in several])[order]
        for name in ("chunks", "places", "sizes")
    )
    return Counts(keys[order], total, chunks, places, sizes)


class _Sum:
    """Adds up counts; those that wait to be added never outgrow the sum."""

    def __init__(self) -> None:
        self._parts: list[Counts] = []

    def add(self, counts: Counts) -> None:
        self._parts.append(counts)
        if sum(len(part.keys) for part in self._parts[1:]) > len(self._parts[0].keys):
            self._add_up()

    def enough(self, least: int) -> Counts:
        """The n-grams that at least so many texts hold; ends the counting."""
        self._add_up()
        counts = self._parts.pop()
        return counts.chosen(counts.df >= least)

    def _add_up(self) -> None:
        self._parts = [added(self._parts)]


def count_terms(
    texts: Sequence[str], counting: Counting, min_df: int, run: Run
) -> tuple[Terms, tuple[Ints | Longs, ...]]:
    """The n-grams that at least `min_df` of the clean texts hold, and all concepts.

    The second are numbers of texts: of words, of characters, of concepts.
    """
    chunks = chunks_of(texts)
    words, chars = _Sum(), _Sum()
    concepts = packaged_concepts().names if counting.has_concepts else []
    concept_df = np.zeros(len(concepts), np.int64)
    for found in run(count, counting, enumerate(chunks)):
        words.add(found.words)
        chars.add(found.chars)
        concept_df += found.concepts
    places = [_by_chunk(sums.enough(min_df), len(chunks)) for sums in (words, chars)]
    names: tuple[list[str], list[str]] = [], []
    for chunk, of_words, of_chars in zip(chunks, *places, strict=True):
        names[0].extend(_words_at(chunk, counting.tokeniser, of_words))
        names[1].extend(_chars_at(chunk, of_chars))
    (word_terms, word_df), (char_terms, char_df) = (
        _by_frequency(terms, np.concatenate([one.df for one in parts]))
        for terms, parts in zip(names, places, strict=True)
    )
    return (word_terms, char_terms, concepts), (word_df, char_df, concept_df)


def _by_chunk(counts: Counts, n_chunks: int) -> list[Counts]:
    """What first stands in each chunk, in the order of the text."""
    ordered = counts.chosen(np.lexsort((counts.places, counts.chunks)))
    ends = np.searchsorted(ordered.chunks, np.arange(n_chunks + 1))
    return [ordered.chosen(slice(a, b)) for a, b in pairwise(ends.tolist())]


def _words_at(texts: Sequence[str], tokeniser: Tokeniser, found: Counts) -> Iterator[str]:
    batch = cut_batch(tokeniser.piece_ends, texts)
    _, starts, ends = grams.word_units(batch.codes, batch.piece_ends)
    chars = joined(texts)
    for place, size in _spans(found):
        spans = zip(starts[place : place + size], ends[place : place + size], strict=True)
        yield " ".join([chars[start:end] for start, end in spans])


def _chars_at(texts: Sequence[str], found: Counts) -> Iterator[str]:
    chars = joined(texts)
    return (chars[place : place + size] for place, size in _spans(found))


def _spans(found: Counts) -> Iterable[tuple[int, int]]:
    return zip(found.places.tolist(), found.sizes.tolist(), strict=True)


def _by_frequency(terms: list[str], df: Ints) -> tuple[list[str], Ints]:
    """Terms, the commonest first: what is often read stands together in memory."""
    by_name = np.array(sorted(range(len(terms)), key=terms.__getitem__), np.intp)
    order = by_name[np.argsort(-df[by_name], kind="stable")]
    return [terms[place] for place in order.tolist()], df[order]
