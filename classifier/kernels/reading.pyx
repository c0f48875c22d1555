"""All that is computed for a batch, in one go from its characters to logits and stretches.

The other modules' loops one after another, without the interpreter in between: a thread that has to
ask for it after each would wait for whoever has it, and two threads together would be as fast as
one and a half.
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from classifier.kernels.grams cimport Index, add_grams, array_of, hash_words, index_of, rename
from classifier.kernels.linear cimport Rules, add_scores, rules_of, spread_shares, take_spans
from classifier.kernels.loops cimport PLACES_AT_ONCE, Found, Occurrence
from classifier.kernels.patterns cimport Matcher, find_matching
from classifier.kernels.phrases cimport mark_parts
from classifier.kernels.routes cimport Tables, tables_of, take_best_route
from classifier.kernels.segment cimport end_pieces

import numpy as np

cdef enum:
    _CONCEPTS = 1  # kinds of phrases, the first are n-grams of characters
    _ANCHORS = 2
    _N_KINDS = 3
    _N_PARTS = 5


@cython.final
cdef class Reader:
    """The tables of a model; safe between threads, never changed after."""

    cdef object _held  # arrays that the structures point into
    cdef Tables _dictionary
    cdef const double *_model  # NULL: texts come cut
    cdef Index _phrases, _words
    cdef const int32_t *_concepts
    cdef int64_t[4] _firsts  # columns of the blocks: words, characters, concepts, end
    cdef double[3] _lengths
    cdef bint _sublinear, _has_concepts
    cdef const float *_table
    cdef Py_ssize_t _width, _n_outputs
    cdef const double[::1] _bias
    cdef Matcher _matcher
    cdef Rules _rules
    cdef int _clause_chars, _sentence_chars

    def __init__(
        self, segmenter, phrases, words, const int32_t[::1] concepts, blocks,
        const float[:, ::1] table, const double[::1] bias, Matcher matcher, rules, reaches,
    ):
        """All as the functions of the other modules take it.

        `segmenter` is a dictionary and a hidden Markov model, None for texts that come cut;
        `phrases` an index of characters' n-grams, words of concepts and anchors; `words` an index;
        `concepts` the concept of each word; `blocks` first columns and lengths of the blocks, and
        whether counts are dampened; `reaches` how many characters of a clause and of a sentence are
        looked at on each side.
        """
        cdef const double[:, ::1] model
        cdef const int64_t[::1] firsts
        cdef const double[::1] lengths
        cdef Py_ssize_t block
        self._held = segmenter, phrases, words, concepts, table
        self._model = NULL
        if segmenter is not None:
            dictionary, model = segmenter
            self._dictionary = tables_of(
                dictionary[0], dictionary[1], dictionary[2], dictionary[3]
            )
            self._model = &model[0, 0]
        self._phrases = index_of(phrases[0], phrases[1], phrases[2], phrases[3])
        if self._phrases.n_kinds != _N_KINDS:
            raise ValueError(f"phrases are of {self._phrases.n_kinds} kinds, needed are {_N_KINDS}")
        self._words = index_of(words[0], words[1], words[2], words[3])
        self._concepts = &concepts[0]
        firsts, lengths, self._sublinear = blocks
        self._has_concepts = lengths.shape[0] == _N_KINDS
        for block in range(lengths.shape[0]):
            self._firsts[block], self._lengths[block] = firsts[block], lengths[block]
        self._table, self._width = &table[0, 0], table.shape[1]
        self._bias, self._n_outputs = bias, bias.shape[0]
        self._matcher = matcher
        self._rules = rules_of(rules)
        self._clause_chars, self._sentence_chars = reaches

    def read(self, const uint32_t[::1] codes, Py_ssize_t n_texts, piece_ends=None):
        """What is found in joined texts, each with a line break after it."""
        return Reading(self, codes, n_texts, piece_ends)


@cython.final
cdef class Reading:
    """What was found in a batch.

    `codes`: the characters. `logits`: shape (texts, outputs). `stretches`: where patterns of
    signals match, as `patterns.Matcher.find` says. `parts`: five values of a byte for each
    character, as `phrases.find_parts` says.
    """

    cdef readonly object codes, logits, stretches, parts
    cdef Reader _reader
    cdef const uint32_t[::1] _codes
    cdef int64_t *_piece_ends
    cdef Py_ssize_t _n_pieces
    cdef Found[_N_KINDS] _phrases
    cdef Found _words

    def __cinit__(self, Reader reader, const uint32_t[::1] codes, Py_ssize_t n_texts, piece_ends):
        cdef Found stretches = Found(NULL, 0, 0)
        cdef Py_ssize_t n_codes = codes.shape[0]
        cdef const int64_t[::1] given
        cdef bint is_done
        logits = np.empty((n_texts, reader._n_outputs))
        logits[:] = reader._bias
        cdef double[:, ::1] sums = logits
        cdef uint8_t *parts = <uint8_t *>malloc((_N_PARTS + 2) * n_codes + 1)  # and scratch
        self._reader, self._codes, self.codes = reader, codes, codes.base
        self._piece_ends = <int64_t *>malloc((n_codes + 1) * sizeof(int64_t))
        is_done = parts != NULL and self._piece_ends != NULL
        if is_done and piece_ends is not None:
            given = piece_ends
            self._n_pieces = given.shape[0]
            memcpy(self._piece_ends, &given[0], self._n_pieces * sizeof(int64_t))
        with nogil:
            is_done = (
                is_done
                and self._look(reader, &codes[0], n_codes, &stretches)
                and self._score(reader, &sums[0, 0])
            )
            if is_done:
                mark_parts(
                    &codes[0], n_codes, self._piece_ends, self._n_pieces,
                    reader._clause_chars, reader._sentence_chars, parts, parts + _N_PARTS * n_codes,
                )
        try:
            if not is_done:
                raise MemoryError
            self.logits, self.stretches = logits, array_of(&stretches)
            self.parts = tuple([
                PyBytes_FromStringAndSize(<char *>parts + n_codes * part, n_codes)
                for part in range(_N_PARTS)
            ])
        finally:
            free(stretches.items)
            free(parts)

    def __dealloc__(self):
        cdef int kind
        free(self._piece_ends)
        free(self._words.items)
        for kind in range(_N_KINDS):
            free(self._phrases[kind].items)

    cdef bint _look(
        self, Reader of, const uint32_t *codes, Py_ssize_t n_codes, Found *stretches
    ) noexcept nogil:
        """Find all that the texts hold; false if there is no memory."""
        cdef Py_ssize_t place, n_words, longest = max(of._phrases.longest, of._words.longest)
        # Room for the widest use of each: routes, then characters and words as units.
        cdef uint64_t *units = <uint64_t *>malloc((n_codes + 1) * sizeof(uint64_t))
        cdef double *sums = <double *>malloc((n_codes + 1) * sizeof(double))
        cdef int32_t *starts = <int32_t *>malloc(2 * (n_codes + 1) * sizeof(int32_t))
        cdef int32_t *ends = starts + n_codes + 1
        cdef int32_t *ways = <int32_t *>malloc((longest + 1) * PLACES_AT_ONCE * sizeof(int32_t))
        cdef bint is_done = units != NULL and sums != NULL and starts != NULL and ways != NULL
        if is_done and of._model:
            take_best_route(codes, n_codes, &of._dictionary, sums, units)
            self._n_pieces = end_pieces(
                codes, units, n_codes, of._model, <uint8_t *>starts, self._piece_ends
            )
        if is_done:
            for place in range(n_codes):
                units[place], starts[place], ends[place] = codes[place], place, place + 1
            is_done = add_grams(units, n_codes, starts, ends, &of._phrases, ways, self._phrases)
        if is_done:
            n_words = hash_words(codes, self._piece_ends, self._n_pieces, units, starts, ends)
            is_done = (
                add_grams(units, n_words, starts, ends, &of._words, ways, &self._words)
                and find_matching(
                    codes, self._phrases[_ANCHORS].items, self._phrases[_ANCHORS].n,
                    &of._matcher.programs, stretches,
                )
            )
            rename(self._phrases[_CONCEPTS].items, self._phrases[_CONCEPTS].n, of._concepts)
        free(units)
        free(sums)
        free(starts)
        free(ways)
        return is_done

    cdef inline const Found *_block(self, int block) noexcept nogil:
        """Occurrences of the terms of a block: words, characters, concepts."""
        return &self._phrases[block - 1] if block else &self._words

    cdef bint _score(self, Reader of, double *sums) noexcept nogil:
        cdef const Found *found
        cdef int block
        for block in range(2 + of._has_concepts):
            found = self._block(block)
            if not add_scores(
                found.items, found.n, of._lengths[block], of._sublinear,
                of._table + of._firsts[block] * of._width, of._width, sums, of._n_outputs,
            ):
                return False
        return True

    def explain(self, const int64_t[:, ::1] chosen):
        """The strongest spans of each text and their weights, as `linear.find_spans` says.

        `chosen` are the columns of the table that are explained, shape (texts, outputs).
        """
        cdef Reader of = self._reader
        cdef Py_ssize_t n_outputs = chosen.shape[1], n_codes = self._codes.shape[0], n = 0
        cdef const Found *found
        cdef int block
        cdef bint is_done
        cdef double *shares = <double *>calloc(n_codes * n_outputs + 1, sizeof(double))
        spans = np.empty((self._n_pieces * n_outputs, 4), np.int32)
        sums = np.empty(self._n_pieces * n_outputs)
        cdef int32_t[:, ::1] spans_view = spans
        cdef double[::1] sums_view = sums
        with nogil:
            is_done = shares != NULL
            for block in range(2 + of._has_concepts):
                found = self._block(block)
                is_done = is_done and spread_shares(
                    found.items, found.n, of._lengths[block], of._sublinear,
                    of._table + of._firsts[block] * of._width, of._width,
                    &chosen[0, 0], n_outputs, shares,
                )
            if is_done:
                n = take_spans(
                    &self._codes[0], self._piece_ends, self._n_pieces, shares, n_outputs,
                    &of._rules, <Occurrence *>&spans_view[0, 0], &sums_view[0],
                )
            free(shares)
        if not is_done or n < 0:
            raise MemoryError
        return spans[:n], sums[:n]
