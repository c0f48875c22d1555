"""Finding and counting n-grams in tables that are walked like tries.

The key of an n-gram is made unit by unit, so that a table which holds every prefix of its n-grams
tells early that none begins so. A table keeps 39 bits of a key beside the value, and some in the
slot's number: a look takes one access to memory, and a wrong n-gram is taken for a known one once
in about 10^11 looks.
"""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from classifier.kernels.loops cimport (
    BREAK, EMPTY, PLACES_AT_ONCE, PREFIX, SEED, SPACE, UNKNOWN, USED,
    Found, Occurrence, extend, make_room, occurrences, prefetch, slot_of,
)

import numpy as np

cdef enum:
    VALUE_BITS = (1 << 24) - 1


def fill(uint64_t[::1] table, const uint64_t[::1] keys, const int32_t[::1] values):
    """Enter keys into a table of 2^n empty slots, with values from `PREFIX` to `MAX_VALUE`."""
    cdef uint64_t last = table.shape[0] - 1, tag
    cdef Py_ssize_t i
    with nogil:
        for i in range(keys.shape[0]):
            tag = (keys[i] | USED | VALUE_BITS) ^ VALUE_BITS
            table[slot_of(&table[0], last, keys[i], VALUE_BITS)] = tag | <uint64_t>(values[i] + 1)


def look_up(const uint64_t[::1] table, const uint64_t[::1] keys):
    """Value of each key, `UNKNOWN` where the table lacks it."""
    cdef uint64_t last = table.shape[0] - 1, entry
    cdef Py_ssize_t i
    values = np.empty(keys.shape[0], np.int32)
    cdef int32_t[::1] found = values
    with nogil:
        for i in range(keys.shape[0]):
            entry = table[slot_of(&table[0], last, keys[i], VALUE_BITS)]
            found[i] = UNKNOWN if entry == EMPTY else <int32_t>(entry & VALUE_BITS) - 1
    return values


def prefix_keys(units):
    """Key of every prefix of every text in `units`, and 1 where it is a whole text."""
    cdef const uint64_t[::1] wide = _as_wide(units)
    cdef Py_ssize_t n_units = wide.shape[0], n = 0, i
    cdef uint64_t key = SEED
    keys = np.empty(n_units, np.uint64)
    whole = np.zeros(n_units, np.int64)
    cdef uint64_t[::1] found = keys
    cdef int64_t[::1] is_whole = whole
    with nogil:
        for i in range(n_units):
            if wide[i] == BREAK:
                key = SEED
                if n:
                    is_whole[n - 1] = 1
            else:
                key = extend(key, wide[i])
                found[n] = key
                n += 1
    return keys[:n], whole[:n]


cdef _as_wide(units):
    """Units of either width as 64 bits: a copy takes a hundredth of the time of what follows."""
    return np.asarray(units, np.uint64)


# -- n-grams


cdef Py_ssize_t hash_words(
    const uint32_t *codes, const int64_t *piece_ends, Py_ssize_t n_pieces,
    uint64_t *units, int32_t *starts, int32_t *ends,
) noexcept nogil:
    """As `word_units`; how many there are."""
    cdef Py_ssize_t n = 0, start = 0, piece, position
    cdef uint64_t unit
    for piece in range(n_pieces):
        if codes[start] != SPACE:
            unit = SEED
            for position in range(start, piece_ends[piece]):
                unit = extend(unit, codes[position])
            units[n] = BREAK if codes[start] == BREAK else unit
            starts[n], ends[n] = start, piece_ends[piece]
            n += 1
        start = piece_ends[piece]
    return n


def word_units(const uint32_t[::1] codes, const int64_t[::1] piece_ends):
    """Hash, start and end of each piece of a cut batch; spaces are left out, breaks stay."""
    cdef Py_ssize_t n_pieces = piece_ends.shape[0], n
    units = np.empty(n_pieces, np.uint64)
    spans = np.empty((2, n_pieces), np.int32)
    cdef uint64_t[::1] found = units
    cdef int32_t[:, ::1] places = spans
    with nogil:
        n = hash_words(
            &codes[0], &piece_ends[0], n_pieces, &found[0], &places[0, 0], &places[1, 0]
        )
    return units[:n], spans[0, :n], spans[1, :n]


