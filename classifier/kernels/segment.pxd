from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t


cdef Py_ssize_t end_pieces(
    const uint32_t *codes, const uint64_t *route, Py_ssize_t n_codes,
    const double *model, uint8_t *scratch, int64_t *piece_ends,
) noexcept nogil
