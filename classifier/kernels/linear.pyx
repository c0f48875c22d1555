"""From occurrences to weights, logits and the spans that explain them."""

from libc.math cimport fabs, log, sqrt
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from classifier.kernels.loops cimport BREAK, SPACE, Occurrence, occurrences, prefetch

import numpy as np


cdef struct _Slot:  # of another text it counts as empty
    int32_t row
    int32_t column
    int32_t place


cdef struct _Term:
    double count
    int32_t column


cdef struct _Counter:
    # Counts the terms of one text after another, in order of their first occurrence. `cells` says
    # for each occurrence which of the `terms` it is.
    _Slot *slots
    _Term *terms
    int32_t *cells
    uint64_t last  # slot


cdef bint _begin(_Counter *counter, Py_ssize_t longest) noexcept nogil:
    """Make a counter for texts of so many occurrences; false if there is no memory."""
    cdef size_t n_slots = 16
    while n_slots < 2 * <size_t>longest:
        n_slots *= 2
    counter.last = n_slots - 1
    counter.slots = <_Slot *>malloc(n_slots * sizeof(_Slot))
    counter.terms = <_Term *>malloc((longest + 1) * sizeof(_Term))
    counter.cells = <int32_t *>malloc((longest + 1) * sizeof(int32_t))
    if not (counter.slots and counter.terms and counter.cells):
        return False
    memset(counter.slots, -1, n_slots * sizeof(_Slot))
    return True


cdef void _end(_Counter *counter) noexcept nogil:
    free(counter.slots)
    free(counter.terms)
    free(counter.cells)


cdef inline Py_ssize_t _count(
    _Counter *counter, const Occurrence *found, const Occurrence *end, Py_ssize_t *n_found,
    const float *table, Py_ssize_t width, Py_ssize_t n_wanted,
) noexcept nogil:
    """How many terms the text has whose occurrences begin at `found`; sets their number.

    Asks for the first `n_wanted` values of the terms' rows of the table, which is larger than the
    processor's cache.
    """
    cdef const Occurrence *one = found
    cdef int32_t row = found.row, column, n = 0
    cdef uint64_t place
    cdef Py_ssize_t wanted
    cdef _Slot *slot
    while one < end and one.row == row:
        column = one.value
        # 2^32 divided by the golden ratio (Knuth, TAOCP vol. 3, 6.4)
        place = (<uint64_t>column * 0x9E3779B1U) >> 7 & counter.last
        slot = counter.slots + place
        while slot.row == row and slot.column != column:
            place = (place + 1) & counter.last
            slot = counter.slots + place
        if slot.row != row:
            slot[0] = _Slot(row, column, n)
            counter.terms[n] = _Term(0.0, column)
            n += 1
            for wanted in range(0, n_wanted, 16):  # what the cache fetches at once
                prefetch(table + width * column + wanted)
        counter.terms[slot.place].count += 1.0
        counter.cells[one - found] = slot.place
        one += 1
    n_found[0] = one - found
    return n


cdef Py_ssize_t _longest_row(const Occurrence *found, Py_ssize_t n_found) noexcept nogil:
    """The largest number of occurrences in one text."""
    cdef Py_ssize_t longest = 0, first = 0, i
    for i in range(n_found):
        if found[i].row != found[first].row:
            first = i
        longest = max(longest, i + 1 - first)
    return longest


cdef inline double _tf(double count, bint sublinear) noexcept nogil:
    return 1.0 + log(count) if sublinear and count > 1.0 else count


def weigh(
    const int32_t[:, ::1] found, Py_ssize_t n_texts, const double[::1] idf, double length,
    bint sublinear,
):
    """TF-IDF of occurrences in order of their texts, as a sparse matrix.

    Returns row pointers, columns (in order of occurrence) and values of rows with the Euclidean
    length `length`.
    """
    cdef Py_ssize_t n_found = found.shape[0], begin = 0, n_here, n, row, i
    cdef const Occurrence *one = occurrences(found)
    cdef const Occurrence *end = one + n_found
    cdef _Counter counter
    cdef double value, squares, scale
    row_pointers = np.zeros(n_texts + 1, np.int64)
    all_columns, all_values = np.empty(n_found, np.int32), np.empty(n_found)
    cdef int64_t[::1] indptr = row_pointers
    cdef int32_t[::1] columns = all_columns
    cdef double[::1] values = all_values
    if not _begin(&counter, _longest_row(one, n_found)):
        _end(&counter)
        raise MemoryError
    with nogil:
        for row in range(n_texts):
            if one < end and one.row == row:
                n = _count(&counter, one, end, &n_here, NULL, 0, 0)
                one += n_here
                squares = 0.0
                for i in range(n):
                    value = _tf(counter.terms[i].count, sublinear) * idf[counter.terms[i].column]
                    columns[begin + i], values[begin + i] = counter.terms[i].column, value
                    squares += value * value
                scale = length / sqrt(squares)
                for i in range(begin, begin + n):
                    values[i] *= scale
                begin += n
            indptr[row + 1] = begin
        _end(&counter)
    return row_pointers, all_columns[:begin].copy(), all_values[:begin].copy()


