"""From occurrences to weights, logits and the spans that explain them."""

from __future__ import annotations

import numpy as np

from classifier.kernels import (
    BREAK,
    END,
    ROW,
    SPACE,
    START,
    VALUE,
    Codes,
    Floats,
    Ints,
    Longs,
    Singles,
    compiled,
)

_SLOTS_PER_ENTRY = 2
_SCATTER = 0x9E3779B1  # 2^32 divided by the golden ratio (Knuth, TAOCP vol. 3, 6.4)


@compiled
def _longest_row(found: Ints) -> int:
    """The largest number of occurrences in one text."""
    longest = i = 0
    while i < len(found):
        first = i
        while i < len(found) and found[i, ROW] == found[first, ROW]:
            i += 1
        longest = max(longest, i - first)
    return longest


@compiled
def _slots_for(n_entries: int) -> Ints:
    """Room to look up so many terms: for each slot a text number, and the place of a term in it."""
    size = 16
    while size < _SLOTS_PER_ENTRY * n_entries:
        size *= 2
    return np.full((size, 2), -1, np.int32)


@compiled
def _count(
    found: Ints, i: int, slots: Ints, columns: Ints, counts: Floats, cells: Ints
) -> tuple[int, int]:
    """Count the occurrences of the text that begins at `i`: how many terms it has, where it ends.

    Columns and counts are filled by term, `cells` says for each occurrence which term it is; all
    from 0. A slot of another text counts as empty.
    """
    n, row, first, last = 0, found[i, ROW], i, len(slots) - 1
    while i < len(found) and found[i, ROW] == row:
        column = found[i, VALUE]
        slot = (column * _SCATTER >> 7) & last
        while slots[slot, 0] == row and columns[slots[slot, 1]] != column:
            slot = (slot + 1) & last
        if slots[slot, 0] != row:
            slots[slot, 0], slots[slot, 1] = row, n
            columns[n] = column
            counts[n] = 0.0
            n += 1
        place = slots[slot, 1]
        counts[place] += 1.0
        cells[i - first] = place
        i += 1
    return n, i


@compiled
def _tf(count: float, sublinear: bool) -> float:
    return 1.0 + np.log(count) if sublinear and count > 1.0 else count


@compiled
def weigh(
    found: Ints, n_texts: int, idf: Floats, length: float, sublinear: bool
) -> tuple[Longs, Ints, Floats]:
    """TF-IDF of occurrences in order of their texts, as a sparse matrix.

    Returns row pointers, columns (in order of occurrence) and values of rows with the Euclidean
    length `length`.
    """
    indptr = np.zeros(n_texts + 1, np.int64)
    columns = np.empty(len(found), np.int32)
    values = np.empty(len(found), np.float64)
    longest = _longest_row(found)
    slots, cells = _slots_for(longest), np.empty(longest, np.int32)
    begin = i = 0
    for row in range(n_texts):
        if i < len(found) and found[i, ROW] == row:
            n, i = _count(found, i, slots, columns[begin:], values[begin:], cells)
            squares = 0.0
            for cell in range(begin, begin + n):
                values[cell] = _tf(values[cell], sublinear) * idf[columns[cell]]
                squares += values[cell] * values[cell]
            values[begin : begin + n] *= length / np.sqrt(squares)
            begin += n
        indptr[row + 1] = begin
    return indptr, columns[:begin].copy(), values[:begin].copy()


@compiled
def scores(
    blocks: tuple[Ints, ...],
    firsts: Longs,
    lengths: Floats,
    sublinear: bool,
    table: Singles,
    bias: Floats,
    n_texts: int,
) -> Floats:
    """The TF-IDF rows of the occurrences times weights, plus `bias`, shape (texts, outputs).

    Block b of the occurrences has the columns from `firsts[b]` and rows of the length `lengths[b]`.
    Row c of `table` is the idf of column c, then its weight for each output, and perhaps others.
    The same as `weigh` and a product, in a third of the time.
    """
    sums = np.empty((n_texts, len(bias)), np.float64)
    sums[:] = bias
    for block in range(len(blocks)):
        _add_scores(blocks[block], lengths[block], sublinear, table[firsts[block] :], sums)
    return sums


@compiled
def _add_scores(found: Ints, length: float, sublinear: bool, table: Singles, sums: Floats) -> None:
    longest = _longest_row(found)
    slots, cells = _slots_for(longest), np.empty(longest, np.int32)
    columns, counts = np.empty(longest, np.int32), np.empty(longest, np.float64)
    n_outputs = sums.shape[1]
    unscaled = np.empty(n_outputs, np.float64)
    i = 0
    while i < len(found):
        row = found[i, ROW]
        n, i = _count(found, i, slots, columns, counts, cells)
        squares = 0.0
        unscaled[:] = 0.0
        for place in range(n):  # one pass: the table is too large for the processor's cache
            terms = table[columns[place]]
            value = _tf(counts[place], sublinear) * terms[0]
            squares += value * value
            for output in range(n_outputs):
                unscaled[output] += value * terms[output + 1]
        scale = length / np.sqrt(squares)
        for output in range(n_outputs):
            sums[row, output] += scale * unscaled[output]


