"""Spans as the objects that the caller gets: 14 for each text."""

from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport int32_t

cdef extern from "Python.h":
    object PyType_GenericAlloc(PyTypeObject *kind, Py_ssize_t n_items)
    object PyUnicode_Substring(object text, Py_ssize_t start, Py_ssize_t end)


cdef inline void _put(object whole, Py_ssize_t place, object item) noexcept:
    """Set an item of a tuple that is being made."""
    Py_INCREF(item)
    PyTuple_SET_ITEM(whole, place, item)


def by_text(
    const int32_t[:, ::1] spans, const double[::1] weights, list texts, list names,
    const double[::1] factors, type kind,
):
    """For each text its spans as values of a tuple class: name, start, end, piece and weight.

    Spans are as `linear.find_spans` returns them; a weight is multiplied by its output's factor.
    Those of texts behind the last are left out. Half the time of loops in Python.

    Raises:
        TypeError: `kind` is no kind of tuple.
    """
    if not issubclass(kind, tuple):
        raise TypeError(f"{kind} is no kind of tuple")
    cdef Py_ssize_t n_spans = spans.shape[0], first = 0, last, place, row
    cdef int32_t output, start, end
    cdef list said = []
    for row in range(len(texts)):
        last = first
        while last < n_spans and spans[last, 3] == row:
            last += 1
        whole = PyTuple_New(last - first)
        text = texts[row]
        for place in range(first, last):
            output, start, end = spans[place, 0], spans[place, 1], spans[place, 2]
            piece = PyType_GenericAlloc(<PyTypeObject *>kind, 5)
            _put(piece, 0, names[output])
            _put(piece, 1, start)
            _put(piece, 2, end)
            _put(piece, 3, PyUnicode_Substring(text, start, end))
            _put(piece, 4, weights[place] * factors[output])
            _put(whole, place - first, piece)
        first = last
        said.append(whole)
    return said
