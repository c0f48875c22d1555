"""Word and character n-gram TF-IDF, and concepts counted in the same way.

The same code fits, trains and serves. Words and characters equal scikit-learn's `TfidfVectorizer`,
one of each side by side: tests compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from classifier.cluster import Run, here
from classifier.concepts import packaged_concepts
from classifier.kernels import (
    BREAK,
    END,
    START,
    Floats,
    Ints,
    Longs,
    Singles,
    Units,
    grams,
    linear,
)
from classifier.lookup import GramIndex, Phrasebook, code_points
from classifier.tokens import CutBatch, Tokeniser, cut_batch
from classifier.vocabulary import Counting, Terms, chunks_of, count_terms

if TYPE_CHECKING:
    import scipy.sparse as sp

MAX_WORD_NGRAM = 2
MAX_CHAR_NGRAM = 4
Occurrences = tuple[Ints, ...]  # of the terms of each block


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
        for name, limit in (("word_ngrams", MAX_WORD_NGRAM), ("char_ngrams", MAX_CHAR_NGRAM)):
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


class Vectoriser:
    """Known terms with their inverse document frequencies.

    Columns are the word terms in order, then the character terms, then the concepts. Each block of
    a row has length 1 by itself, concepts their weight: value = tf * idf, divided by the Euclidean
    length of the block.
    """

    def __init__(
        self, settings: FeatureSettings, tokeniser: Tokeniser, terms: Terms, idf: Floats
    ) -> None:
        self.settings = settings
        self.tokeniser = tokeniser
        self.word_terms, self.char_terms, self.concept_terms = terms
        self.idf = idf
        self._firsts = np.cumsum([0, *map(len, terms)], dtype=np.int64)
        self._idfs = [idf[a:b] for a, b in pairwise(self._firsts.tolist())]
        n_blocks = 3 if terms[2] else 2
        self._lengths = np.array([1.0, 1.0, settings.concept_weight][:n_blocks])
        self.blocks = self._firsts, self._lengths, settings.sublinear_tf
        self.words = GramIndex(_units_of_words(self.word_terms))
        concept_words = packaged_concepts().words if self.concept_terms else []
        self.phrases: list[Sequence[str]] = [self.char_terms, concept_words]

    def __reduce__(self) -> tuple[object, ...]:
        """What another process makes it from, which builds the tables for itself."""
        return Vectoriser, (self.settings, self.tokeniser, self.terms, self.idf)

    @property
    def terms(self) -> Terms:
        """The known terms of each block, in column order."""
        return self.word_terms, self.char_terms, self.concept_terms

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.idf)

    @property
    def block_columns(self) -> list[slice]:
        """The columns of each block that is not empty: words, characters, concepts."""
        borders = pairwise(self._firsts.tolist())
        return [slice(first, end) for first, end in borders if end > first]

    def term(self, column: int) -> str:
        """The n-gram that a column counts."""
        for terms in (self.word_terms, self.char_terms):
            if column < len(terms):
                return terms[column]
            column -= len(terms)
        return self.concept_terms[column]

    def frequencies(self) -> Callable[[str], float]:
        """What tells about which share of the fitted texts holds a text, by its n-grams."""
        longest = self.settings.char_ngrams[1]
        # idf = ln(1 / share) + 1, but for smoothing
        known: list[float] = np.exp(1 - self._idfs[1]).tolist()
        get = dict(zip(self.char_terms, known, strict=True)).get

        def frequency(text: str) -> float:
            if len(text) <= longest:
                return get(text, 0.0) + 1e-6
            starts = range(len(text) - longest + 1)
            return min([get(text[i : i + longest], 0.0) for i in starts]) + 1e-6

        return frequency

    @cached_property
    def _phrasebook(self) -> Phrasebook:
        return Phrasebook(self.phrases)

    def occurrences(self, batch: CutBatch) -> Occurrences:
        """Known words, characters, and concepts if the model counts them, where they stand."""
        chars, concept_words = self._phrasebook.find(batch.codes)
        (words,) = self.words.find(*grams.word_units(batch.codes, batch.piece_ends))
        if not self.concept_terms:
            return words, chars
        return words, chars, packaged_concepts().of_words(concept_words)

    def count_words(self, texts: Sequence[str]) -> tuple[Longs, Longs]:
        """How many words each clean text has, and how many of them no known n-gram covers."""
        words, unknown = zip(*map(self._count_words, chunks_of(texts)), strict=True)
        return np.concatenate(words), np.concatenate(unknown)

    def _count_words(self, texts: Sequence[str]) -> tuple[Longs, Longs]:
        batch = cut_batch(self.tokeniser.piece_ends, texts)
        units, starts, ends = grams.word_units(batch.codes, batch.piece_ends)
        (found,) = self.words.find(units, starts, ends)
        is_break = units == BREAK
        rows = np.cumsum(is_break)[~is_break]
        borders = np.zeros(len(batch.codes) + 1, np.int64)
        np.add.at(borders, found[:, START], 1)
        np.add.at(borders, found[:, END], -1)
        is_unknown = borders.cumsum()[starts[~is_break]] == 0
        n_texts = len(batch.texts)
        words = np.bincount(rows, minlength=n_texts)
        return words, np.bincount(rows[is_unknown], minlength=n_texts)

    def shares(
        self, occurrences: Occurrences, table: Singles, chosen: Longs, n_chars: int
    ) -> Floats:
        """How much each character of a batch adds to some outputs, shape (n_chars, outputs).

        Row c of `table` is the idf of column c, then its weight for each output; `chosen` names per
        text the columns that are explained, shape (texts, outputs). A text's characters sum to its
        row times those weights.
        """
        shares = np.zeros((n_chars, chosen.shape[1]))
        linear.add_shares(occurrences, *self.blocks, table, chosen, shares)
        return shares

    def vectorise(
        self, texts: Sequence[str], run: Run = here, dtype: type[np.floating] = np.float64
    ) -> sp.csr_array:
        """Rows of TF-IDF values for clean texts, shape (texts, n_features), columns ascending.

        `run` may make chunks of the rows elsewhere.
        """
        return _stacked(list(run(_rows, (self, dtype), chunks_of(texts))))

    def matrix(self, batch: CutBatch) -> sp.csr_array:
        """The rows of a batch."""
        import scipy.sparse as sp  # noqa: PLC0415  (a tenth of a second, and no answer needs it)

        n_texts, sublinear = len(batch.texts), self.settings.sublinear_tf
        matrices = []
        for found, idf, length in zip(
            self.occurrences(batch), self._idfs, self._lengths, strict=False
        ):
            indptr, columns, values = linear.weigh(found, n_texts, idf, length, sublinear)
            places = columns.astype(np.int32), indptr.astype(np.int32)  # half the memory
            matrices.append(sp.csr_array((values, *places), (n_texts, len(idf))))
        matrix = sp.csr_array(sp.hstack(matrices))
        matrix.sort_indices()
        return matrix


def _rows(shared: tuple[Vectoriser, type[np.floating]], texts: Sequence[str]) -> sp.csr_array:
    vectoriser, dtype = shared
    batch = cut_batch(vectoriser.tokeniser.piece_ends, texts)
    return vectoriser.matrix(batch).astype(dtype, copy=False)


def _stacked(chunks: list[sp.csr_array]) -> sp.csr_array:
    """The rows of all chunks, which are given up one by one: a million texts are held once."""
    import scipy.sparse as sp  # noqa: PLC0415  (a tenth of a second, and no answer needs it)

    n_columns, ends = chunks[0].shape[1], np.cumsum([0, *(chunk.nnz for chunk in chunks)])
    index = np.int32 if ends[-1] < 2**31 else np.int64
    row_ends = [chunk.indptr[1:] + end for chunk, end in zip(chunks, ends, strict=False)]
    indptr = np.concatenate([[0], *row_ends]).astype(index)
    columns, values = np.empty(ends[-1], index), np.empty(ends[-1], chunks[0].dtype)
    for end in reversed(ends[:-1]):
        chunk = chunks.pop()
        columns[end : end + chunk.nnz], values[end : end + chunk.nnz] = chunk.indices, chunk.data
    return sp.csr_array((values, columns, indptr), (len(indptr) - 1, n_columns))


def fit_vectoriser(
    texts: Sequence[str], settings: FeatureSettings, tokeniser: Tokeniser, run: Run = here
) -> Vectoriser:
    """A vectoriser of the terms that at least `min_df` of the clean texts hold.

    idf = ln((1 + texts) / (1 + df)) + 1, scikit-learn's smoothed form. `run` may count chunks of
    the texts elsewhere.
    """
    counting = Counting(
        tokeniser, settings.word_ngrams, settings.char_ngrams, settings.concept_weight > 0
    )
    terms, df = count_terms(texts, counting, settings.min_df, run)
    idf = np.log((1 + len(texts)) / (1 + np.concatenate(df).astype(np.float64))) + 1
    return Vectoriser(settings, tokeniser, terms, idf)


def _units_of_words(terms: Sequence[str]) -> Units:
    """The units of terms whose words are parted by spaces, a break after each term."""
    words = [piece for term in terms for piece in (*term.split(" "), "\n")]
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    units, _, _ = grams.word_units(code_points("".join(words)), lengths.cumsum())
    return units
