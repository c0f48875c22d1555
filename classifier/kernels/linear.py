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

_CROWDED = 2  # slots for each entry of a table


@compiled
def weigh(
    found: Ints, n_texts: int, idf: Floats, length: float, *, sublinear: bool
) -> tuple[Longs, Ints, Floats, Ints]:
    """TF-IDF of occurrences in order of their texts: a sparse matrix, and each occurrence's cell.

    Returns row pointers, columns (in order of occurrence) and values of rows with the Euclidean
    length `length`, and per occurrence the place of its value.
    """
    n_found = len(found)
    indptr = np.zeros(n_texts + 1, np.int64)
    columns = np.empty(n_found, np.int32)
    values = np.empty(n_found, np.float64)
    cells = np.empty(n_found, np.int32)
    longest = i = 0
    while i < n_found:
        first = i
        while i < n_found and found[i, ROW] == found[first, ROW]:
            i += 1
        longest = max(longest, i - first)
    size = 16
    while size < _CROWDED * longest:
        size *= 2
    slots = np.full(size, -1, np.int32)
    touched = np.empty(longest, np.int64)
    n = i = 0
    for row in range(n_texts):
        begin = n
        while i < n_found and found[i, ROW] == row:
            column = found[i, VALUE]
            slot = (column * 0x9E3779B1 >> 7) & (size - 1)
            while slots[slot] >= 0 and columns[slots[slot]] != column:
                slot = (slot + 1) & (size - 1)
            if slots[slot] < 0:
                slots[slot] = n
                touched[n - begin] = slot
                columns[n] = column
                values[n] = 0.0
                n += 1
            values[slots[slot]] += 1.0
            cells[i] = slots[slot]
            i += 1
        squares = 0.0
        for cell in range(begin, n):
            slots[touched[cell - begin]] = -1
            count = values[cell]
            if sublinear:
                count = 1.0 if count == 1.0 else 1.0 + np.log(count)
            values[cell] = count * idf[columns[cell]]
            squares += values[cell] * values[cell]
        if n > begin:
            scale = length / np.sqrt(squares)
            for cell in range(begin, n):
                values[cell] *= scale
        indptr[row + 1] = n
    return indptr, columns[:n].copy(), values[:n].copy(), cells


@compiled
def add_products(
    indptr: Longs, columns: Ints, values: Floats, weights: Singles, sums: Floats
) -> None:
    """Add rows of a sparse matrix times dense weights to `sums`, shape (texts, outputs)."""
    n_outputs = sums.shape[1]
    for row in range(len(indptr) - 1):
        for cell in range(indptr[row], indptr[row + 1]):
            column, value = columns[cell], values[cell]
            for output in range(n_outputs):
                sums[row, output] += value * weights[column, output]


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
