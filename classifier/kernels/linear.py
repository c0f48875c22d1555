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

    Columns and counts are filled from 0, `cells` from `i`. A slot of another text counts as empty.
    """
    n, row, last = 0, found[i, ROW], len(slots) - 1
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
        cells[i] = place
        i += 1
    return n, i


@compiled
def _tf(count: float, sublinear: bool) -> float:
    return 1.0 + np.log(count) if sublinear and count > 1.0 else count


@compiled
def weigh(
    found: Ints, n_texts: int, idf: Floats, length: float, sublinear: bool
) -> tuple[Longs, Ints, Floats, Ints]:
    """TF-IDF of occurrences in order of their texts: a sparse matrix, and each occurrence's cell.

    Returns row pointers, columns (in order of occurrence) and values of rows with the Euclidean
    length `length`, and per occurrence the place of its value.
    """
    indptr = np.zeros(n_texts + 1, np.int64)
    columns = np.empty(len(found), np.int32)
    values = np.empty(len(found), np.float64)
    cells = np.empty(len(found), np.int32)
    slots = _slots_for(_longest_row(found))
    begin = i = 0
    for row in range(n_texts):
        if i < len(found) and found[i, ROW] == row:
            first = i
            n, i = _count(found, first, slots, columns[begin:], values[begin:], cells)
            cells[first:i] += begin
            squares = 0.0
            for cell in range(begin, begin + n):
                values[cell] = _tf(values[cell], sublinear) * idf[columns[cell]]
                squares += values[cell] * values[cell]
            values[begin : begin + n] *= length / np.sqrt(squares)
            begin += n
        indptr[row + 1] = begin
    return indptr, columns[:begin].copy(), values[:begin].copy(), cells


@compiled
def add_scores(found: Ints, table: Singles, length: float, sublinear: bool, sums: Floats) -> None:
    """Add the TF-IDF rows of the occurrences times weights to `sums`, shape (texts, outputs).

    Row c of `table` is the idf of column c, then its weight for each output. The same as `weigh`
    and a product, in a third of the time.
    """
    longest = _longest_row(found)
    slots = _slots_for(longest)
    columns = np.empty(longest, np.int32)
    counts = np.empty(longest, np.float64)
    cells = np.empty(len(found), np.int32)
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
    found: Ints,
    cells: Ints,
    shares: Floats,
    columns: Ints,
    weights: Singles,
    answers: Longs,
    char_weights: Floats,
) -> None:
    """Spread value times weight of each cell evenly over its occurrences and their characters.

    `shares` and `columns` are those of the cells; row r counts the output `answers[r]` of
    `weights`, shape (columns, outputs).
    """
    counts = np.zeros(len(shares), np.int32)
    for cell in cells:
        counts[cell] += 1
    for i in range(len(found)):
        cell, start, end = cells[i], found[i, START], found[i, END]
        weight = weights[columns[cell], answers[found[i, ROW]]]
        share = shares[cell] * weight / (counts[cell] * (end - start))
        for position in range(start, end):
            char_weights[position] += share


@compiled
def _is_word(code: int) -> bool:
    """Whether a piece that begins so is a word, not a mark or picture."""
    is_ascii = 0x30 <= code <= 0x39 or 0x61 <= code <= 0x7A
    return is_ascii or 0xC0 <= code < 0x2000 or 0x3040 <= code < 0xFF00


@compiled
def find_spans(
    codes: Codes, piece_ends: Longs, weights: Floats, rules: tuple[int, int, float, float]
) -> tuple[Ints, Floats]:
    """The strongest spans of each text: text number, start and end; and their weights.

    `weights` are those of the pieces; `rules` are the most spans of a text, the longest span, the
    least share of the strongest piece, and the least ratio at which neighbours join.
    """
    most, longest, least, ratio = rules
    n_pieces = len(piece_ends)
    spans = np.empty((n_pieces, 3), np.int32)
    sums = np.empty(n_pieces, np.float64)
    n = row = first = 0
    for last in range(n_pieces):
        if codes[piece_ends[last] - 1] != BREAK:
            continue
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
                and end - spans[n - 1, START] <= longest
                and ratio <= sums[n - 1] / weight <= 1 / ratio
            )
            if joins:
                sums[n - 1] += weight
                spans[n - 1, END] = end
            else:
                spans[n, 0], spans[n, START], spans[n, END] = row, start, end
                sums[n] = weight
                n += 1
            previous, was_word = piece, is_word
        kept = min(n, begin + most)
        for place in range(begin, kept):  # selection sort: there are few
            best = place
            for other in range(place + 1, n):
                if abs(sums[other]) > abs(sums[best]):
                    best = other
            sums[place], sums[best] = sums[best], sums[place]
            for column in range(3):
                spans[place, column], spans[best, column] = (
                    spans[best, column],
                    spans[place, column],
                )
        n, row, first = kept, row + 1, last + 1
    return spans[:n], sums[:n]