cdef bint add_scores(
    const Occurrence *one, Py_ssize_t n_found, double length, bint sublinear,
    const float *table, Py_ssize_t width, double *sums, Py_ssize_t n_outputs,
) noexcept nogil:
    """Add the TF-IDF rows of occurrences, of the Euclidean length `length`, times weights to sums.

    A row of `table` is a term's idf, then its weight for each output; it may be longer: `width`.
    `sums` has a row for each text. The same as `weigh` and a product, in a third of the time.
    False if there is no memory.
    """
    cdef const Occurrence *end = one + n_found
    cdef const float *terms
    cdef double value, squares, scale
    cdef double *of_text
    cdef double *unscaled = <double *>malloc(n_outputs * sizeof(double))
    cdef Py_ssize_t n, n_here, i, output
    cdef _Counter counter
    cdef bint is_done = _begin(&counter, _longest_row(one, n_found)) and unscaled != NULL
    while is_done and one < end:
        n = _count(&counter, one, end, &n_here, table, width, n_outputs + 1)
        squares = 0.0
        for output in range(n_outputs):
            unscaled[output] = 0.0
        for i in range(n):  # one pass: the table is too large for the processor's cache
            terms = table + width * counter.terms[i].column
            value = _tf(counter.terms[i].count, sublinear) * terms[0]
            squares += value * value
            for output in range(n_outputs):
                unscaled[output] += value * terms[output + 1]
        scale = length / sqrt(squares)
        of_text = sums + n_outputs * one.row
        for output in range(n_outputs):
            of_text[output] += scale * unscaled[output]
        one += n_here
    _end(&counter)
    free(unscaled)
    return is_done


cdef bint spread_shares(
    const Occurrence *one, Py_ssize_t n_found, double length, bint sublinear,
    const float *table, Py_ssize_t width, const int64_t *chosen, Py_ssize_t n_outputs,
    double *shares,
) noexcept nogil:
    """As `add_shares`, of one block; false if there is no memory."""
    cdef const Occurrence *end = one + n_found
    cdef const float *terms
    cdef const int64_t *columns
    cdef double value, squares, scale, share
    cdef Py_ssize_t n, n_here, i, output, position, place, longest = _longest_row(one, n_found)
    cdef double *weights = <double *>malloc((longest * n_outputs + 1) * sizeof(double))
    cdef _Counter counter
    cdef bint is_done = _begin(&counter, longest) and weights != NULL
    while is_done and one < end:
        n = _count(&counter, one, end, &n_here, table, width, width)
        columns = chosen + n_outputs * one.row
        squares = 0.0
        for i in range(n):
            terms = table + width * counter.terms[i].column
            value = _tf(counter.terms[i].count, sublinear) * terms[0]
            squares += value * value
            counter.terms[i].count = value / counter.terms[i].count  # of one occurrence now
            for output in range(n_outputs):
                weights[n_outputs * i + output] = terms[columns[output]]
        scale = length / sqrt(squares)
        for i in range(n_here):
            place = counter.cells[i]
            value = scale * counter.terms[place].count / (one.end - one.start)
            for output in range(n_outputs):
                share = value * weights[n_outputs * place + output]
                for position in range(one.start, one.end):
                    shares[n_outputs * position + output] += share
            one += 1
    _end(&counter)
    free(weights)
    return is_done


def add_shares(
    blocks, const int64_t[::1] firsts, const double[::1] lengths, bint sublinear,
    const float[:, ::1] table, const int64_t[:, ::1] chosen, double[:, ::1] shares,
):
    """Spread each term's part in some outputs over its occurrences and their characters, evenly.

    Block b of the occurrences has the columns from `firsts[b]` and rows of the length `lengths[b]`.
    Row c of `table` is the idf of column c, then its weight for each output. `chosen` says per text
    which columns of the table are explained, shape (texts, outputs); `shares` has a row for each
    character of the batch.
    """
    cdef Py_ssize_t block
    cdef const int32_t[:, ::1] found
    cdef const Occurrence *first
    cdef bint is_done
    for block in range(len(blocks)):
        found = blocks[block]
        first = occurrences(found)
        with nogil:
            is_done = spread_shares(
                first, found.shape[0], lengths[block], sublinear,
                &table[firsts[block], 0], table.shape[1], &chosen[0, 0], chosen.shape[1],
                &shares[0, 0],
            )
        if not is_done:
            raise MemoryError


