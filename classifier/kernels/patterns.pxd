from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

from classifier.kernels.loops cimport Found, Occurrence


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
    const uint64_t *own_starts  # of patterns
    const uint8_t *kinds
    uint32_t n_kinds
    const int32_t *watchers
    const int32_t *watching
    const int32_t *reaches
    Py_ssize_t n_patterns


cdef class Matcher:
    cdef object _held
    cdef Programs programs


cdef bint find_matching(
    const uint32_t *codes, const Occurrence *anchors, Py_ssize_t n_anchors, const Programs *of,
    Found *found,
) noexcept nogil
