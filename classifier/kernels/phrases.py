"""A look at the characters of many texts, and what stands around a phrase."""

from __future__ import annotations

import numpy as np

from classifier.kernels import (
    BREAK,
    END,
    ROW,
    SPACE,
    START,
    VALUE,
    Bytes,
    Codes,
    Ints,
    Longs,
    compiled,
)

Lists = tuple[Longs, Ints]

PLAIN, CHINESE = 1, 2
DIGIT, LATIN, PROVINCE, HAN, SUSPECT = 1, 2, 4, 8, 16
_MANY_DIGITS = 6  # fewer in a row cannot be a telephone, card or order number
_MANY_REPEATS = 4
_MIN_HAN = 2
_W, _DOT = 0x77, 0x2E
_FIRST_EMOJI, _LAST_EMOJI = 0x1F300, 0x1FAFF


@compiled
def fold_and_look(codes: Codes, ends: Longs, folds: Codes, kinds: Bytes) -> Bytes:
    """Fold the characters of many texts in place, and say of each text what can be seen at once.

    `folds` and `kinds` are by code point, for those of the Basic Multilingual Plane; of others only
    emoji are plain. A text is `PLAIN` if folding is all it needs, `CHINESE` if it has two Chinese
    characters and no letters of other scripts.
    """
    found = np.zeros(len(ends), np.uint8)
    start = 0
    for text in range(len(ends)):
        end = ends[text]
        plain, foreign = True, False
        n_han = digits = repeats = 0
        before, before_kind = np.uint32(SPACE), np.uint8(0)
        for position in range(start, end):
            code, kind = codes[position], np.uint8(0)
            if code < len(folds):
                code = folds[code]
                codes[position] = code
                kind = kinds[code]
            elif not _FIRST_EMOJI <= code <= _LAST_EMOJI:
                kind = np.uint8(SUSPECT)
            digits = digits + 1 if kind & DIGIT else 0
            repeats = repeats + 1 if code == before else 1
            if (
                kind & SUSPECT
                or digits >= _MANY_DIGITS
                or repeats >= _MANY_REPEATS
                or (code == SPACE and before == SPACE)
                or (kind & LATIN and before_kind & PROVINCE)
                or (code == _DOT and before == _W)
            ):
                plain = False
            foreign = foreign or kind & LATIN != 0
            n_han += kind & HAN != 0
            before, before_kind = code, kind
        if plain and (end == start or before != SPACE):
            found[text] = PLAIN + CHINESE * (n_han >= _MIN_HAN and not foreign)
        start = end
    return found


@compiled
def _larger(array: Ints) -> Ints:
    larger = np.empty((2 * len(array) + 16, array.shape[1]), array.dtype)
    larger[: len(array)] = array
    return larger


_SENTENCE_MARKS = np.array([ord(mark) for mark in "。!?;⋯\n"], np.uint32)
_CLAUSE_MARKS = np.array([ord(mark) for mark in ",:~、"], np.uint32)  # and those of sentences
_ZERO, _NINE, _FIRST_HAN, _LAST_HAN = 0x30, 0x39, 0x4E00, 0x9FFF