cdef inline bint _is_word(uint32_t code) noexcept nogil:
    """Whether a piece that begins so is a word, not a mark or picture."""
    return (
        c"0" <= code <= c"9"
        or c"a" <= code <= c"z"
        or 0xC0 <= code < 0x2000
        or 0x3040 <= code < 0xFF00
    )


cdef Rules rules_of(rules):
    """The rules of `find_spans`."""
    most, longest, least, ratio = rules
    return Rules(most, longest, least, ratio)


cdef Py_ssize_t take_spans(
    const uint32_t *codes, const int64_t *piece_ends, Py_ssize_t n_pieces,
    const double *shares, Py_ssize_t n_outputs, const Rules *rules,
    Occurrence *spans, double *sums,
) noexcept nogil:
    """As `find_spans`, how many; there must be room for one a piece and output. -1: no memory."""
    cdef Py_ssize_t n = 0, first = 0, begin, last, output, piece, position = 0
    cdef int32_t row = 0
    cdef double *weights = <double *>calloc(n_outputs * n_pieces + 1, sizeof(double))
    if not weights:
        return -1
    for piece in range(n_pieces):
        while position < piece_ends[piece]:
            for output in range(n_outputs):
                weights[output * n_pieces + piece] += shares[n_outputs * position + output]
            position += 1
    for last in range(n_pieces):
        if codes[piece_ends[last] - 1] != BREAK:
            continue
        for output in range(n_outputs):
            begin = n
            n = _join_pieces(
                codes, piece_ends, weights + output * n_pieces, first, last, rules,
                spans, sums, begin,
            )
            n = min(n, begin + rules.most)
            for position in range(begin, n):
                spans[position].value, spans[position].row = output, row
        row, first = row + 1, last + 1
    free(weights)
    return n


def find_spans(
    const uint32_t[::1] codes, const int64_t[::1] piece_ends, const double[:, ::1] shares, rules
):
    """The strongest spans of each text for each output, with their weights, text by text.

    `shares` are those of characters, shape (characters, outputs). A span is its output, start and
    end in its text, and text number. `rules` are the most spans of a text, the longest span, the
    least share of the strongest piece, and the least ratio at which neighbours join.
    """
    cdef Py_ssize_t n_pieces = piece_ends.shape[0], n_outputs = shares.shape[1], n
    cdef Rules limits = rules_of(rules)
    spans = np.empty((n_pieces * n_outputs, 4), np.int32)
    sums = np.empty(n_pieces * n_outputs)
    cdef int32_t[:, ::1] spans_view = spans
    cdef double[::1] sums_view = sums
    with nogil:
        n = take_spans(
            &codes[0], &piece_ends[0], n_pieces, &shares[0, 0], n_outputs, &limits,
            <Occurrence *>&spans_view[0, 0], &sums_view[0],
        )
    if n < 0:
        raise MemoryError
    return spans[:n], sums[:n]


cdef Py_ssize_t _join_pieces(
    const uint32_t *codes, const int64_t *piece_ends, const double *weights,
    Py_ssize_t first, Py_ssize_t last, const Rules *rules,
    Occurrence *spans, double *sums, Py_ssize_t begin,
) noexcept nogil:
    """Write down the spans of one text, the strongest first; how many there are now."""
    cdef Py_ssize_t n = begin, previous = -1, piece, place, other, best
    cdef int64_t origin = piece_ends[first - 1] if first else 0, start, end
    cdef double strongest = 0.0, weight, largest
    cdef bint was_word = False, is_word
    for piece in range(first, last):
        strongest = max(strongest, fabs(weights[piece]))
    for piece in range(first, last):
        start, end = piece_ends[piece - 1] if piece else 0, piece_ends[piece]
        weight = weights[piece]
        if fabs(weight) <= rules.least * strongest or codes[start] == SPACE:
            continue
        is_word = _is_word(codes[start])
        if (
            n > begin
            and previous == piece - 1
            and was_word == is_word
            and end - origin - spans[n - 1].start <= rules.longest
            and rules.ratio <= sums[n - 1] / weight <= 1 / rules.ratio
        ):
            sums[n - 1] += weight
            spans[n - 1].end = <int32_t>(end - origin)
        else:
            spans[n].start, spans[n].end = start - origin, end - origin
            sums[n] = weight
            n += 1
        previous, was_word = piece, is_word
    for place in range(begin, min(n, begin + rules.most)):  # selection sort: there are few
        best, largest = place, fabs(sums[place])
        for other in range(place + 1, n):
            weight = fabs(sums[other])
            best = other if weight > largest else best
            largest = weight if weight > largest else largest
        sums[place], sums[best] = sums[best], sums[place]
        spans[place].start, spans[best].start = spans[best].start, spans[place].start
        spans[place].end, spans[best].end = spans[best].end, spans[place].end
    return n