cdef inline void _look_around(
    const uint64_t *units, Py_ssize_t n_units, Py_ssize_t first,
    const uint64_t *table, uint64_t last, Py_ssize_t longest, int32_t *ways, int32_t *depths,
) noexcept nogil:
    """What the table says of every sequence that begins at one of the places after `first`.

    `ways[64 * k + i]` becomes the value of the k + 1 units from place `first + i`, for k below
    `depths[i]`. All places take a step together: the table's answers for a step do not wait for one
    another, which halves the time of a walk from each place by itself.
    """
    cdef uint64_t keys[PLACES_AT_ONCE]
    cdef int alive[PLACES_AT_ONCE]
    cdef int n_alive = 0, n_kept, i, a
    cdef Py_ssize_t step = 0, following
    cdef uint64_t key, entry
    cdef bint is_known
    for i in range(min(PLACES_AT_ONCE, n_units - first)):
        depths[i] = 0
        alive[n_alive] = i
        keys[n_alive] = extend(SEED, units[first + i])
        prefetch(table + (keys[n_alive] & last))
        n_alive += units[first + i] != BREAK
    while n_alive and step < longest:
        n_kept = 0
        for a in range(n_alive):
            i, key = alive[a], keys[a]
            entry = table[key & last]
            if entry != EMPTY and entry | VALUE_BITS != key | USED | VALUE_BITS:
                entry = table[slot_of(table, last, key, VALUE_BITS)]
            is_known = entry != EMPTY
            ways[PLACES_AT_ONCE * step + i] = <int32_t>(entry & VALUE_BITS) - 1
            depths[i] += is_known
            following = first + i + step + 1
            if is_known and following < n_units and units[following] != BREAK:
                alive[n_kept], keys[n_kept] = i, extend(key, units[following])
                prefetch(table + (keys[n_kept] & last))
                n_kept += 1
        n_alive = n_kept
        step += 1


cdef inline int32_t _write_down(
    const uint64_t *units, const int32_t *starts, const int32_t *ends, int n_places,
    const int32_t *ways, const int32_t *depths, const Index *of, Found *found, int32_t row,
) noexcept nogil:
    """Write what was seen from some places behind the occurrences; the latest text's number.

    There must be room.
    """
    cdef Py_ssize_t number, last
    cdef int32_t value
    cdef int place, step
    for place in range(n_places):
        row += units[place] == BREAK
        for step in range(depths[place]):
            value = ways[PLACES_AT_ONCE * step + place]
            if value == PREFIX:
                continue
            if value < of.n_single:
                _add(Occurrence(value, starts[place], ends[place + step], row), of, found)
                continue
            value -= of.n_single
            for number in range(of.firsts[value + 1], of.firsts[value + 2]):
                _add(
                    Occurrence(of.several[number], starts[place], ends[place + step], row),
                    of, found,
                )
    return row


cdef inline void _add(Occurrence one, const Index *of, Found *found) noexcept nogil:
    """Write an occurrence behind those of its kind, whose values count from 0."""
    cdef int border, kind = 0
    for border in range(1, of.n_kinds):  # no jumps: nobody can guess which kind comes next
        kind += one.value >= of.kinds[border]
    one.value -= <int32_t>of.kinds[kind]
    found[kind].items[found[kind].n] = one
    found[kind].n += 1


cdef bint add_grams(
    const uint64_t *units, Py_ssize_t n_units, const int32_t *starts, const int32_t *ends,
    const Index *of, int32_t *ways, Found *found,
) noexcept nogil:
    """As `find_grams`, behind what was found of each kind; `ways` has room for 64 entries a unit.

    False if there is no memory.
    """
    cdef int32_t depths[PLACES_AT_ONCE]
    cdef int32_t row = 0
    cdef Py_ssize_t first = 0, most
    cdef int kind, place, n_places
    while first < n_units:
        n_places = min(PLACES_AT_ONCE, n_units - first)
        _look_around(units, n_units, first, of.table, of.last, of.longest, ways, depths)
        most = 0
        for place in range(n_places):
            most += of.most * depths[place]
        for kind in range(of.n_kinds):
            if not make_room(
                found + kind, found[kind].n + most, 2 * found[kind].n + n_units + most
            ):
                return False
        row = _write_down(
            units + first, starts + first, ends + first, n_places, ways, depths, of, found, row
        )
        first += PLACES_AT_ONCE
    return True


cdef Index index_of(const uint64_t[::1] table, Py_ssize_t longest, owners, kinds):
    """The parts of an index of n-grams, which must be held elsewhere.

    Raises:
        ValueError: there are too many kinds.
    """
    cdef const int64_t[::1] firsts = owners[0], borders = kinds
    cdef const int32_t[::1] several = owners[1]
    cdef Py_ssize_t most = 1, place
    if not 1 < borders.shape[0] <= MAX_KINDS + 1:
        raise ValueError(f"n-grams are of {len(kinds) - 1} kinds, allowed are 1-{MAX_KINDS}")
    for place in range(1, firsts.shape[0] - 1):
        most = max(most, firsts[place + 1] - firsts[place])
    return Index(
        &table[0], table.shape[0] - 1, longest, most,
        <int32_t>firsts[0], &firsts[0], &several[0], &borders[0], <int>(borders.shape[0] - 1),
    )


