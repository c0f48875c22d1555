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

from __future__ import annotations

import numpy as np

from classifier.kernels import Bytes, Codes, Floats, Keys, Longs, Table, compiled

KIND_BITS = np.uint32(7)
MORE = np.uint32(8)
WORD_SHIFT = np.uint32(4)
MAX_WEIGHTS = 1 << 14
MAX_WORD_CHARS = 32  # the words from a place are bits of 32

_OUTSIDE = 0  # the kind of what is in no block
_SEED = np.uint64(0x2545F4914F6CDD1D)
# 2^64 divided by the golden ratio: multiplicative hashing (Knuth, TAOCP vol. 3, 6.4).
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT, _ONE = np.uint64(29), np.uint64(1)
_EMPTY = np.uint64(0)
_USED = np.uint64(1 << 63)
_ENTRY_BITS = np.uint64((1 << 18) - 1)
_PAIR_SHIFT, _LONG_BITS = np.uint64(20), np.uint64(6)
_PLACES_AT_ONCE = 64
_SPACE, _LINE_BREAK, _ZERO, _NINE = 0x20, 0x0A, 0x30, 0x39

# Entries of characters, bits of pairs, entries of longer prefixes, weights.
Dictionary = tuple[Codes, Keys, Table, Floats]


@compiled
def _extend(key: np.uint64, code: np.uint32) -> np.uint64:
    """Key of the prefix that is one character longer."""
    mixed = (key ^ np.uint64(code)) * _MULTIPLIER
    return mixed ^ (mixed >> _SHIFT)


@compiled
def _slot_of(table: Table, key: np.uint64) -> np.uint64:
    """Where the key stands in the table, or the empty slot where it would."""
    last = np.uint64(len(table) - 1)
    slot = key & last
    tag = key | _USED | _ENTRY_BITS
    while table[slot] != _EMPTY and table[slot] | _ENTRY_BITS != tag:
        slot = (slot + _ONE) & last
    return slot


