"""Occurrences of several lists of texts that were looked for as one."""

from libc.stdint cimport int8_t, int32_t, int64_t

from classifier.kernels.loops cimport Occurrence, occurrences

import numpy as np


def sort_by_kind(const int32_t[:, ::1] found, const int64_t[::1] firsts):
    """Occurrences kind after kind, each in the old order; and where each kind begins and ends.

    Kind k has the values from `firsts[k]` up to `firsts[k + 1]`; they count from 0 afterwards.
    """
    cdef Py_ssize_t n = found.shape[0], n_kinds = firsts.shape[0] - 1, i, border, kind
    cdef const Occurrence *old = occurrences(found)
    ordered = np.empty((n, 4), np.int32)
    places = np.zeros(n_kinds + 1, np.int64)
    cdef int32_t[:, ::1] ordered_view = ordered
    cdef Occurrence *new = <Occurrence *>&ordered_view[0, 0]
    cdef int64_t[::1] ends = places, following = np.empty(n_kinds + 1, np.int64)
    cdef int8_t[::1] kinds = np.empty(n, np.int8)
    cdef Occurrence one
    with nogil:
        for i in range(n):
            kind = 0
            for border in range(1, n_kinds):  # no jumps: nobody can guess which kind comes next
                kind += old[i].value >= firsts[border]
            kinds[i] = <int8_t>kind
            ends[kind + 1] += 1
        for kind in range(n_kinds):
            following[kind] = ends[kind]
            ends[kind + 1] += ends[kind]
        for i in range(n):
            kind = kinds[i]
            one = old[i]
            one.value -= <int32_t>firsts[kind]
            new[following[kind]] = one
            following[kind] += 1
    return ordered, places


def renumber(int32_t[:, ::1] found, const int32_t[::1] numbers):
    """Replace each value v by `numbers[v]`, in place."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(found.shape[0]):
            found[i, 0] = numbers[found[i, 0]]
