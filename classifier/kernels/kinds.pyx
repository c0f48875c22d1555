"""Occurrences of several lists of texts that were looked for as one."""

from libc.stdint cimport int8_t, int32_t, int64_t

from classifier.kernels.loops cimport Occurrence, occurrences

import numpy as np


cdef void sort(
    const Occurrence *found, Py_ssize_t n, const int64_t *firsts, Py_ssize_t n_kinds,
    int8_t *kinds, Occurrence *ordered, int64_t *places, int64_t *following,
) noexcept nogil:
    """As `sort_by_kind`; `kinds` has room for each occurrence, the last two for one more kind."""
    cdef Py_ssize_t i, border, kind
    cdef Occurrence one
    for kind in range(n_kinds + 1):
        places[kind] = 0
    for i in range(n):
        kind = 0
        for border in range(1, n_kinds):  # no jumps: nobody can guess which kind comes next
            kind += found[i].value >= firsts[border]
        kinds[i] = <int8_t>kind
        places[kind + 1] += 1
    for kind in range(n_kinds):
        following[kind] = places[kind]
        places[kind + 1] += places[kind]
    for i in range(n):
        kind = kinds[i]
        one = found[i]
        one.value -= <int32_t>firsts[kind]
        ordered[following[kind]] = one
        following[kind] += 1


def sort_by_kind(const int32_t[:, ::1] found, const int64_t[::1] firsts):
    """Occurrences kind after kind, each in the old order; and where each kind begins and ends.

    Kind k has the values from `firsts[k]` up to `firsts[k + 1]`; they count from 0 afterwards.
    """
    cdef Py_ssize_t n = found.shape[0], n_kinds = firsts.shape[0] - 1
    cdef const Occurrence *unsorted = occurrences(found)
    ordered = np.empty((n, 4), np.int32)
    places = np.empty(n_kinds + 1, np.int64)
    cdef int32_t[:, ::1] ordered_view = ordered
    cdef int64_t[::1] borders = places, following = np.empty(n_kinds + 1, np.int64)
    cdef int8_t[::1] kinds = np.empty(n, np.int8)
    with nogil:
        sort(
            unsorted, n, &firsts[0], n_kinds, &kinds[0],
            <Occurrence *>&ordered_view[0, 0], &borders[0], &following[0],
        )
    return ordered, places


cdef void rename(Occurrence *found, Py_ssize_t n, const int32_t *numbers) noexcept nogil:
    """As `renumber`."""
    cdef Py_ssize_t i
    for i in range(n):
        found[i].value = numbers[found[i].value]


def renumber(int32_t[:, ::1] found, const int32_t[::1] numbers):
    """Replace each value v by `numbers[v]`, in place."""
    cdef Occurrence *renamed = <Occurrence *>occurrences(found)
    with nogil:
        rename(renamed, found.shape[0], &numbers[0])
