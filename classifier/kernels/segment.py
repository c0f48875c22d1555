"""Cutting Chinese text into pieces where the best route through a dictionary is known.

What the route leaves as single characters goes to a hidden Markov model (HMM) of characters that
begin, end or continue a word or stand alone; what is in no block is a piece by itself. The method:
Sun Junyi, jieba, and messense, jieba-rs 0.11, whose rules for ASCII and for ties are followed.
"""

from __future__ import annotations

import numpy as np

from classifier.kernels import Bytes, Codes, Floats, Keys, Longs, compiled

# What a character is. All but OUTSIDE are part of a block; the HMM knows HAN.
OUTSIDE, HAN, RARE_HAN, ALNUM, JOINER, PERCENT, SIGN = range(7)
_MAX_WORD_CHARS = 32
_BYTE, _LENGTH_SHIFT = np.uint64(255), np.uint64(8)
_LINE_BREAK, _RETURN = 0x0A, 0x0D
_ROW_0 = 0x4E00 - 5  # the code point whose row would be the first

# Rows of the table of logarithms: of starting in a state; of passing to one after each state; and
# from row 5 the emissions of the characters from U+4E00.
_START, _AFTER = 0, 1


@compiled
def _mark_ascii(kinds: Bytes, start: int, end: int, is_end: Bytes) -> None:
    """Mark the ends of pieces in a run without Chinese characters that the HMM knows.

    A piece is letters and digits, joined by single dots, hyphens and low lines, with a per cent
    sign after it; or whatever stands between two such.
    """
    position = start
    while position < end:
        if kinds[position] != ALNUM:
            while position < end and kinds[position] != ALNUM:
                position += 1
        else:
            while position < end and (
                kinds[position] == ALNUM
                or (
                    kinds[position] == JOINER
                    and position + 1 < end
                    and kinds[position + 1] == ALNUM
                )
            ):
                position += 1
            position += position < end and kinds[position] == PERCENT
        is_end[position - 1] = 1


@compiled
def _mark_chinese(
    codes: Codes, start: int, end: int, model: Floats, steps: Bytes, is_end: Bytes
) -> None:
    """Mark the ends of words in a run of Chinese characters, by the HMM's best sequence of states.

    Viterbi's method (1967) in log probabilities. States are 0 begin, 1 end, 2 middle, 3 single; of
    equal sums that of the larger state wins. Bit s of `steps` is 1 if state s is reached best from
    the larger of the two states that may precede it.
    """
    begin_stop, begin_middle = model[_AFTER, 1], model[_AFTER, 2]
    stop_begin, stop_single = model[_AFTER + 1, 0], model[_AFTER + 1, 3]
    middle_stop, middle_middle = model[_AFTER + 2, 1], model[_AFTER + 2, 2]
    single_begin, single_single = model[_AFTER + 3, 0], model[_AFTER + 3, 3]
    initial, emitted = model[_START], model[np.int64(codes[start]) - _ROW_0]
    begin, stop = initial[0] + emitted[0], initial[1] + emitted[1]
    middle, single = initial[2] + emitted[2], initial[3] + emitted[3]
    for place in range(start + 1, end):
        emitted = model[np.int64(codes[place]) - _ROW_0]
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
    state = np.int64(1 if stop > single else 3)
    for place in range(end - 1, start, -1):
        is_end[place] = state & 1
        # Begin and single follow end or single; end and middle follow begin or middle.
        follows_end = ((state + 1) >> 1 & 1) ^ 1
        state = 2 * ((np.int64(steps[place]) >> state) & 1) + follows_end
    is_end[start] = state & 1


@compiled
def _mark_run(
    codes: Codes,
    kinds: Bytes,
    run: tuple[int, int],
    model: Floats,
    marks: tuple[Bytes, Bytes],
) -> None:
    """Mark the ends of pieces in a run of single characters."""
    start, end = run
    steps, is_end = marks
    while start < end:
        is_han = kinds[start] == HAN
        stop = start + 1
        while stop < end and (kinds[stop] == HAN) == is_han:
            stop += 1
        if not is_han:
            _mark_ascii(kinds, start, stop, is_end)
        elif stop - start == 1:
            is_end[start] = 1
        else:
            _mark_chinese(codes, start, stop, model, steps, is_end)
        start = stop


@compiled
def find_piece_ends(codes: Codes, route: Keys, model: Floats) -> Longs:
    """Where each piece of the text ends, in characters; `route` is that of `find_route`."""
    kinds = np.empty(len(codes), np.uint8)
    lengths = np.empty(len(codes), np.uint8)
    for place in range(len(codes)):
        kinds[place], lengths[place] = route[place] & _BYTE, (route[place] >> _LENGTH_SHIFT) & _BYTE
    is_end = np.zeros(len(codes), np.uint8)
    marks = np.empty(len(codes), np.uint8), is_end
    position = 0
    while position < len(codes):
        start = position
        if kinds[start] == OUTSIDE:
            is_return = codes[start] == _RETURN and start + 1 < len(codes)
            position += 2 if is_return and codes[start + 1] == _LINE_BREAK else 1
            is_end[position - 1] = 1
            continue
        if lengths[start] > 1:
            position += lengths[start]
            is_end[position - 1] = 1
            continue
        while position < len(codes) and kinds[position] != OUTSIDE and lengths[position] == 1:
            position += 1
        size = position - start
        if size == 1:
            is_end[start] = 1
        elif size <= _MAX_WORD_CHARS and (route[start] >> np.uint64(size + 15)) & np.uint64(1):
            is_end[start:position] = 1
        else:
            _mark_run(codes, kinds, (start, position), model, marks)
    piece_ends = np.empty(len(codes), np.int64)
    n = 0
    for place in range(len(codes)):
        piece_ends[n] = place + 1
        n += is_end[place]
    return piece_ends[:n]
