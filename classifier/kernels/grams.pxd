from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from classifier.kernels.loops cimport Found, Occurrence


cdef enum:
    MAX_KINDS = 3


cdef struct Index:  # of n-grams: see find_grams
    const uint64_t *table
    uint64_t last  # slot
    Py_ssize_t longest
    Py_ssize_t most  # values of one n-gram
    int32_t n_single
    const int64_t *firsts
    const int32_t *several
    const int64_t *kinds
    int n_kinds


cdef Index index_of(const uint64_t[::1] table, Py_ssize_t longest, owners, kinds)

cdef Py_ssize_t hash_words(
    const uint32_t *codes, const int64_t *piece_ends, Py_ssize_t n_pieces,
    uint64_t *units, int32_t *starts, int32_t *ends,
) noexcept nogil

cdef bint add_grams(
    const uint64_t *units, Py_ssize_t n_units, const int32_t *starts, const int32_t *ends,
    const Index *of, int32_t *ways, Found *found,
) noexcept nogil

cdef array_of(const Found *found)

cdef void rename(Occurrence *found, Py_ssize_t n, const int32_t *numbers) noexcept nogil
