"""Word and character n-gram TF-IDF, computed over a whole batch at once.

The same code fits, trains and serves. Words and characters equal scikit-learn's `TfidfVectorizer`,
one of each side by side, at about five times its speed: tests compare them. A third block counts
the concepts of `classifier.concepts` in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from classifier import ngrams
from classifier.concepts import packaged_concepts
from classifier.ngrams import CharTable, Occurrences, WordTable
from classifier.tokens import Tokeniser, words_of

Float = NDArray[np.float64]
Terms = tuple[Sequence[str], Sequence[str], Sequence[str]]  # words, characters, concepts


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """What the vectoriser counts; it is part of the model.

    `word_ngrams` within 1-2, `char_ngrams` within 1-4, each (smallest, largest). A term is kept if
    at least `min_df` texts hold it. `sublinear_tf` replaces the count tf by 1 + ln(tf). The block
    of concepts has the length `concept_weight`, 0 leaves it out.
    """

    word_ngrams: tuple[int, int] = (1, 2)
    char_ngrams: tuple[int, int] = (1, 3)
    min_df: int = 2
    sublinear_tf: bool = True
    concept_weight: float = 0.0

    def __post_init__(self) -> None:
        for name, limit in (
            ("word_ngrams", ngrams.MAX_WORD_NGRAM),
            ("char_ngrams", ngrams.MAX_CHAR_NGRAM),
        ):
            low, high = getattr(self, name)
            if not 1 <= low <= high <= limit:
                raise ValueError(f"{name} is {(low, high)}, allowed is 1 <= low <= high <= {limit}")
        if self.min_df < 1:
            raise ValueError(f"min_df is {self.min_df}, allowed is 1 or more")
        if not 0 <= self.concept_weight <= 10:
            raise ValueError(f"concept_weight is {self.concept_weight}, allowed is 0-10")

    def as_dict(self) -> dict[str, object]:
        """The settings as plain values for the manifest."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Weighted:
    """A batch as a sparse matrix, the occurrences it was counted from, and the cell of each.

    `cells[i]` is the place in `matrix.data` that occurrence i counts towards.
    """

    matrix: sp.csr_array
    occurrences: Occurrences
    cells: NDArray[np.int64]


class Vectoriser:
    """Known terms with their inverse document frequencies.

    Columns are the word terms in order, then the character terms, then the concepts. Each block of
    a row has length 1 by itself, concepts their weight: value = tf * idf, divided by the Euclidean
    length of the block.
    """

    def __init__(
        self,
        settings: FeatureSettings,
        tokeniser: Tokeniser,
        terms: Terms,
        idf: Float,
    ) -> None:
        self.settings = settings
        self.tokeniser = tokeniser
        self.word_terms, self.char_terms, self.concept_terms = terms
        self._block_starts = np.cumsum([len(self.word_terms), len(self.char_terms)])
        self._block_weights = np.array([1.0, 1.0, settings.concept_weight])
        self.idf = idf
        self._words = WordTable(self.word_terms)
        self._chars = CharTable(self.char_terms)
        char_idf = idf[self._block_starts[0] : self._block_starts[1]]
        # idf = ln(1 / share) + 1, but for smoothing
        self._frequencies = dict(zip(self.char_terms, np.exp(1 - char_idf).tolist(), strict=True))

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.idf)

    def term(self, column: int) -> str:
        """The n-gram that a column counts."""
        for terms in (self.word_terms, self.char_terms):
            if column < len(terms):
                return terms[column]
            column -= len(terms)
        return self.concept_terms[column]

    def frequency(self, text: str) -> float:
        """About which share of the fitted texts holds this text, by its character n-grams."""
        size = min(len(text), self.settings.char_ngrams[1])
        grams = [text[i : i + size] for i in range(len(text) - size + 1)]
        return float(min(self._frequencies.get(gram, 0.0) for gram in grams)) + 1e-6

    def vectorise(
        self, texts: Sequence[str], pieces: Sequence[str] | None = None, *, dtype: type = np.float32
    ) -> sp.csr_array:
        """Rows of TF-IDF values for clean texts, shape (texts, n_features), columns ascending.

        `pieces` are the texts as `ngrams.cut_batch` cuts them, if the caller has them already.
        """
        pieces = ngrams.cut_batch(self.tokeniser, texts) if pieces is None else pieces
        found = self._occurrences(texts, pieces, spans=False)
        cells, counts = count_sorted(np.sort((found.rows << 32) | found.columns))
        return self._weigh(cells, counts, len(texts), dtype)

    def vectorise_with_spans(self, texts: Sequence[str], pieces: Sequence[str]) -> Weighted:
        """The same for texts cut by `ngrams.cut_batch`, with all that explanations need."""
        found = self._occurrences(texts, pieces, spans=True)
        keys = (found.rows << 32) | found.columns
        order = np.argsort(keys)
        cells, counts = count_sorted(keys[order])
        places = np.empty(len(keys), np.int64)
        places[order] = np.arange(len(cells)).repeat(counts)
        return Weighted(self._weigh(cells, counts, len(texts), np.float32), found, places)

    def _occurrences(
        self, texts: Sequence[str], pieces: Sequence[str], *, spans: bool
    ) -> Occurrences:
        blocks = [
            self._words.occurrences(pieces, spans=spans),
            self._chars.occurrences(texts, spans=spans),
        ]
        if self.concept_terms:
            blocks.append(ngrams.concept_occurrences(packaged_concepts(), texts, spans=spans))
        firsts = [0, *self._block_starts.tolist()]
        return Occurrences(
            np.concatenate([block.rows for block in blocks]),
            np.concatenate([b.columns + first for b, first in zip(blocks, firsts, strict=False)]),
            np.concatenate([block.starts for block in blocks]),
            np.concatenate([block.ends for block in blocks]),
        )

    def _weigh(
        self, cells: NDArray[np.int64], counts: NDArray[np.int64], n_texts: int, dtype: type
    ) -> sp.csr_array:
        rows, columns = cells >> 32, (cells & 0xFFFFFFFF).astype(np.int32)
        tf = 1.0 + np.log(counts) if self.settings.sublinear_tf else counts.astype(np.float64)
        values = tf * self.idf[columns]
        words_end, chars_end = self._block_starts
        block = (columns >= words_end).astype(np.int64) + (columns >= chars_end)
        part = rows * 3 + block
        squares = np.bincount(part, weights=values * values, minlength=3 * n_texts)
        values *= self._block_weights[block] / np.sqrt(squares)[part]
        indptr = np.zeros(n_texts + 1, np.int32)
        np.cumsum(np.bincount(rows, minlength=n_texts), out=indptr[1:])
        matrix = sp.csr_array((n_texts, self.n_features), dtype=dtype)
        # Set, not passed: the constructor would check what was just made, 40 µs a call.
        matrix.data, matrix.indices, matrix.indptr = values.astype(dtype), columns, indptr
        return matrix


