"""Cutting Chinese text into pieces where the best route through a dictionary is known.

What the route leaves as single characters goes to a hidden Markov model (HMM) of characters that
begin, end or continue a word or stand alone; what is in no block is a piece by itself. The method:
Sun Junyi, jieba, and messense, jieba-rs 0.11, whose rules for ASCII and for ties are followed.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

# What a character is. All but OUTSIDE are part of a block; the HMM knows HAN.
OUTSIDE, HAN, RARE_HAN, ALNUM, JOINER, PERCENT, SIGN = range(7)

cdef enum:  # the same, for the loops
    _OUTSIDE = 0
    _HAN = 1
    _ALNUM = 3
    _JOINER = 4
    _PERCENT = 5
    _MAX_WORD_CHARS = 32
    _LINE_BREAK = 0x0A
    _RETURN = 0x0D
    _ROW_0 = 0x4E00 - 5  # the code point whose row would be the first


cdef inline void _mark_ascii(
    const uint8_t *kinds, Py_ssize_t start, Py_ssize_t end, uint8_t *is_end
) noexcept nogil:
    """Mark the ends of pieces in a run without Chinese characters that the HMM knows.

    A piece is letters and digits, joined by single dots, hyphens and low lines, with a per cent
    sign after it; or whatever stands between two such.
    """
    cdef Py_ssize_t position = start
    while position < end:
        if kinds[position] != _ALNUM:
            while position < end and kinds[position] != _ALNUM:
                position += 1
        else:
            while position < end and (
                kinds[position] == _ALNUM
                or (
                    kinds[position] == _JOINER
                    and position + 1 < end
                    and kinds[position + 1] == _ALNUM
                )
            ):
                position += 1
            position += position < end and kinds[position] == _PERCENT
        is_end[position - 1] = 1


cdef inline void _mark_chinese(
    const uint32_t *codes, Py_ssize_t start, Py_ssize_t end,
    const double *model, uint8_t *steps, uint8_t *is_end,
) noexcept nogil:
    """Mark the ends of words in a run of Chinese characters, by the HMM's best sequence of states.

    Viterbi's method (1967) in log probabilities. States are 0 begin, 1 end, 2 middle, 3 single; of
    equal sums that of the larger state wins. Bit s of `steps` is 1 if state s is reached best from
    the larger of the two states that may precede it.

    Rows of the model, of four logarithms each: of starting in a state; of passing to one after each
    state; and from row 5 the emissions of the characters from U+4E00.
    """
    cdef double begin_stop = model[5], begin_middle = model[6]
    cdef double stop_begin = model[8], stop_single = model[11]
    cdef double middle_stop = model[13], middle_middle = model[14]
    cdef double single_begin = model[16], single_single = model[19]
    cdef const double *emitted = model + 4 * (<Py_ssize_t>codes[start] - _ROW_0)
    cdef double begin = model[0] + emitted[0], stop = model[1] + emitted[1]
    cdef double middle = model[2] + emitted[2], single = model[3] + emitted[3]
    cdef double begin_a, begin_b, stop_a, stop_b, middle_a, middle_b, single_a, single_b
    cdef Py_ssize_t place
    cdef int state, follows_end
    for place in range(start + 1, end):
        emitted = model + 4 * (<Py_ssize_t>codes[place] - _ROW_0)
        begin_a, begin_b = stop + stop_begin + emitted[0], single + single_begin + emitted[0]
        stop_a, stop_b = begin + begin_stop + emitted[1], middle + middle_stop + emitted[1]
        middle_a, middle_b = begin + begin_middle + emitted[2], middle + middle_middle + emitted[2]
        single_a, single_b = stop + stop_single + emitted[3], single + single_single + emitted[3]
        begin = begin_a if begin_a > begin_b else begin_b
        stop = stop_a if stop_a > stop_b else stop_b
        middle = middle_a if middle_a > middle_b else middle_b
        single = single_a if single_a > single_b else single_b
        steps[place] = (
            (begin_b >= begin_a)
            + 2 * (stop_b >= stop_a)
            + 4 * (middle_b >= middle_a)
            + 8 * (single_b >= single_a)
        )
    state = 1 if stop > single else 3
    for place in range(end - 1, start, -1):
        is_end[place] = state & 1
        # Begin and single follow end or single; end and middle follow begin or middle.
        follows_end = ((state + 1) >> 1 & 1) ^ 1
        state = 2 * ((steps[place] >> state) & 1) + follows_end
    is_end[start] = state & 1


cdef inline void _mark_run(
    const uint32_t *codes, const uint8_t *kinds, Py_ssize_t start, Py_ssize_t end,
    const double *model, uint8_t *steps, uint8_t *is_end,
) noexcept nogil:
    """Mark the ends of pieces in a run of single characters."""
    cdef Py_ssize_t stop
    cdef bint is_han
    while start < end:
        is_han = kinds[start] == _HAN
        stop = start + 1
        while stop < end and (kinds[stop] == _HAN) == is_han:
            stop += 1
        if not is_han:
            _mark_ascii(kinds, start, stop, is_end)
        elif stop - start == 1:
            is_end[start] = 1
        else:
            _mark_chinese(codes, start, stop, model, steps, is_end)
        start = stop


cdef inline void _mark_all(
    const uint32_t *codes, const uint64_t *route, Py_ssize_t n_codes,
    const double *model, uint8_t *scratch,
) noexcept nogil:
    """Mark the ends of all pieces in the first quarter of `scratch`, four bytes a character."""
    cdef uint8_t *is_end = scratch
    cdef uint8_t *kinds = scratch + n_codes
    cdef uint8_t *lengths = kinds + n_codes
    cdef uint8_t *steps = lengths + n_codes
    cdef Py_ssize_t position = 0, start, size, place
    for place in range(n_codes):
        kinds[place] = <uint8_t>route[place]
        lengths[place] = <uint8_t>(route[place] >> 8)
        is_end[place] = 0
    while position < n_codes:
        start = position
        if kinds[start] == _OUTSIDE:
            position += 1
            if codes[start] == _RETURN and position < n_codes and codes[position] == _LINE_BREAK:
                position += 1
            is_end[position - 1] = 1
            continue
        if lengths[start] > 1:
            position += lengths[start]
            is_end[position - 1] = 1
            continue
        while position < n_codes and kinds[position] != _OUTSIDE and lengths[position] == 1:
            position += 1
        size = position - start
        if size == 1:
            is_end[start] = 1
        elif size <= _MAX_WORD_CHARS and (route[start] >> (size + 15)) & 1:
            for place in range(start, position):
                is_end[place] = 1
        else:
            _mark_run(codes, kinds, start, position, model, steps, is_end)


cdef Py_ssize_t end_pieces(
    const uint32_t *codes, const uint64_t *route, Py_ssize_t n_codes,
    const double *model, uint8_t *scratch, int64_t *piece_ends,
) noexcept nogil:
    """As `find_piece_ends`, their number; `scratch` has four bytes a character."""
    cdef Py_ssize_t n = 0, place
    _mark_all(codes, route, n_codes, model, scratch)
    for place in range(n_codes):
        piece_ends[n] = place + 1
        n += scratch[place]
    return n


def find_piece_ends(
    const uint32_t[::1] codes, const uint64_t[::1] route, const double[:, ::1] model
):
    """Where each piece of the text ends, in characters; `route` is that of `find_route`."""
    cdef Py_ssize_t n_codes = codes.shape[0], n
    cdef uint8_t[::1] scratch = np.empty(4 * n_codes, np.uint8)
    piece_ends = np.empty(n_codes, np.int64)
    cdef int64_t[::1] ends = piece_ends
    with nogil:
        n = end_pieces(&codes[0], &route[0], n_codes, &model[0, 0], &scratch[0], &ends[0])
    return piece_ends[:n]
