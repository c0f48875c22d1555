"""A look at the characters of many texts, and what stands around a phrase."""

from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.string cimport memset

from classifier.kernels.loops cimport BREAK, SPACE

import numpy as np

PLAIN, CHINESE = 1, 2
DIGIT, LATIN, PROVINCE, HAN, SUSPECT = 1, 2, 4, 8, 16

cdef enum:  # the same, for the loops
    _PLAIN = 1
    _CHINESE = 2
    _DIGIT = 1
    _LATIN = 2
    _PROVINCE = 4
    _HAN = 8
    _SUSPECT = 16

cdef enum:
    _MANY_DIGITS = 6  # fewer in a row cannot be a telephone, card or order number
    _MANY_REPEATS = 4
    _MIN_HAN = 2
    _FIRST_EMOJI = 0x1F300
    _LAST_EMOJI = 0x1FAFF
    _FIRST_HAN = 0x4E00
    _LAST_HAN = 0x9FFF


def fold_and_look(
    uint32_t[::1] codes, const int64_t[::1] ends, const uint32_t[::1] folds,
    const uint8_t[::1] kinds,
):
    """Fold the characters of many texts in place, and say of each text what can be seen at once.

    `folds` and `kinds` are by code point, for those of the Basic Multilingual Plane; of others only
    emoji are plain. A text is `PLAIN` if folding is all it needs, `CHINESE` if it has two Chinese
    characters and no letters of other scripts.
    """
    cdef Py_ssize_t n_texts = ends.shape[0], text, position, start = 0
    cdef uint32_t n_folds = <uint32_t>folds.shape[0]
    looks = np.zeros(n_texts, np.uint8)
    cdef uint8_t[::1] found = looks
    cdef uint32_t code, before
    cdef int kind, before_kind, n_han, digits, repeats
    cdef bint plain, foreign
    for text in range(n_texts):
        plain, foreign = True, False
        n_han = digits = repeats = 0
        before, before_kind = SPACE, 0
        for position in range(start, ends[text]):
            code, kind = codes[position], 0
            if code < n_folds:
                code = folds[code]
                codes[position] = code
                kind = kinds[code]
            elif not _FIRST_EMOJI <= code <= _LAST_EMOJI:
                kind = _SUSPECT
            digits = digits + 1 if kind & _DIGIT else 0
            repeats = repeats + 1 if code == before else 1
            if (
                kind & _SUSPECT
                or digits >= _MANY_DIGITS
                or repeats >= _MANY_REPEATS
                or (code == SPACE and before == SPACE)
                or (kind & _LATIN and before_kind & _PROVINCE)
                or (code == c"." and before == c"w")
            ):
                plain = False
            foreign = foreign or kind & _LATIN != 0
            n_han += kind & _HAN != 0
            before, before_kind = code, kind
        if plain and (ends[text] == start or before != SPACE):
            found[text] = _PLAIN + _CHINESE * (n_han >= _MIN_HAN and not foreign)
        start = ends[text]
    return looks


def find_rows(
    const uint32_t[::1] codes, const uint8_t[::1] starts, const uint8_t[::1] followers
):
    """Numbers of the joined texts that may hold one of some words; no other holds any.

    `starts` says by code point what begins so: 1 a word of one character, 2 longer ones;
    `followers` is 1 at the sum of a longer word's first two code points, modulo its size, 2^n.
    """
    cdef Py_ssize_t n_starts = starts.shape[0], position, row = 0, last = followers.shape[0] - 1
    cdef uint32_t code
    cdef bint is_found = False
    rows = []
    for position in range(codes.shape[0]):
        code = codes[position]
        if code == BREAK:
            if is_found:
                rows.append(row)
            row += 1
            is_found = False
        elif code < n_starts and starts[code]:
            is_found = is_found or starts[code] & 1 or followers[code + codes[position + 1] & last]
    return rows


cdef inline bint _is_sentence_mark(uint32_t code) noexcept nogil:
    return <Py_UCS4>code in "。!?;⋯\n"


cdef inline bint _is_clause_mark(uint32_t code) noexcept nogil:
    """Those of sentences end clauses, too."""
    return <Py_UCS4>code in ",:~、"


cdef inline bint _is_digit(uint32_t code) noexcept nogil:
    return c"0" <= code <= c"9"


cdef inline bint _is_han(uint32_t code) noexcept nogil:
    return _FIRST_HAN <= code <= _LAST_HAN


cdef void mark_parts(
    const uint32_t *codes, Py_ssize_t n_codes, const int64_t *piece_ends, Py_ssize_t n_pieces,
    int clause_chars, int sentence_chars, uint8_t *parts, uint8_t *ends,
) noexcept nogil:
    """As `find_parts`; `ends` is scratch of two bytes a character."""
    cdef Py_ssize_t position, piece
    cdef uint32_t before = BREAK, code, after
    cdef bint is_end
    memset(parts, 0, n_codes)
    memset(ends, 0, 2 * n_codes)
    for piece in range(n_pieces):
        parts[piece_ends[piece] - 1] = 1
    for position in range(n_codes):
        code = codes[position]
        if not _is_han(code):
            after = codes[position + 1] if position + 1 < n_codes else <uint32_t>BREAK
            is_end = _is_sentence_mark(code) or (code == c"." and not _is_digit(after))
            ends[n_codes + position] = is_end
            ends[position] = (
                is_end
                or _is_clause_mark(code)
                or (code == SPACE and _is_han(before) and _is_han(after))
            )
        before = code
    _measure(codes, ends, n_codes, clause_chars, parts + n_codes, parts + 2 * n_codes)
    _measure(
        codes, ends + n_codes, n_codes, sentence_chars, parts + 3 * n_codes, parts + 4 * n_codes
    )


def find_parts(
    const uint32_t[::1] codes, const int64_t[::1] piece_ends, int clause_chars, int sentence_chars
):
    """1 where a piece ends, and how far the clause and the sentence go before and after a place.

    That is counted in characters: from the place back to what follows the latest end, and from it
    to the next end, which belongs to the part unless it is a line break; at most so many. Shape
    (5, characters).
    """
    cdef Py_ssize_t n_codes = codes.shape[0]
    answer = np.empty((5, n_codes), np.uint8)
    cdef uint8_t[:, ::1] parts = answer
    cdef uint8_t[::1] ends = np.empty(2 * n_codes, np.uint8)
    with nogil:
        mark_parts(
            &codes[0], n_codes, &piece_ends[0], piece_ends.shape[0], clause_chars, sentence_chars,
            &parts[0, 0], &ends[0],
        )
    return answer


cdef void _measure(
    const uint32_t *codes, const uint8_t *ends, Py_ssize_t n, int most,
    uint8_t *before, uint8_t *after,
) noexcept nogil:
    """How many characters lie between each place and the latest end, and up to the next."""
    cdef Py_ssize_t place
    cdef int distance = 0
    for place in range(n):
        before[place] = min(distance, most)
        distance = 0 if ends[place] else distance + 1
    distance = 0
    for place in range(n - 1, -1, -1):
        distance = (codes[place] != BREAK) if ends[place] else distance + 1
        after[place] = min(distance, most)