def count_sorted(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct values of an ascending array, and how often each occurs."""
    firsts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])[: len(values)])
    return values[firsts], np.diff(np.append(firsts, len(values)))


def fit_vectoriser(
    texts: Sequence[str], settings: FeatureSettings, tokeniser: Tokeniser
) -> Vectoriser:
    """A vectoriser of the terms that at least `min_df` of the clean texts hold.

    idf = ln((1 + texts) / (1 + df)) + 1, scikit-learn's smoothed form.
    """
    pieces = ngrams.cut_batch(tokeniser, texts)
    word_numbers = ngrams.number_words(words_of(pieces))
    words = _frequent(
        ngrams.word_grams(pieces, word_numbers, settings.word_ngrams), settings.min_df
    )
    char_numbers = ngrams.number_chars("".join(texts))
    chars = _frequent(ngrams.char_grams(texts, char_numbers, settings.char_ngrams), settings.min_df)
    by_number = {number: word for word, number in word_numbers.items()}
    word_df = {" ".join(by_number[n] for n in _unpack(key, 32)): df for key, df in words}
    by_char = char_numbers.nonzero()[0]
    char_df = {"".join(chr(by_char[n - 1]) for n in _unpack(key, 16)): df for key, df in chars}
    names, concept_df = _concept_frequencies(texts) if settings.concept_weight else ([], [])
    terms = sorted(word_df), sorted(char_df), names
    df = np.array(
        [*(word_df[t] for t in terms[0]), *(char_df[t] for t in terms[1]), *concept_df], np.float64
    )
    return Vectoriser(settings, tokeniser, terms, np.log((1 + len(texts)) / (1 + df)) + 1)


def _concept_frequencies(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """Every concept's name, and how many texts hold one of its words."""
    finder = packaged_concepts()
    found = ngrams.concept_occurrences(finder, texts, spans=False)
    cells, _ = count_sorted(np.sort((found.rows << 32) | found.columns))
    counts = np.bincount(cells & 0xFFFFFFFF, minlength=len(finder.names))
    return finder.names, counts.tolist()


def _frequent(grams: ngrams.Grams, min_df: int) -> list[tuple[int, int]]:
    """Key and document frequency of each n-gram in at least `min_df` texts."""
    order = np.lexsort((grams.rows, grams.keys))
    keys, rows = grams.keys[order], grams.rows[order]
    new = np.ones(len(keys), bool)
    new[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
    distinct, frequency = np.unique(keys[new], return_counts=True)
    enough = frequency >= min_df
    return list(zip(distinct[enough].tolist(), frequency[enough].tolist(), strict=True))


def _unpack(key: int, bits: int) -> list[int]:
    numbers: list[int] = []
    while key:
        numbers.append(key & ((1 << bits) - 1))
        key >>= bits
    return numbers[::-1]
