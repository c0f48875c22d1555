"""The objects that the caller gets, twenty for each text."""

from cpython.object cimport PyTypeObject
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


cdef int _check(type kind) except -1:
    if not issubclass(kind, tuple):
        raise TypeError(f"{kind} is no kind of tuple")
    return 0


def rows(type kind, *columns):
    """Values of a tuple class, made of a list for each field; in a third of the class' time.

    Raises:
        TypeError: `kind` is no kind of tuple, or a column is no list.
        ValueError: the lists are not equally long.
    """
    _check(kind)
    cdef Py_ssize_t n_columns = len(columns), n_rows = len(columns[0]), row, place
    cdef list column
    cdef list made = []
    for column in columns:
        if len(column) != n_rows:
            raise ValueError(f"columns of {n_rows} and {len(column)} values")
    for row in range(n_rows):
        one = PyType_GenericAlloc(<PyTypeObject *>kind, n_columns)
        place = 0
        for column in columns:
            _put(one, place, column[row])
            place += 1
        made.append(one)
    return made


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
    _check(kind)
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