@compiled
def find_candidates(
    found: Ints, groups_of: Lists, patterns_of: Lists, needs: Lists, reaches: Ints
) -> Ints:
    """Where anchors of every group of a pattern stand close enough to be one match.

    Returns text number, pattern, and the stretch that holds the match and the character after it.
    `found` are anchors by start. Lists are first places and members: item i has the members
    `lists[1]` from `lists[0][i]` up to `lists[0][i + 1]`. `groups_of` has the groups of each
    anchor, `patterns_of` the patterns whose rarest group holds it, `needs` the groups of each
    pattern, `reaches` the length of its longest match.
    """
    candidates = np.empty((64, 4), np.int32)
    latest = np.full(needs[1].max() + 1 if len(needs[1]) else 0, -1, np.int32)  # start, by group
    candidate_of = np.full(len(reaches), -1, np.int32)  # latest candidate of each pattern
    until = np.full(len(reaches), -1, np.int32)  # last start of what a waiting pattern lacks
    waiting = np.empty(len(reaches), np.int32)
    n = n_waiting = 0
    row = -1
    for i in range(len(found)):
        anchor, start, end = found[i, VALUE], found[i, START], found[i, END]
        if found[i, ROW] != row:
            row, text_start = found[i, ROW], start
        for place in range(groups_of[0][anchor], groups_of[0][anchor + 1]):
            latest[groups_of[1][place]] = start
        kept = 0
        for place in range(n_waiting):
            pattern = waiting[place]
            if until[pattern] >= start:
                waiting[kept] = pattern
                kept += 1
            else:
                until[pattern] = -1
        n_waiting = kept
        for place in range(patterns_of[0][anchor], patterns_of[0][anchor + 1]):
            pattern = patterns_of[1][place]
            if until[pattern] < 0:
                waiting[n_waiting] = pattern
                n_waiting += 1
            until[pattern] = start
            if needs[0][pattern + 1] - needs[0][pattern] > 1:
                until[pattern] += reaches[pattern]
        for place in range(n_waiting):
            pattern = waiting[place]
            reach = reaches[pattern]
            lowest = max(text_start, end - reach)
            is_close = True
            for other in range(needs[0][pattern], needs[0][pattern + 1]):
                is_close = is_close and latest[needs[1][other]] >= lowest
            if not is_close:
                continue
            number = candidate_of[pattern]
            low, high = end - reach, start + reach + 1
            if number >= 0 and candidates[number, 0] == row and candidates[number, 3] >= low:
                candidates[number, 3] = high
                continue
            if n == len(candidates):
                candidates = _larger(candidates)
            candidate_of[pattern] = n
            candidates[n, 0], candidates[n, 1] = row, pattern
            candidates[n, 2], candidates[n, 3] = low, high
            n += 1
    return candidates[:n]


@compiled
def _is_one_of(code: int, marks: Codes) -> bool:
    is_mark = False
    for mark in marks:
        is_mark = is_mark or bool(code == mark)
    return is_mark


@compiled
def find_parts(
    codes: Codes, piece_ends: Longs, clause_chars: int, sentence_chars: int
) -> tuple[Bytes, Bytes, Bytes, Bytes, Bytes]:
    """1 where a piece ends, and how far the clause and the sentence go before and after a place.

    That is counted in characters: from the place back to what follows the latest end, and from it
    to the next end, which belongs to the part unless it is a line break; at most 255.
    """
    n = len(codes)
    pieces = np.zeros(n, np.uint8)
    for end in piece_ends:
        pieces[end - 1] = 1
    clauses, sentences = np.empty(n, np.uint8), np.empty(n, np.uint8)
    before = np.uint32(BREAK)
    for position in range(n):
        code = codes[position]
        clauses[position] = sentences[position] = 0
        if not _FIRST_HAN <= code <= _LAST_HAN:
            after = codes[position + 1] if position + 1 < n else np.uint32(BREAK)
            is_end = _is_one_of(code, _SENTENCE_MARKS)
            if code == _DOT:
                is_end = bool(not _ZERO <= after <= _NINE)
            is_between = _FIRST_HAN <= before <= _LAST_HAN and _FIRST_HAN <= after <= _LAST_HAN
            sentences[position] = is_end
            clauses[position] = (
                is_end or _is_one_of(code, _CLAUSE_MARKS) or (code == SPACE and is_between)
            )
        before = code
    clause_before, clause_after = _distances(codes, clauses, clause_chars)
    sentence_before, sentence_after = _distances(codes, sentences, sentence_chars)
    return pieces, clause_before, clause_after, sentence_before, sentence_after


@compiled
def _distances(codes: Codes, ends: Bytes, most: int) -> tuple[Bytes, Bytes]:
    """How many characters lie between each place and the latest end, and up to the next."""
    n = len(ends)
    before, after = np.empty(n, np.uint8), np.empty(n, np.uint8)
    distance = 0
    for place in range(n):
        before[place] = min(distance, most)
        distance = 0 if ends[place] else distance + 1
    distance = 0
    for place in range(n - 1, -1, -1):
        if ends[place]:
            distance = 0 if codes[place] == BREAK else 1
        else:
            distance += 1
        after[place] = min(distance, most)
    return before, after