def find_grams(units, spans, index):
    """Occurrences of an index' n-grams, kind after kind: value, start, end and number of the text.

    `spans` are starts and ends of the units in characters. An index is a table, the most units of
    an n-gram, owners and kinds. A value of the table that is not below `owners[0][0]`, the number
    of single values, stands for several: those of `owners[1]` from `owners[0][v - n + 1]`, where n
    is that number, up to the next. Kind k has the values from `kinds[k]` up to `kinds[k + 1]`; they
    count from 0 in what is returned, a list with an array for each kind.
    """
    cdef const uint64_t[::1] wide = _as_wide(units)
    cdef const int32_t[::1] starts = spans[0], ends = spans[1]
    cdef Index of = index_of(index[0], index[1], index[2], index[3])
    cdef int32_t[::1] ways = np.empty(of.longest * PLACES_AT_ONCE, np.int32)
    cdef Found found[MAX_KINDS]
    cdef bint is_done
    cdef int kind
    for kind in range(of.n_kinds):
        found[kind] = Found(NULL, 0, 0)
    with nogil:
        is_done = add_grams(&wide[0], wide.shape[0], &starts[0], &ends[0], &of, &ways[0], found)
    try:
        if not is_done:
            raise MemoryError
        return [array_of(found + kind) for kind in range(of.n_kinds)]
    finally:
        for kind in range(of.n_kinds):
            free(found[kind].items)


cdef array_of(const Found *found):
    """Occurrences as an array, shape (occurrences, 4)."""
    array = np.empty((found.n, 4), np.int32)
    cdef int32_t[:, ::1] view = array
    if found.n:
        memcpy(&view[0, 0], found.items, found.n * sizeof(Occurrence))
    return array


cdef void rename(Occurrence *found, Py_ssize_t n, const int32_t *numbers) noexcept nogil:
    """As `renumber`."""
    cdef Py_ssize_t i
    for i in range(n):
        found[i].value = numbers[found[i].value]


def renumber(int32_t[:, ::1] found, const int32_t[::1] numbers):
    """Replace the value v of each occurrence by `numbers[v]`, in place."""
    cdef Occurrence *renamed = <Occurrence *>occurrences(found)
    with nogil:
        rename(renamed, found.shape[0], &numbers[0])


cdef struct _Gram:
    uint64_t key
    int32_t place  # the first
    int32_t size
    int32_t n_texts
    int32_t latest  # text


_GRAM = np.dtype([
    ("key", np.uint64), ("place", np.int32), ("size", np.int32), ("n_texts", np.int32),
    ("latest", np.int32),
])


def count_grams(units, Py_ssize_t low, Py_ssize_t high):
    """Every distinct n-gram of `low` to `high` units: key, first place, size, number of texts."""
    cdef const uint64_t[::1] wide = _as_wide(units)
    cdef Py_ssize_t n_units = wide.shape[0], first = 0, place, n = 0, number
    cdef int32_t row = 0, size
    cdef uint64_t key, slot, last
    grams = np.empty(1 << 15, _GRAM)
    cdef _Gram[::1] counts = grams
    cdef int64_t[::1] table = np.zeros(1 << 16, np.int64)  # number of the n-gram plus one
    while True:
        last = table.shape[0] - 1
        with nogil:
            while first < n_units and n + high <= counts.shape[0]:
                row += wide[first] == BREAK
                key = SEED
                for place in range(first, min(first + high, n_units)):
                    if wide[place] == BREAK:
                        break
                    key = extend(key, wide[place])
                    size = <int32_t>(place - first + 1)
                    if size < low:
                        continue
                    slot = _slot_of_number(&table[0], last, &counts[0], key)
                    if not table[slot]:
                        counts[n] = _Gram(key, <int32_t>first, size, 0, -1)
                        n += 1
                        table[slot] = n
                    number = table[slot] - 1
                    if counts[number].latest != row:
                        counts[number].latest = row
                        counts[number].n_texts += 1
                first += 1
        if first == n_units:
            break
        grams = np.concatenate([grams, np.empty(len(grams) + high, _GRAM)])
        counts = grams
        table = np.zeros(2 * len(table), np.int64)
        last = table.shape[0] - 1
        with nogil:
            for number in range(n):
                table[_slot_of_number(&table[0], last, &counts[0], counts[number].key)] = number + 1
    found = grams[:n]
    return tuple([found[name].copy() for name in ("key", "place", "size", "n_texts")])


cdef inline uint64_t _slot_of_number(
    const int64_t *table, uint64_t last, const _Gram *grams, uint64_t key
) noexcept nogil:
    """Slot of a key in a table of numbers plus one, whose keys stand beside it in full."""
    cdef uint64_t slot = key & last
    while table[slot] and grams[table[slot] - 1].key != key:
        slot = (slot + 1) & last
    return slot
