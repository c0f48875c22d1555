"""A look at the characters of many texts, and what stands around a phrase."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memset

from classifier.kernels.loops cimport BREAK, SPACE, Occurrence, occurrences

import numpy as np

from classifier.kernels import Ints, Longs

Lists = tuple[Longs, Ints]

PLAIN, CHINESE = 1, 2
DIGIT, LATIN, PROVINCE, HAN, SUSPECT = 1, 2, 4, 8, 16

cdef enum:  # the same, for the loops
    _PLAIN = 1
    _CHINESE = 2
    _DIGIT = 1
    _LATIN = 2
    _PROVINCE = 4
    _HAN = 8
    _SUSPECT = 16

cdef enum:
    _MANY_DIGITS = 6  # fewer in a row cannot be a telephone, card or order number
    _MANY_REPEATS = 4
    _MIN_HAN = 2
    _FIRST_EMOJI = 0x1F300
    _LAST_EMOJI = 0x1FAFF
    _FIRST_HAN = 0x4E00
    _LAST_HAN = 0x9FFF


def fold_and_look(
    uint32_t[::1] codes, const int64_t[::1] ends, const uint32_t[::1] folds,
    const uint8_t[::1] kinds,
):
    """Fold the characters of many texts in place, and say of each text what can be seen at once.

    `folds` and `kinds` are by code point, for those of the Basic Multilingual Plane; of others only
    emoji are plain. A text is `PLAIN` if folding is all it needs, `CHINESE` if it has two Chinese
    characters and no letters of other scripts.
    """
    cdef Py_ssize_t n_texts = ends.shape[0], text, position, start = 0
    cdef uint32_t n_folds = <uint32_t>folds.shape[0]
    looks = np.zeros(n_texts, np.uint8)
    cdef uint8_t[::1] found = looks
    cdef uint32_t code, before
    cdef int kind, before_kind, n_han, digits, repeats
    cdef bint plain, foreign
    with nogil:
        for text in range(n_texts):
            plain, foreign = True, False
            n_han = digits = repeats = 0
            before, before_kind = SPACE, 0
            for position in range(start, ends[text]):
                code, kind = codes[position], 0
                if code < n_folds:
                    code = folds[code]
                    codes[position] = code
                    kind = kinds[code]
                elif not _FIRST_EMOJI <= code <= _LAST_EMOJI:
                    kind = _SUSPECT
                digits = digits + 1 if kind & _DIGIT else 0
                repeats = repeats + 1 if code == before else 1
                if (
                    kind & _SUSPECT
                    or digits >= _MANY_DIGITS
                    or repeats >= _MANY_REPEATS
                    or (code == SPACE and before == SPACE)
                    or (kind & _LATIN and before_kind & _PROVINCE)
                    or (code == c"." and before == c"w")
                ):
                    plain = False
                foreign = foreign or kind & _LATIN != 0
                n_han += kind & _HAN != 0
                before, before_kind = code, kind
            if plain and (ends[text] == start or before != SPACE):
                found[text] = _PLAIN + _CHINESE * (n_han >= _MIN_HAN and not foreign)
            start = ends[text]
    return looks


cdef struct _Pattern:  # what is known of a pattern on the way through the anchors
    int32_t candidate  # number of its latest candidate, -1 for none
    int32_t until  # last start of what it waits for, -1 if it does not wait


cdef struct _Candidate:  # a row of the answer
    int32_t row
    int32_t pattern
    int32_t low
    int32_t high


def find_candidates(
    const int32_t[:, ::1] found, groups_of, patterns_of, needs, const int32_t[::1] reaches
):
    """Where anchors of every group of a pattern stand close enough to be one match.

    Returns text number, pattern, and the stretch that holds the match and the character after it.
    `found` are anchors by start. Lists are first places and members: item i has the members
    `lists[1]` from `lists[0][i]` up to `lists[0][i + 1]`. `groups_of` has the groups of each
    anchor, `patterns_of` the patterns whose rarest group holds it, `needs` the groups of each
    pattern, `reaches` the length of its longest match.
    """
    cdef const int64_t[::1] first_groups = groups_of[0], first_patterns = patterns_of[0]
    cdef const int32_t[::1] groups = groups_of[1], patterns = patterns_of[1]
    cdef const int64_t[::1] first_needs = needs[0]
    cdef const int32_t[::1] needed = needs[1]
    cdef Py_ssize_t n_found = found.shape[0], n_patterns = reaches.shape[0]
    cdef Py_ssize_t i = 0, n = 0, n_waiting = 0, kept, place, other
    cdef int32_t last_group = -1, row = -1, text_start = 0, anchor, start, end, pattern, number
    cdef int32_t reach, lowest
    cdef const Occurrence *anchors = occurrences(found)
    for place in range(needed.shape[0]):
        last_group = needed[place] if needed[place] > last_group else last_group
    cdef int32_t[::1] scratch = np.empty(3 * n_patterns + last_group + 1, np.int32)
    cdef int32_t *waiting = &scratch[0]  # patterns
    cdef _Pattern *known = <_Pattern *>(waiting + n_patterns)
    cdef int32_t *latest = <int32_t *>(known + n_patterns)  # start, by group
    memset(known, -1, n_patterns * sizeof(_Pattern) + (last_group + 1) * sizeof(int32_t))
    answer = np.empty((64 + n_patterns, 4), np.int32)
    cdef int32_t[:, ::1] answer_view = answer
    cdef _Candidate *candidates = <_Candidate *>&answer_view[0, 0]
    while True:
        with nogil:
            while i < n_found and n + n_patterns <= answer_view.shape[0]:
                anchor, start, end = anchors[i].value, anchors[i].start, anchors[i].end
                if anchors[i].row != row:
                    row, text_start = anchors[i].row, start
                for place in range(first_groups[anchor], first_groups[anchor + 1]):
                    latest[groups[place]] = start
                kept = 0
                for place in range(n_waiting):
                    pattern = waiting[place]
                    waiting[kept] = pattern
                    if known[pattern].until >= start:
                        kept += 1
                    else:
                        known[pattern].until = -1
                n_waiting = kept
                for place in range(first_patterns[anchor], first_patterns[anchor + 1]):
                    pattern = patterns[place]
                    if known[pattern].until < 0:
                        waiting[n_waiting] = pattern
                        n_waiting += 1
                    known[pattern].until = start
                    if first_needs[pattern + 1] - first_needs[pattern] > 1:
                        known[pattern].until += reaches[pattern]
                for place in range(n_waiting):
                    pattern = waiting[place]
                    reach = reaches[pattern]
                    lowest = max(text_start, end - reach)
                    for other in range(first_needs[pattern], first_needs[pattern + 1]):
                        if latest[needed[other]] < lowest:
                            break
                    else:
                        number = known[pattern].candidate
                        if (
                            number >= 0
                            and candidates[number].row == row
                            and candidates[number].high >= end - reach
                        ):
                            candidates[number].high = start + reach + 1
                            continue
                        known[pattern].candidate = <int32_t>n
                        candidates[n] = _Candidate(row, pattern, end - reach, start + reach + 1)
                        n += 1
                i += 1
        if i == n_found:
            return answer[:n]
        answer = np.concatenate([answer, np.empty_like(answer)])
        answer_view = answer
        candidates = <_Candidate *>&answer_view[0, 0]


cdef inline bint _is_sentence_mark(uint32_t code) noexcept nogil:
    return <Py_UCS4>code in "。!?;⋯\n"


cdef inline bint _is_clause_mark(uint32_t code) noexcept nogil:
    """Those of sentences end clauses, too."""
    return <Py_UCS4>code in ",:~、"


cdef inline bint _is_digit(uint32_t code) noexcept nogil:
    return c"0" <= code <= c"9"


cdef inline bint _is_han(uint32_t code) noexcept nogil:
    return _FIRST_HAN <= code <= _LAST_HAN


def find_ends(const uint32_t[::1] codes, const int64_t[::1] piece_ends):
    """1 at each character that ends a piece, a clause, a sentence."""
    cdef Py_ssize_t n_codes = codes.shape[0], position
    cdef uint32_t before = BREAK, code, after
    cdef bint is_end
    found = np.zeros((3, n_codes), np.uint8)
    cdef uint8_t[:, ::1] marks = found
    cdef uint8_t *pieces = &marks[0, 0]
    cdef uint8_t *clauses = pieces + n_codes
    cdef uint8_t *sentences = clauses + n_codes
    with nogil:
        for position in range(piece_ends.shape[0]):
            pieces[piece_ends[position] - 1] = 1
        for position in range(n_codes):
            code = codes[position]
            if not _is_han(code):
                after = codes[position + 1] if position + 1 < n_codes else BREAK
                is_end = not _is_digit(after) if code == c"." else _is_sentence_mark(code)
                sentences[position] = is_end
                clauses[position] = (
                    is_end
                    or _is_clause_mark(code)
                    or (code == SPACE and _is_han(before) and _is_han(after))
                )
            before = code
    return found[0], found[1], found[2]
