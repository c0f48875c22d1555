"""Finding and counting n-grams in tables that are walked like tries.

The key of an n-gram is made unit by unit, so that a table which holds every prefix of its n-grams
tells early that none begins so. A table keeps 39 bits of a key beside the value, and some in the
slot's number: a look takes one access to memory, and a wrong n-gram is taken for a known one once
in about 10^11 looks.
"""

from __future__ import annotations

import numpy as np

from classifier.kernels import (
    BREAK,
    END,
    PREFIX,
    ROW,
    SPACE,
    START,
    UNKNOWN,
    VALUE,
    Codes,
    Ints,
    Keys,
    Longs,
    Table,
    Units,
    compiled,
)

_SEED = np.uint64(0x2545F4914F6CDD1D)
# 2^64 divided by the golden ratio: multiplicative hashing (Knuth, TAOCP vol. 3, 6.4).
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT, _ONE = np.uint64(29), np.uint64(1)
_EMPTY = np.uint64(0)
_USED = np.uint64(1 << 63)
_VALUE_BITS = np.uint64((1 << 24) - 1)
_PLACES_AT_ONCE = 64


@compiled
def extend(key: np.uint64, unit: np.uint64) -> np.uint64:
    """Key of the n-gram that is one unit longer."""
    mixed = (key ^ np.uint64(unit)) * _MULTIPLIER
    return mixed ^ (mixed >> _SHIFT)


@compiled
def _slot_of(table: Table, key: np.uint64) -> np.uint64:
    """Where the key stands in the table, or the empty slot where it would."""
    last = np.uint64(len(table) - 1)
    slot = key & last
    tag = key | _USED | _VALUE_BITS
    while table[slot] != _EMPTY and table[slot] | _VALUE_BITS != tag:
        slot = (slot + _ONE) & last
    return slot


@compiled
def fill(table: Table, keys: Keys, values: Ints) -> None:
    """Enter keys into a table of 2^n empty slots, with values from `PREFIX` to `MAX_VALUE`."""
    for i in range(len(keys)):
        tag = (keys[i] | _USED | _VALUE_BITS) ^ _VALUE_BITS
        table[_slot_of(table, keys[i])] = tag | np.uint64(values[i] + 1)


@compiled
def look_up(table: Table, keys: Keys) -> Ints:
    """Value of each key, `UNKNOWN` where the table lacks it."""
    found = np.empty(len(keys), np.int32)
    for i in range(len(keys)):
        entry = table[_slot_of(table, keys[i])]
        found[i] = UNKNOWN if entry == _EMPTY else np.int64(entry & _VALUE_BITS) - 1
    return found


@compiled
def prefix_keys(units: Units) -> tuple[Keys, Longs]:
    """Key of every prefix of every text in `units`, and 1 where it is a whole text."""
    keys = np.empty(len(units), np.uint64)
    whole = np.zeros(len(units), np.int64)
    n = 0
    key = _SEED
    for i in range(len(units)):
        if units[i] == BREAK:
            key = _SEED
            if n:
                whole[n - 1] = 1
        else:
            key = extend(key, np.uint64(units[i]))
            keys[n] = key
            n += 1
    return keys[:n], whole[:n]


# -- n-grams


@compiled
def word_units(codes: Codes, piece_ends: Longs) -> tuple[Keys, Ints, Ints]:
    """Hash, start and end of each piece of a cut batch; spaces are left out, breaks stay."""
    units = np.empty(len(piece_ends), np.uint64)
    starts = np.empty(len(piece_ends), np.int32)
    ends = np.empty(len(piece_ends), np.int32)
    n = 0
    start = 0
    for end in piece_ends:
        if codes[start] != SPACE:
            unit = _SEED
            for position in range(start, end):
                unit = extend(unit, np.uint64(codes[position]))
            units[n] = BREAK if codes[start] == BREAK else unit
            starts[n] = start
            ends[n] = end
            n += 1
        start = end
    return units[:n], starts[:n], ends[:n]


@compiled
def _larger(array: Ints) -> Ints:
    larger = np.empty((2 * len(array) + 16, array.shape[1]), array.dtype)
    larger[: len(array)] = array
    return larger


@compiled
def _look_around(units: Units, first: int, table: Table, ways: Ints, depths: Ints) -> None:
    """What the table says of every sequence that begins at one of the places after `first`.

    `ways[k, i]` becomes the value of the k + 1 units from place `first + i`, for k below
    `depths[i]`. All places take a step together: the table's answers for a step do not wait for one
    another, which halves the time of a walk from each place by itself.
    """
    longest, n_places = ways.shape
    keys = np.empty(n_places, np.uint64)
    entries = np.empty(n_places, np.uint64)
    alive = np.empty(n_places, np.int64)
    n_alive = 0
    for i in range(min(n_places, len(units) - first)):
        depths[i] = 0
        alive[n_alive] = i
        keys[n_alive] = _SEED
        n_alive += units[first + i] != BREAK
    last = np.uint64(len(table) - 1)
    step = 0
    while n_alive and step < longest:
        for a in range(n_alive):
            keys[a] = extend(keys[a], np.uint64(units[first + alive[a] + step]))
            entries[a] = table[keys[a] & last]
        n_kept = 0
        for a in range(n_alive):
            i, key, entry = alive[a], keys[a], entries[a]
            if entry != _EMPTY and entry | _VALUE_BITS != key | _USED | _VALUE_BITS:
                entry = table[_slot_of(table, key)]
            is_known = entry != _EMPTY
            ways[step, i] = np.int64(entry & _VALUE_BITS) - 1
            depths[i] += is_known
            following = first + i + step + 1
            alive[n_kept], keys[n_kept] = i, key
            n_kept += is_known and following < len(units) and units[following] != BREAK
        n_alive = n_kept
        step += 1


