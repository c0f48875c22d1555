from libc.stdint cimport uint32_t, uint64_t


cdef struct Tables:  # of a dictionary
    const uint32_t *chars
    const uint64_t *pairs
    const uint64_t *table
    const double *weights
    uint32_t last_char
    uint64_t last_pair
    uint64_t last_slot


cdef Tables tables_of(
    const uint32_t[::1] chars, const uint64_t[::1] pairs, const uint64_t[::1] table,
    const double[::1] weights,
)

cdef void take_best_route(
    const uint32_t *codes, Py_ssize_t n_codes, const Tables *tables, double *sums, uint64_t *route
) noexcept nogil
