"""The best route through the words of a dictionary, from each character to its block's end.

Text is cut into blocks of Chinese characters and ASCII word characters. In a block the words of a
dictionary make a graph, of which the route with the largest product of word frequencies is taken.
The method: Sun Junyi, jieba, and messense, jieba-rs 0.11, whose ties are followed.

The dictionary is a hash table of all prefixes of its words. An entry is `KIND_BITS` of what a
character is, `MORE` if longer words begin so, and above `WORD_SHIFT` the number of the word's
weight, 0 if the prefix is no word. Entries of single characters stand in an array by code point.
The table keeps 45 bits of a key beside the entry, and some in the slot's number: a wrong prefix is
taken for a known one once in about 10^13 looks. Two of three pairs of characters begin no word:
bits in a smaller array, one for each pair that does, keep most of those away from the table.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from classifier.kernels.loops cimport EMPTY, PLACES_AT_ONCE, SEED, SPACE, USED, extend, slot_of

import numpy as np

from classifier.kernels import Codes, Floats, Keys, Table

MAX_WEIGHTS = 1 << 14
MAX_WORD_CHARS = 32  # the words from a place are bits of 32

# Entries of characters, bits of pairs, entries of longer prefixes, weights.
Dictionary = tuple[Codes, Keys, Table, Floats]

cdef enum:
    KIND_BITS = 7
    MORE = 8
    WORD_SHIFT = 4
    ENTRY_BITS = (1 << 18) - 1
    _OUTSIDE = 0  # the kind of what is in no block
    _MAX_WORD_CHARS = 32
    _LINE_BREAK = 0x0A


cdef inline uint64_t _pair_of(uint64_t key, uint64_t last_pair) noexcept nogil:
    """Number of a pair's bit: of its place in the array, and of the bit there in the lower six."""
    return (key >> 20) & last_pair


def read_entries(const uint32_t[::1] codes):
    """Start, end and frequency of the word of each line: word, space, frequency, whatever.

    The text must end with a line break. Lines without a word are left out.
    """
    cdef Py_ssize_t n_codes = codes.shape[0], n_lines = 0, n = 0, position = 0, start, end
    cdef int64_t frequency
    with nogil:
        for position in range(n_codes):
            n_lines += codes[position] == _LINE_BREAK
    spans = np.empty((3, n_lines), np.int64)
    cdef int64_t[:, ::1] found = spans
    position = 0
    with nogil:
        while position < n_codes:
            start = position
            while codes[position] != SPACE and codes[position] != _LINE_BREAK:
                position += 1
            end = position
            position += codes[position] == SPACE
            frequency = 0
            while c"0" <= codes[position] <= c"9":
                frequency = 10 * frequency + codes[position] - c"0"
                position += 1
            while codes[position] != _LINE_BREAK:
                position += 1
            position += 1
            if end > start:
                found[0, n], found[1, n], found[2, n] = start, end, frequency
                n += 1
    return spans[0, :n], spans[1, :n], spans[2, :n]


def enter_words(const uint32_t[::1] codes, spans, const int64_t[::1] numbers, tables):
    """Enter words with the numbers of their weights; later ones replace earlier ones.

    Returns the numbers they had before, 0 for new words. Words with a character from outside of
    blocks are left out, for none can be found. The table must have room.
    """
    cdef const int64_t[::1] starts = spans[0], ends = spans[1]
    cdef uint32_t[::1] chars = tables[0]
    cdef uint64_t[::1] pairs = tables[1], table = tables[2]
    cdef Py_ssize_t n_words = starts.shape[0], n_chars = chars.shape[0], word, start, end, position
    cdef uint64_t last = table.shape[0] - 1, last_pair = 64 * pairs.shape[0] - 1, key, pair, slot
    cdef uint32_t entry, number
    numbers_before = np.zeros(n_words, np.int64)
    cdef int64_t[::1] before = numbers_before
    with nogil:
        for word in range(n_words):
            start, end = starts[word], ends[word]
            for position in range(start, end):
                if codes[position] >= n_chars or chars[codes[position]] & KIND_BITS == _OUTSIDE:
                    break
            else:
                number = <uint32_t>numbers[word] << WORD_SHIFT
                entry = chars[codes[start]]
                if end == start + 1:
                    before[word] = entry >> WORD_SHIFT
                    chars[codes[start]] = (entry & (KIND_BITS | MORE)) | number
                    continue
                chars[codes[start]] = entry | MORE
                key = extend(SEED, codes[start])
                for position in range(start + 1, end):
                    key = extend(key, codes[position])
                    if position == start + 1:
                        pair = _pair_of(key, last_pair)
                        pairs[pair >> 6] |= <uint64_t>1 << (pair & 63)
                    slot = slot_of(&table[0], last, key, ENTRY_BITS)
                    if table[slot] == EMPTY:
                        table[slot] = (key | USED | ENTRY_BITS) ^ ENTRY_BITS
                    if position < end - 1:
                        table[slot] |= MORE
                    else:
                        entry = table[slot] & ENTRY_BITS
                        before[word] = entry >> WORD_SHIFT
                        table[slot] ^= (entry ^ number) >> WORD_SHIFT << WORD_SHIFT
    return numbers_before


