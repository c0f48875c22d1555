from libc.stdint cimport int32_t, int64_t, uint32_t

from classifier.kernels.loops cimport Occurrence


cdef struct Rules:  # of spans
    Py_ssize_t most
    int32_t longest
    double least
    double ratio


cdef Rules rules_of(rules)

cdef bint add_scores(
    const Occurrence *one, Py_ssize_t n_found, double length, bint sublinear,
    const float *table, Py_ssize_t width, double *sums, Py_ssize_t n_outputs,
) noexcept nogil

cdef bint spread_shares(
    const Occurrence *one, Py_ssize_t n_found, double length, bint sublinear,
    const float *table, Py_ssize_t width, const int64_t *chosen, Py_ssize_t n_outputs,
    double *shares,
) noexcept nogil

cdef Py_ssize_t take_spans(
    const uint32_t *codes, const int64_t *piece_ends, Py_ssize_t n_pieces,
    const double *shares, Py_ssize_t n_outputs, const Rules *rules,
    Occurrence *spans, double *sums,
) noexcept nogil