@compiled
def find_grams(
    units: Units, spans: tuple[Ints, Ints], table: Table, longest: int, owners: tuple[Longs, Ints]
) -> Ints:
    """Occurrences of the table's n-grams: value, start, end and number of the text.

    `spans` are starts and ends of the units in characters; `longest` is the most units of an
    n-gram. A value of the table that is not below `owners[0][0]`, the number of single values,
    stands for several: those of `owners[1]` from `owners[0][v - n + 1]`, where n is that number, up
    to the next.
    """
    firsts = owners[0]
    most = 1  # values of one n-gram
    for place in range(1, len(firsts) - 1):
        most = max(most, firsts[place + 1] - firsts[place])
    room = most * longest * _PLACES_AT_ONCE
    found = np.empty((4 * len(units) + room, 4), np.int32)
    ways = np.empty((longest, _PLACES_AT_ONCE), np.int32)
    depths = np.zeros(_PLACES_AT_ONCE, np.int32)
    n = row = 0
    for first in range(0, len(units), _PLACES_AT_ONCE):
        if n + room > len(found):
            found = _larger(found)
        _look_around(units, first, table, ways, depths)
        n, row = _write_down(units, first, spans, (ways, depths), owners, (found, n, row))
    return found[:n]


@compiled
def _write_down(
    units: Units,
    first: int,
    spans: tuple[Ints, Ints],
    seen: tuple[Ints, Ints],
    owners: tuple[Longs, Ints],
    so_far: tuple[Ints, int, int],
) -> tuple[int, int]:
    """Add what was seen from some places to the occurrences; their number now, and of the text.

    A loop of its own: where the array of occurrences may be replaced, writing takes twice as long.
    """
    starts, ends = spans
    ways, depths = seen
    firsts, several = owners
    found, n, row = so_far
    n_single = firsts[0]
    for here in range(min(_PLACES_AT_ONCE, len(units) - first)):
        place = first + here
        row += units[place] == BREAK
        for step in range(depths[here]):
            value = ways[step, here]
            if value == PREFIX:
                continue
            if value < n_single:
                found[n, VALUE], found[n, START] = value, starts[place]
                found[n, END], found[n, ROW] = ends[place + step], row
                n += 1
                continue
            for number in range(firsts[value - n_single + 1], firsts[value - n_single + 2]):
                found[n, VALUE], found[n, START] = several[number], starts[place]
                found[n, END], found[n, ROW] = ends[place + step], row
                n += 1
    return n, row


@compiled
def count_grams(units: Units, low: int, high: int) -> tuple[Keys, Ints, Ints, Ints]:
    """Every distinct n-gram of `low` to `high` units: key, first place, size, number of texts."""
    table = np.zeros(1 << 16, np.int64)  # number of the n-gram plus one
    keys = np.empty(1 << 15, np.uint64)
    places = np.empty(1 << 15, np.int32)
    counts = np.empty((1 << 15, 3), np.int32)  # size, texts, latest text
    n = row = 0
    for first in range(len(units)):
        if units[first] == BREAK:
            row += 1
            continue
        key = _SEED
        for size in range(1, high + 1):
            place = first + size - 1
            if place == len(units) or units[place] == BREAK:
                break
            key = extend(key, np.uint64(units[place]))
            if size < low:
                continue
            slot = _slot_of_number(table, keys, key)
            if not table[slot]:
                if n == len(keys):
                    keys = np.append(keys, np.empty_like(keys))
                    places = np.append(places, np.empty_like(places))
                    counts = np.concatenate((counts, np.empty_like(counts)))
                    table = np.zeros(2 * len(table), np.int64)
                    for number in range(n):
                        table[_slot_of_number(table, keys, keys[number])] = number + 1
                    slot = _slot_of_number(table, keys, key)
                keys[n], places[n] = key, first
                counts[n, 0], counts[n, 1], counts[n, 2] = size, 0, -1
                n += 1
                table[slot] = n
            number = table[slot] - 1
            if counts[number, 2] != row:
                counts[number, 1] += 1
                counts[number, 2] = row
    return keys[:n].copy(), places[:n].copy(), counts[:n, 0].copy(), counts[:n, 1].copy()


@compiled
def _slot_of_number(table: Longs, keys: Keys, key: np.uint64) -> np.uint64:
    """Slot of a key in a table of numbers plus one, whose keys stand beside it in full."""
    last = np.uint64(len(table) - 1)
    slot = key & last
    while table[slot] and keys[table[slot] - 1] != key:
        slot = (slot + _ONE) & last
    return slot
