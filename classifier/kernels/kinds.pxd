from libc.stdint cimport int8_t, int32_t, int64_t

from classifier.kernels.loops cimport Occurrence


cdef void sort(
    const Occurrence *found, Py_ssize_t n, const int64_t *firsts, Py_ssize_t n_kinds,
    int8_t *kinds, Occurrence *ordered, int64_t *places, int64_t *following,
) noexcept nogil

cdef void rename(Occurrence *found, Py_ssize_t n, const int32_t *numbers) noexcept nogil