cdef inline void _look_around(
    const uint32_t *codes, Py_ssize_t n_codes, Py_ssize_t first, const Tables *of,
    uint32_t[_MAX_WORD_CHARS] *ways, uint8_t *depths,
) noexcept nogil:
    """The entries of every prefix that begins at one of the places after `first`.

    `ways[i][k]` becomes the entry of the k + 1 characters from place `first + i`, for k below
    `depths[i]`. All places take a step together: the table's answers for a step do not wait for one
    another.
    """
    cdef uint64_t keys[PLACES_AT_ONCE]
    cdef uint64_t found[PLACES_AT_ONCE]
    cdef int alive[PLACES_AT_ONCE]
    cdef int n_alive = 0, n_kept, i, a, size = 2
    cdef Py_ssize_t last = n_codes - 1, following
    cdef uint64_t key, entry, pair
    for i in range(min(PLACES_AT_ONCE, n_codes - first)):
        following = min(first + i + 1, last)
        ways[i][0] = of.chars[min(codes[first + i], of.last_char)]
        depths[i] = 1
        key = extend(extend(SEED, codes[first + i]), codes[following])
        pair = _pair_of(key, of.last_pair)
        alive[n_alive], keys[n_alive] = i, key
        n_alive += (of.pairs[pair >> 6] >> (pair & 63)) & (first + i < last)
    while n_alive and size <= _MAX_WORD_CHARS:
        for a in range(n_alive):
            found[a] = of.table[keys[a] & of.last_slot]
        n_kept = 0
        for a in range(n_alive):
            i, key, entry = alive[a], keys[a], found[a]
            if entry != EMPTY and entry | ENTRY_BITS != key | USED | ENTRY_BITS:
                entry = of.table[slot_of(of.table, of.last_slot, key, ENTRY_BITS)]
            ways[i][size - 1] = entry & ENTRY_BITS
            depths[i] += entry != EMPTY
            following = first + i + size
            alive[n_kept], keys[n_kept] = i, extend(key, codes[min(following, last)])
            n_kept += (entry & MORE != 0) & (following <= last)
        n_alive = n_kept
        size += 1


cdef void take_best_route(
    const uint32_t *codes, Py_ssize_t n_codes, const Tables *tables, double *sums, uint64_t *route
) noexcept nogil:
    """As `find_route`; `sums` has room for one more than there are characters."""
    cdef Py_ssize_t group, first, place
    cdef uint32_t ways[PLACES_AT_ONCE][_MAX_WORD_CHARS]
    cdef uint8_t depths[PLACES_AT_ONCE]
    cdef int i, step, length
    cdef uint32_t kind, number
    cdef uint64_t words
    cdef double best, total
    sums[n_codes] = 0.0
    for group in range((n_codes + PLACES_AT_ONCE - 1) // PLACES_AT_ONCE - 1, -1, -1):
        first = group * PLACES_AT_ONCE
        _look_around(codes, n_codes, first, tables, ways, depths)
        for i in range(min(PLACES_AT_ONCE, n_codes - first) - 1, -1, -1):
            place = first + i
            kind = ways[i][0] & KIND_BITS
            if kind == _OUTSIDE:
                sums[place] = 0.0
                route[place] = 1 << 8
                continue
            best, length, words = -INFINITY, 1, 0
            for step in range(depths[i]):
                number = ways[i][step] >> WORD_SHIFT
                if number:
                    words |= <uint64_t>1 << step
                    total = tables.weights[number] + sums[place + step + 1]
                    if total >= best:
                        best, length = total, step + 1
            if not words:
                best = tables.weights[0] + sums[place + 1]
            sums[place] = best
            route[place] = words << 16 | <uint64_t>length << 8 | kind


cdef Tables tables_of(
    const uint32_t[::1] chars, const uint64_t[::1] pairs, const uint64_t[::1] table,
    const double[::1] weights,
):
    """The parts of a dictionary, which must be held elsewhere."""
    return Tables(
        &chars[0], &pairs[0], &table[0], &weights[0],
        <uint32_t>(chars.shape[0] - 1), 64 * pairs.shape[0] - 1, table.shape[0] - 1,
    )


def find_route(const uint32_t[::1] codes, dictionary):
    """Of each character its kind, the length of the best word from it, and all words from it.

    In one number, as one array is faster to hand over than three: the kind from bit 0, the length
    from bit 8, and from bit 16 one bit for each length of a word, 1 and up. The best word is that
    of the largest sum of weights up to the block's end; of equal sums that of the longest word.
    """
    cdef Tables tables = tables_of(dictionary[0], dictionary[1], dictionary[2], dictionary[3])
    cdef Py_ssize_t n_codes = codes.shape[0]
    route = np.empty(n_codes, np.uint64)
    cdef uint64_t[::1] found = route
    cdef double[::1] sums = np.empty(n_codes + 1)
    with nogil:
        take_best_route(&codes[0], n_codes, &tables, &sums[0], &found[0])
    return route
