# What several loops share: what an occurrence is, how keys are made and found again.

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, uint64_t
from libc.stdlib cimport realloc


cdef enum:  # as in __init__.py
    BREAK = 10
    SPACE = 32
    UNKNOWN = -2
    PREFIX = -1


cdef enum:
    EMPTY = 0  # a slot without an entry
    PLACES_AT_ONCE = 64  # how many walk through a table side by side


cdef struct Occurrence:  # a row of an array of occurrences
    int32_t value
    int32_t start
    int32_t end
    int32_t row


cdef inline const Occurrence *occurrences(const int32_t[:, ::1] found) except? NULL:
    """The rows of an array of occurrences."""
    if found.shape[1] != 4:
        raise ValueError(f"occurrences have 4 columns, not {found.shape[1]}")
    return <const Occurrence *>&found[0, 0]


cdef struct Found:  # occurrences; whoever has them frees `items`
    Occurrence *items
    Py_ssize_t n
    Py_ssize_t room


cdef inline bint make_room(Found *found, Py_ssize_t least, Py_ssize_t room) noexcept nogil:
    """Whether there is memory for so many occurrences, made for `room` if there was too little."""
    cdef void *items
    if found.room < least:
        items = realloc(found.items, room * sizeof(Occurrence))
        if not items:
            return False
        found.items, found.room = <Occurrence *>items, room
    return True


cdef extern from *:
    """
    #define SEED 0x2545F4914F6CDD1DULL
    #define USED 0x8000000000000000ULL
    /* 2^64 divided by the golden ratio: multiplicative hashing (Knuth, TAOCP vol. 3, 6.4). */
    #define MULTIPLIER 0x9E3779B97F4A7C15ULL
    #define prefetch(place) __builtin_prefetch(place)
    """
    const uint64_t SEED, USED, MULTIPLIER
    void prefetch(const void *place) noexcept nogil


cdef inline uint64_t extend(uint64_t key, uint64_t unit) noexcept nogil:
    """Key of the sequence that is one unit longer."""
    cdef uint64_t mixed = (key ^ unit) * MULTIPLIER
    return mixed ^ (mixed >> 29)


cdef inline uint64_t slot_of(
    const uint64_t *table, uint64_t last, uint64_t key, uint64_t value_bits
) noexcept nogil:
    """Where the key stands in a table whose last slot is `last`, or the empty slot where it would.

    `value_bits` are the bits of an entry that hold its value; the others hold a part of the key.
    """
    cdef uint64_t slot = key & last
    cdef uint64_t tag = key | USED | value_bits
    while table[slot] != EMPTY and table[slot] | value_bits != tag:
        slot = (slot + 1) & last
    return slot