@compiled
def _bit_of(pairs: Keys, key: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Where the bit of a pair stands: a place in the array, and the bit there."""
    number = (key >> _PAIR_SHIFT) & np.uint64(64 * len(pairs) - 1)
    return number >> _LONG_BITS, _ONE << (number & np.uint64(63))


@compiled
def read_entries(codes: Codes) -> tuple[Longs, Longs, Longs]:
    """Start, end and frequency of the word of each line: word, space, frequency, whatever.

    The text must end with a line break. Lines without a word are left out.
    """
    n_lines = 0
    for code in codes:
        n_lines += code == _LINE_BREAK
    starts = np.empty(n_lines, np.int64)
    ends = np.empty(n_lines, np.int64)
    frequencies = np.empty(n_lines, np.int64)
    n = 0
    position = 0
    while position < len(codes):
        start = position
        while codes[position] != _SPACE and codes[position] != _LINE_BREAK:
            position += 1
        end = position
        position += codes[position] == _SPACE
        frequency = np.int64(0)
        while _ZERO <= codes[position] <= _NINE:
            frequency = 10 * frequency + np.int64(codes[position]) - _ZERO
            position += 1
        while codes[position] != _LINE_BREAK:
            position += 1
        position += 1
        if end > start:
            starts[n], ends[n], frequencies[n] = start, end, frequency
            n += 1
    return starts[:n], ends[:n], frequencies[:n]


@compiled
def enter_words(
    codes: Codes,
    spans: tuple[Longs, Longs],
    numbers: Longs,
    tables: tuple[Codes, Keys, Table],
) -> Longs:
    """Enter words with the numbers of their weights; later ones replace earlier ones.

    Returns the numbers they had before, 0 for new words. Words with a character from outside of
    blocks are left out, for none can be found. The table must have room.
    """
    chars, pairs, table = tables
    starts, ends = spans
    before = np.zeros(len(starts), np.int64)
    for word in range(len(starts)):
        start, end = starts[word], ends[word]
        is_inside = True
        for position in range(start, end):
            code = codes[position]
            is_inside = bool(
                is_inside and code < len(chars) and (chars[code] & KIND_BITS) != _OUTSIDE
            )
        if not is_inside:
            continue
        key = _extend(_SEED, codes[start])
        number = np.uint32(numbers[word]) << WORD_SHIFT
        entry = chars[codes[start]]
        if end == start + 1:
            before[word] = entry >> WORD_SHIFT
            chars[codes[start]] = (entry & (KIND_BITS | MORE)) | number
            continue
        chars[codes[start]] = entry | MORE
        for position in range(start + 1, end):
            key = _extend(key, codes[position])
            if position == start + 1:
                place, bit = _bit_of(pairs, key)
                pairs[place] |= bit
            slot = _slot_of(table, key)
            if table[slot] == _EMPTY:
                table[slot] = (key | _USED | _ENTRY_BITS) ^ _ENTRY_BITS
            if position < end - 1:
                table[slot] |= np.uint64(MORE)
            else:
                entry = np.uint32(table[slot] & _ENTRY_BITS)
                before[word] = entry >> WORD_SHIFT
                table[slot] ^= np.uint64((entry ^ number) >> WORD_SHIFT << WORD_SHIFT)
    return before


@compiled
def _look_around(
    codes: Codes,
    first: int,
    dictionary: Dictionary,
    seen: tuple[Codes, Bytes],
    scratch: tuple[Keys, Keys, Longs],
) -> None:
    """The entries of every prefix that begins at one of the places after `first`.

    `seen` are `ways` and `depths`: `ways[i, k]` becomes the entry of the k + 1 characters from
    place `first + i`, for k below `depths[i]`. All places take a step together: the table's answers
    for a step do not wait for one another.
    """
    chars, pairs, table, _ = dictionary
    ways, depths = seen
    keys, found, alive = scratch
    last_place, last_char = len(codes) - 1, np.int64(len(chars) - 1)
    n_alive = 0
    for i in range(min(_PLACES_AT_ONCE, len(codes) - first)):
        place = first + i
        code, following = codes[place], codes[min(place + 1, last_place)]
        ways[i, 0] = chars[min(np.int64(code), last_char)]
        depths[i] = 1
        key = _extend(_extend(_SEED, code), following)
        word, bit = _bit_of(pairs, key)
        alive[n_alive], keys[n_alive] = i, key
        n_alive += (pairs[word] & bit) != 0 and place < last_place
    last_slot = np.uint64(len(table) - 1)
    size = 2
    while n_alive:
        for a in range(n_alive):
            found[a] = table[keys[a] & last_slot]
        n_kept = 0
        for a in range(n_alive):
            i, key, entry = alive[a], keys[a], found[a]
            if entry != _EMPTY and entry | _ENTRY_BITS != key | _USED | _ENTRY_BITS:
                entry = table[_slot_of(table, key)]
            ways[i, size - 1] = np.uint32(entry & _ENTRY_BITS)
            depths[i] += entry != _EMPTY
            following = first + i + size
            alive[n_kept], keys[n_kept] = i, _extend(key, codes[min(following, last_place)])
            n_kept += (entry & np.uint64(MORE)) != 0 and following <= last_place
        n_alive = n_kept
        size += 1


@compiled
def find_route(codes: Codes, dictionary: Dictionary) -> Keys:
    """Of each character its kind, the length of the best word from it, and all words from it.

    In one number, as one array is faster to hand over than three: the kind from bit 0, the length
    from bit 8, and from bit 16 one bit for each length of a word, 1 and up. The best word is that
    of the largest sum of weights up to the block's end; of equal sums that of the longest word.
    """
    weights = dictionary[3]
    route = np.empty(len(codes), np.uint64)
    sums = np.zeros(len(codes) + 1, np.float64)
    ways = np.empty((_PLACES_AT_ONCE, MAX_WORD_CHARS), np.uint32)
    depths = np.empty(_PLACES_AT_ONCE, np.uint8)
    scratch = (
        np.empty(_PLACES_AT_ONCE + 1, np.uint64),
        np.empty(_PLACES_AT_ONCE, np.uint64),
        np.empty(_PLACES_AT_ONCE + 1, np.int64),
    )
    n_groups = (len(codes) + _PLACES_AT_ONCE - 1) // _PLACES_AT_ONCE
    for group in range(n_groups - 1, -1, -1):
        first = group * _PLACES_AT_ONCE
        _look_around(codes, first, dictionary, (ways, depths), scratch)
        for i in range(min(_PLACES_AT_ONCE, len(codes) - first) - 1, -1, -1):
            place = first + i
            kind = ways[i, 0] & KIND_BITS
            if kind == _OUTSIDE:
                sums[place] = 0.0
                route[place] = 1 << 8
                continue
            best, length = -np.inf, 1
            words = np.uint64(0)
            for step in range(depths[i]):
                number = ways[i, step] >> WORD_SHIFT
                if number:
                    words |= _ONE << np.uint64(step)
                    total = weights[number] + sums[place + step + 1]
                    if total >= best:
                        best, length = total, step + 1
            if not words:
                best = weights[0] + sums[place + 1]
            sums[place] = best
            route[place] = words << np.uint64(16) | np.uint64(length << 8) | np.uint64(kind)
    return route
