from libc.stdint cimport int64_t, uint8_t, uint32_t


cdef void mark_parts(
    const uint32_t *codes, Py_ssize_t n_codes, const int64_t *piece_ends, Py_ssize_t n_pieces,
    int clause_chars, int sentence_chars, uint8_t *parts, uint8_t *ends,
) noexcept nogil
