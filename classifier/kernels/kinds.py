"""Occurrences of several lists of texts that were looked for as one."""

from __future__ import annotations

import numpy as np

from classifier.kernels import END, ROW, START, VALUE, Ints, Longs, compiled


@compiled
def sort_by_kind(found: Ints, firsts: Longs) -> tuple[Ints, Longs]:
    """Occurrences kind after kind, each in the old order; and where each kind begins and ends.

    Kind k has the values from `firsts[k]` up to `firsts[k + 1]`; they count from 0 afterwards.
    """
    n_kinds = len(firsts) - 1
    places = np.zeros(n_kinds + 1, np.int64)
    kinds = np.empty(len(found), np.int8)
    for i in range(len(found)):
        kind = 0
        for border in range(1, n_kinds):  # no jumps: nobody can guess which kind comes next
            kind += found[i, VALUE] >= firsts[border]
        kinds[i] = kind
        places[kind + 1] += 1
    for kind in range(n_kinds):
        places[kind + 1] += places[kind]
    ordered = np.empty_like(found)
    following = places.copy()
    for i in range(len(found)):
        kind = kinds[i]
        place = following[kind]
        ordered[place, VALUE] = found[i, VALUE] - firsts[kind]
        ordered[place, START] = found[i, START]
        ordered[place, END] = found[i, END]
        ordered[place, ROW] = found[i, ROW]
        following[kind] += 1
    return ordered, places


@compiled
def renumber(found: Ints, numbers: Ints) -> None:
    """Replace each value v by `numbers[v]`, in place."""
    for i in range(len(found)):
        found[i, VALUE] = numbers[found[i, VALUE]]
