from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from classifier.kernels.loops cimport Found, Occurrence


cdef struct Watch:  # which patterns wait for which anchors: the lists of `find_candidates`
    const int64_t *first_groups
    const int64_t *first_patterns
    const int64_t *first_needs
    const int32_t *groups
    const int32_t *patterns
    const int32_t *needed
    const int32_t *reaches
    Py_ssize_t n_patterns
    int32_t n_groups


cdef Watch watch_of(groups_of, patterns_of, needs, const int32_t[::1] reaches)

cdef bint add_candidates(
    const Occurrence *anchors, Py_ssize_t n_anchors, const Watch *of, Found *found
) noexcept nogil

cdef void mark_parts(
    const uint32_t *codes, Py_ssize_t n_codes, const int64_t *piece_ends, Py_ssize_t n_pieces,
    int clause_chars, int sentence_chars, uint8_t *parts, uint8_t *ends,
) noexcept nogil
