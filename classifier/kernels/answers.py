"""From logits to probabilities, ranks and scores."""

from __future__ import annotations

import numpy as np

from classifier.kernels import Floats, Longs, compiled


@compiled
def softmax(logits: Floats) -> Floats:
    """Row-wise softmax, safe for large logits."""
    shares = np.empty_like(logits)
    for row in range(len(logits)):
        highest = logits[row].max()
        total = 0.0
        for column in range(logits.shape[1]):
            shares[row, column] = np.exp(logits[row, column] - highest)
            total += shares[row, column]
        shares[row] /= total
    return shares


@compiled
def between_borders(logits: Floats, scales: Floats, offsets: Floats) -> Floats:
    """Shares of the levels between borders: P(rank > k) = sigmoid(scale * logit + offset).

    What is above a border is never more than what is above the border below it.
    """
    n_rows, n_borders = logits.shape
    shares = np.empty((n_rows, n_borders + 1))
    for row in range(n_rows):
        below = 1.0
        for border in range(n_borders):
            value = scales[border] * logits[row, border] + offsets[border]
            above = min(below, 0.5 * (1.0 + np.tanh(0.5 * value)))  # never overflows
            shares[row, border] = below - above
            below = above
        shares[row, n_borders] = below
    return shares


@compiled
def between_neighbours(logits: Floats, scales: Floats, offsets: Floats) -> Floats:
    """Shares of the levels: log(share of k+1 / share of k) = scale * logit + offset of border k."""
    n_rows, n_borders = logits.shape
    sums = np.zeros((n_rows, n_borders + 1))
    for row in range(n_rows):
        for border in range(n_borders):
            value = scales[border] * logits[row, border] + offsets[border]
            sums[row, border + 1] = sums[row, border] + value
    return softmax(sums)


@compiled
def expected_ranks(shares: Floats) -> Floats:
    """Mean column of each row of shares, divided by the last column's number: 0-1."""
    scores = np.zeros(len(shares))
    highest = max(1, shares.shape[1] - 1)
    for row in range(len(shares)):
        for column in range(shares.shape[1]):
            scores[row] += column * shares[row, column]
        scores[row] = min(1.0, max(0.0, scores[row] / highest))
    return scores


@compiled
def best(shares: Floats, n_best: int) -> tuple[Longs, Floats]:
    """Columns and values of the largest shares of each row, largest first, ties by column."""
    n_best = min(n_best, shares.shape[1])
    columns = np.empty((len(shares), n_best), np.int64)
    values = np.empty((len(shares), n_best), np.float64)
    for row in range(len(shares)):
        for place in range(n_best):
            chosen = -1
            for column in range(shares.shape[1]):
                is_taken = False
                for earlier in range(place):
                    is_taken = is_taken or columns[row, earlier] == column
                if not is_taken and (chosen < 0 or shares[row, column] > shares[row, chosen]):
                    chosen = column
            columns[row, place], values[row, place] = chosen, shares[row, chosen]
    return columns, values