@compiled
def add_shares(
    blocks: tuple[Ints, ...],
    firsts: Longs,
    lengths: Floats,
    sublinear: bool,
    table: Singles,
    chosen: Longs,
    shares: Floats,
) -> None:
    """Spread each term's part in some outputs over its occurrences and their characters, evenly.

    The first five as in `scores`. `chosen` says per text which columns of the table are
    explained, shape (texts, outputs); `shares` has a row for each character of the batch.
    """
    for block in range(len(blocks)):
        rows = table[firsts[block] :]
        _add_shares(blocks[block], lengths[block], sublinear, rows, chosen, shares)


@compiled
def _add_shares(
    found: Ints, length: float, sublinear: bool, table: Singles, chosen: Longs, shares: Floats
) -> None:
    longest = _longest_row(found)
    slots, cells = _slots_for(longest), np.empty(longest, np.int32)
    columns, counts = np.empty(longest, np.int32), np.empty(longest, np.float64)
    i = 0
    while i < len(found):
        first, row = i, found[i, ROW]
        n, i = _count(found, first, slots, columns, counts, cells)
        squares = 0.0
        for place in range(n):
            value = _tf(counts[place], sublinear) * table[columns[place], 0]
            squares += value * value
            counts[place] = value / counts[place]  # of one occurrence, from here on
        scale = length / np.sqrt(squares)
        for occurrence in range(first, i):
            place = cells[occurrence - first]
            start, end = found[occurrence, START], found[occurrence, END]
            value = scale * counts[place] / (end - start)
            for output in range(chosen.shape[1]):
                share = value * table[columns[place], chosen[row, output]]
                for position in range(start, end):
                    shares[position, output] += share


@compiled
def _is_word(code: int) -> bool:
    """Whether a piece that begins so is a word, not a mark or picture."""
    is_ascii = 0x30 <= code <= 0x39 or 0x61 <= code <= 0x7A
    return is_ascii or 0xC0 <= code < 0x2000 or 0x3040 <= code < 0xFF00


@compiled
def find_spans(
    codes: Codes, piece_ends: Longs, shares: Floats, rules: tuple[int, int, float, float]
) -> tuple[Ints, Floats]:
    """The strongest spans of each text for each output, with their weights, text by text.

    `shares` are those of characters, shape (characters, outputs). A span is its output, start and
    end in its text, and text number. `rules` are the most spans of a text, the longest span, the
    least share of the strongest piece, and the least ratio at which neighbours join.
    """
    n_pieces, n_outputs = len(piece_ends), shares.shape[1]
    spans = np.empty((n_pieces * n_outputs, 4), np.int32)
    sums = np.empty(n_pieces * n_outputs, np.float64)
    weights = np.zeros(n_pieces, np.float64)
    n = row = first = 0
    for last in range(n_pieces):
        if codes[piece_ends[last] - 1] != BREAK:
            continue
        for output in range(n_outputs):
            for piece in range(first, last):
                weights[piece] = 0.0
                for position in range(piece_ends[piece - 1] if piece else 0, piece_ends[piece]):
                    weights[piece] += shares[position, output]
            begin = n
            n = _join_pieces(codes, piece_ends, weights, (first, last), rules, (spans, sums, n))
            n = min(n, begin + rules[0])
            spans[begin:n, VALUE] = output
            spans[begin:n, ROW] = row
        row, first = row + 1, last + 1
    return spans[:n], sums[:n]


@compiled
def _join_pieces(
    codes: Codes,
    piece_ends: Longs,
    weights: Floats,
    pieces: tuple[int, int],
    rules: tuple[int, int, float, float],
    so_far: tuple[Ints, Floats, int],
) -> int:
    """Write down the spans of one text, the strongest first; how many there are now."""
    first, last = pieces
    most, longest, least, ratio = rules
    spans, sums, n = so_far
    origin = piece_ends[first - 1] if first else 0
    strongest = 0.0
    for piece in range(first, last):
        strongest = max(strongest, abs(weights[piece]))
    begin, previous, was_word = n, -1, False
    for piece in range(first, last):
        start, end = piece_ends[piece - 1] if piece else 0, piece_ends[piece]
        weight = weights[piece]
        if abs(weight) <= least * strongest or codes[start] == SPACE:
            continue
        is_word = _is_word(codes[start])
        joins = (
            n > begin
            and previous == piece - 1
            and was_word == is_word
            and end - origin - spans[n - 1, START] <= longest
            and ratio <= sums[n - 1] / weight <= 1 / ratio
        )
        if joins:
            sums[n - 1] += weight
            spans[n - 1, END] = end - origin
        else:
            spans[n, START], spans[n, END] = start - origin, end - origin
            sums[n] = weight
            n += 1
        previous, was_word = piece, is_word
    for place in range(begin, min(n, begin + most)):  # selection sort: there are few
        best = place
        for other in range(place + 1, n):
            if abs(sums[other]) > abs(sums[best]):
                best = other
        sums[place], sums[best] = sums[best], sums[place]
        for column in (START, END):
            spans[place, column], spans[best, column] = spans[best, column], spans[place, column]
    return n
