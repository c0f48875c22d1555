"""Phrase patterns as small programs, run without the interpreter.

A program is a row of steps with their operands, as `classifier.programs` writes them. It is run
with backtracking, as `re` does: of all ways through it the first that ends counts, in the order of
the choices (R. Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009). Steps lead
only forward: a choice is never open twice at a time.
"""

cimport cython
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from classifier.kernels.grams cimport array_of
from classifier.kernels.loops cimport BREAK, Found, Occurrence, make_room, occurrences

import numpy as np

END, JUMP, SPLIT, WORDS, MANY, FEW, BEFORE = range(7)
MOST_CHOICES = 64

cdef enum:  # the same, for the loops
    _END = 0
    _JUMP = 1
    _SPLIT = 2
    _WORDS = 3
    _MANY = 4
    _FEW = 5
    _N_STARTS = 256
    _MOST_CHOICES = 64
    _BITS = 64  # of an unsigned number


cdef struct _Choice:  # where to go on if what was chosen leads nowhere
    const Step *step
    int32_t place
    int32_t tried  # how many of the step's ways


@cython.final
cdef class Matcher:
    """The programs of many patterns; safe between threads, never changed after."""

    def __init__(
        self, const int32_t[:, ::1] steps, const int32_t[::1] firsts, words,
        const uint8_t[::1] kinds, watch,
    ):
        """`firsts` are the first steps of the patterns, `steps` their programs.

        Steps are what to do, with what, how many at least and at most. `words` are, of each list of
        words, the number of its first, and one number more; of each word the place of its first
        character, and one more; and those characters. `kinds` tells by code point, in eight bits, of what kinds a character is; others are as the
        first. `watch` are, of each anchor, the place of its first pattern, and one more; those
        patterns; and the length of each pattern's longest match.
        """
        cdef const int32_t[::1] lists = words[0], places = words[1]
        cdef const uint32_t[::1] chars = words[2]
        cdef const int32_t[::1] watchers = watch[0], watching = watch[1], reaches = watch[2]
        if steps.shape[1] * sizeof(int32_t) != sizeof(Step):
            raise ValueError(f"steps have {steps.shape[1]} columns")
        cdef Py_ssize_t n_lists = lists.shape[0] - 1, n_patterns = firsts.shape[0], i
        # With which characters words of a list, then matches of a pattern may begin: one of 256
        # bits is set for them, that of the code point's last byte.
        cdef uint64_t[:, ::1] starts = np.zeros(
            (n_lists + n_patterns, _N_STARTS // _BITS), np.uint64
        )
        self._held = steps, firsts, words, kinds, watch, starts
        self.programs = Programs(
            <const Step *>&steps[0, 0], &firsts[0],
            &lists[0], &places[0], &chars[0], &starts[0, 0], &starts[n_lists, 0],
            &kinds[0], <uint32_t>kinds.shape[0],
            &watchers[0], &watching[0], &reaches[0], reaches.shape[0],
        )
        for i in range(n_lists):
            _mark_words(&self.programs, <int32_t>i, NULL, &starts[i, 0])
        for i in range(n_patterns):
            _mark_starts(
                &self.programs, self.programs.steps + firsts[i], &starts[n_lists + i, 0]
            )

    def find(self, const uint32_t[::1] codes, const int32_t[:, ::1] anchors):
        """Where patterns match: pattern, start, end and text number of stretches of joined texts.

        `anchors` are occurrences by start. A pattern matches where one of its anchors stands, and a
        stretch begins with a match and ends where no further one can end, or with its text.
        """
        cdef Found found = Found(NULL, 0, 0)
        cdef const Occurrence *places = occurrences(anchors)
        cdef bint is_done
        with nogil:
            is_done = find_matching(&codes[0], places, anchors.shape[0], &self.programs, &found)
        try:
            if not is_done:
                raise MemoryError
            return array_of(&found)
        finally:
            free(found.items)

    def search(self, const uint32_t[::1] codes, int32_t pattern, int32_t low, int32_t high):
        """Start and end of the first match in a stretch of joined texts, None if there is none."""
        cdef int32_t end
        low = _search(&codes[0], &self.programs, pattern, low, high, high, &end)
        return None if low < 0 else (low, end)


cdef bint find_matching(
    const uint32_t *codes, const Occurrence *anchors, Py_ssize_t n_anchors, const Programs *of,
    Found *found,
) noexcept nogil:
    """As `Matcher.find`, into `found`; False if there is no memory."""
    if not _find_stretches(anchors, n_anchors, of, found):
        return False
    cdef Py_ssize_t i, n = 0
    cdef int32_t row = -1, low = 0, high = -1, last, end
    cdef Occurrence one
    for i in range(found.n):
        one = found.items[i]
        while row < one.row:
            row, low, high = row + 1, high + 1, high + 1
            while codes[high] != BREAK:
                high += 1
        last = one.end - of.reaches[one.value]  # behind the beginning of the last anchor
        one.start, one.end = max(one.start, low), min(one.end, high)
        one.start = _search(codes, of, one.value, one.start, last, one.end, &end)
        if one.start >= 0:
            found.items[n] = one
            n += 1
    found.n = n
    return True


cdef bint _find_stretches(
    const Occurrence *anchors, Py_ssize_t n_anchors, const Programs *of, Found *found
) noexcept nogil:
    """Where a match may be, and the character behind it, without regard to where texts end."""
    cdef Py_ssize_t i, n = 0
    cdef int32_t place, pattern, reach, number
    cdef Occurrence anchor
    cdef int32_t *latest = <int32_t *>malloc(of.n_patterns * sizeof(int32_t) + 1)  # stretches
    if not latest:
        return False
    memset(latest, -1, of.n_patterns * sizeof(int32_t))
    for i in range(n_anchors):
        anchor = anchors[i]
        if not make_room(found, n + of.n_patterns, 2 * n + of.n_patterns):
            free(latest)
            return False
        for place in range(of.watchers[anchor.value], of.watchers[anchor.value + 1]):
            pattern = of.watching[place]
            reach, number = of.reaches[pattern], latest[pattern]
            if (
                number >= 0
                and found.items[number].row == anchor.row
                and found.items[number].end >= anchor.end - reach
            ):
                found.items[number].end = anchor.start + reach + 1
            else:
                latest[pattern] = <int32_t>n
                found.items[n] = Occurrence(
                    pattern, anchor.end - reach, anchor.start + reach + 1, anchor.row
                )
                n += 1
    found.n = n
    free(latest)
    return True


cdef int32_t _search(
    const uint32_t *codes, const Programs *of, int32_t pattern, int32_t low, int32_t last,
    int32_t high, int32_t *end,
) noexcept nogil:
    """Where the first match in a stretch begins, before `last`; -1 if there is none."""
    cdef const uint64_t *starts = of.own_starts + pattern * (_N_STARTS // _BITS)
    cdef const Step *first = of.steps + of.firsts[pattern]
    cdef int32_t start
    for start in range(low, last):
        if _is_among(starts, codes[start]):
            end[0] = _match(codes, of, first, start, high)
            if end[0] >= 0:
                return start
    return -1


cdef inline bint _is_among(const uint64_t *starts, uint32_t code) noexcept nogil:
    """Whether something may begin with a character."""
    return starts[code % _N_STARTS // _BITS] >> code % _BITS & 1


cdef void _mark_starts(const Programs *of, const Step *step, uint64_t *starts) noexcept nogil:
    """Set the bits of all characters with which a match of the rest of a program may begin."""
    while step.kind == _SPLIT or step.kind == _JUMP:
        if step.kind == _SPLIT:
            _mark_starts(of, step + 1, starts)
        step += step.what
    if step.kind == _WORDS:
        _mark_words(of, step.what, step + 1, starts)
    else:  # a number or a gap: not worth a list
        _mark_all(starts)


cdef void _mark_words(
    const Programs *of, int32_t words, const Step *then, uint64_t *starts
) noexcept nogil:
    """The same for a list of words; what follows an empty one may be unknown."""
    cdef int32_t word
    cdef uint32_t code
    for word in range(of.lists[words], of.lists[words + 1]):
        if of.words[word] < of.words[word + 1]:
            code = of.chars[of.words[word]]
            starts[code % _N_STARTS // _BITS] |= <uint64_t>1 << code % _BITS
        elif then:
            _mark_starts(of, then, starts)
        else:
            _mark_all(starts)


cdef void _mark_all(uint64_t *starts) noexcept nogil:
    cdef int i
    for i in range(_N_STARTS // _BITS):
        starts[i] = ~<uint64_t>0


cdef int32_t _match(
    const uint32_t *codes, const Programs *of, const Step *step, int32_t place, int32_t high
) noexcept nogil:
    """Where the match ends that begins at a place, -1 if there is none."""
    cdef _Choice[_MOST_CHOICES] open_choices
    cdef Py_ssize_t n_open = 0
    cdef int32_t tried = 0, end
    while step.kind != _END:
        if step.kind == _JUMP:
            step += step.what
            continue
        if step.kind == _SPLIT:
            open_choices[n_open] = _Choice(step + step.what, place, 0)
            n_open += 1
            step += 1
            continue
        if step.kind == _WORDS:
            end = _after_word(codes, of, step.what, place, high, &tried)
        elif step.kind == _MANY:
            end = _after_many(codes, of, step, place, high, &tried)
        elif step.kind == _FEW:
            end = _after_few(codes, of, step, place, high, &tried)
        else:  # BEFORE
            end = place if place == high or _is_of(of, codes[place], step.what) else -1
        if end >= 0:
            if tried:
                open_choices[n_open] = _Choice(step, place, tried)
                n_open += 1
            place, tried = end, 0
            step += 1
        elif n_open:
            n_open -= 1
            step, place = open_choices[n_open].step, open_choices[n_open].place
            tried = open_choices[n_open].tried
        else:
            return -1
    return place


cdef inline bint _is_of(const Programs *of, uint32_t code, int32_t kinds) noexcept nogil:
    return of.kinds[code if code < of.n_kinds else 0] & kinds != 0


cdef inline int32_t _after_word(
    const uint32_t *codes, const Programs *of, int32_t words, int32_t place, int32_t high,
    int32_t *tried,
) noexcept nogil:
    """Behind the next word of a list that stands at a place, -1 if no further one does.

    `tried` are the words tried, and becomes 0 when that are all; so it does in the others.
    """
    cdef int32_t word, last = of.lists[words + 1], i, length
    if not _is_among(of.starts + words * (_N_STARTS // _BITS), codes[place]):
        return -1
    for word in range(of.lists[words] + tried[0], last):
        length = of.words[word + 1] - of.words[word]
        if place + length > high:
            continue
        for i in range(length):
            if codes[place + i] != of.chars[of.words[word] + i]:
                break
        else:
            tried[0] = word + 1 - of.lists[words] if word + 1 < last else 0
            return place + length
    return -1


cdef inline int32_t _after_many(
    const uint32_t *codes, const Programs *of, const Step *step, int32_t place, int32_t high,
    int32_t *tried,
) noexcept nogil:
    """Behind as many characters of some kinds as there are, then one less, -1 at too few."""
    cdef int32_t n = tried[0] - 1
    if n < 0:
        n = 0
        while n < step.most and place + n < high and _is_of(of, codes[place + n], step.what):
            n += 1
    tried[0] = n if n > step.least else 0
    return place + n if n >= step.least else -1


cdef inline int32_t _after_few(
    const uint32_t *codes, const Programs *of, const Step *step, int32_t place, int32_t high,
    int32_t *tried,
) noexcept nogil:
    """Behind no character, then one more of some kinds, -1 if there is none."""
    cdef int32_t end = place + tried[0]
    if end > place and (end > high or not _is_of(of, codes[end - 1], step.what)):
        return -1
    tried[0] = tried[0] + 1 if tried[0] < step.most else 0
    return end
