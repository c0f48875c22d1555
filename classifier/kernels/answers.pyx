"""From logits to probabilities, ranks and scores."""

from libc.math cimport exp, tanh
from libc.stdint cimport int64_t

import numpy as np


def softmax(const double[:, ::1] logits):
    """Row-wise softmax, safe for large logits."""
    shares = np.empty((logits.shape[0], logits.shape[1]))
    cdef double[:, ::1] rows = shares
    _softmax(&logits[0, 0], &rows[0, 0], logits.shape[0], logits.shape[1])
    return shares


cdef void _softmax(
    const double *logits, double *shares, Py_ssize_t n_rows, Py_ssize_t n_columns
) noexcept nogil:
    """Both may be the same array."""
    cdef Py_ssize_t row, column
    cdef double highest, total
    for row in range(n_rows):
        highest = logits[0]
        for column in range(1, n_columns):
            highest = max(highest, logits[column])
        total = 0.0
        for column in range(n_columns):
            shares[column] = exp(logits[column] - highest)
            total += shares[column]
        for column in range(n_columns):
            shares[column] /= total
        logits += n_columns
        shares += n_columns


def between_borders(
    const double[:, ::1] logits, const double[::1] scales, const double[::1] offsets
):
    """Shares of the levels between borders: P(rank > k) = sigmoid(scale * logit + offset).

    What is above a border is never more than what is above the border below it.
    """
    cdef Py_ssize_t n_rows = logits.shape[0], n_borders = logits.shape[1], row, border
    cdef double below, above, value
    shares = np.empty((n_rows, n_borders + 1))
    cdef double[:, ::1] levels = shares
    for row in range(n_rows):
        below = 1.0
        for border in range(n_borders):
            value = scales[border] * logits[row, border] + offsets[border]
            above = min(below, 0.5 * (1.0 + tanh(0.5 * value)))  # never overflows
            levels[row, border] = below - above
            below = above
        levels[row, n_borders] = below
    return shares


def between_neighbours(
    const double[:, ::1] logits, const double[::1] scales, const double[::1] offsets
):
    """Shares of the levels: log(share of k+1 / share of k) = scale * logit + offset of border k."""
    cdef Py_ssize_t n_rows = logits.shape[0], n_borders = logits.shape[1], row, border
    cdef double value
    shares = np.empty((n_rows, n_borders + 1))
    cdef double[:, ::1] sums = shares
    for row in range(n_rows):
        sums[row, 0] = 0.0
        for border in range(n_borders):
            value = scales[border] * logits[row, border] + offsets[border]
            sums[row, border + 1] = sums[row, border] + value
    _softmax(&sums[0, 0], &sums[0, 0], n_rows, n_borders + 1)
    return shares


def expected_ranks(const double[:, ::1] shares):
    """Mean column of each row of shares, divided by the last column's number: 0-1."""
    cdef Py_ssize_t row, column, highest = max(1, shares.shape[1] - 1)
    cdef double mean
    found = np.empty(shares.shape[0])
    cdef double[::1] scores = found
    for row in range(shares.shape[0]):
        mean = 0.0
        for column in range(shares.shape[1]):
            mean += column * shares[row, column]
        scores[row] = min(1.0, max(0.0, mean / highest))
    return found


def best(const double[:, ::1] shares, Py_ssize_t n_best):
    """Columns and values of the largest shares of each row, largest first, ties by column."""
    cdef Py_ssize_t row, place, earlier, column, chosen
    cdef double highest
    cdef bint is_taken
    n_best = min(n_best, shares.shape[1])
    columns = np.empty((shares.shape[0], n_best), np.int64)
    values = np.empty((shares.shape[0], n_best))
    cdef int64_t[:, ::1] best_columns = columns
    cdef double[:, ::1] best_values = values
    for row in range(shares.shape[0]):
        for place in range(n_best):
            chosen, highest = -1, 0.0
            for column in range(shares.shape[1]):
                is_taken = False
                for earlier in range(place):
                    is_taken = is_taken or best_columns[row, earlier] == column
                if not is_taken and (chosen < 0 or shares[row, column] > highest):
                    chosen, highest = column, shares[row, column]
            best_columns[row, place] = chosen
            best_values[row, place] = highest
    return columns, values
