from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

from classifier.kernels.loops cimport Found


cdef struct Step:
    int32_t kind
    int32_t what  # how far to go on, which list of words, which kinds of characters
    int32_t least
    int32_t most


cdef struct Programs:  # of patterns: see Matcher
    const Step *steps
    const int32_t *firsts
    const int32_t *lists
    const int32_t *words
    const uint32_t *chars
    const uint64_t *starts
    const uint8_t *kinds
    uint32_t n_kinds
    int32_t n_tried


cdef class Matcher:
    cdef object _held
    cdef Programs programs


cdef void keep_matching(
    const uint32_t *codes, const Programs *of, Found *candidates
) noexcept nogil
