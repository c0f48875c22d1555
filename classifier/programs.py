"""Phrase patterns as programs: put together from pieces, then laid side by side for the loop.

A program is a row of steps: what to do, with what, how many at least and at most. Where
`kernels.patterns`, which runs them, has the number of a list of words, a step has the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from classifier.kernels import Bytes, Codes, Ints
from classifier.kernels.patterns import (
    BEFORE,
    END,
    FEW,
    JUMP,
    MANY,
    SPLIT,
    WORDS,
    Matcher,
)
from classifier.lookup import code_points

Step = tuple[int, int | tuple[str, ...], int, int]
Program = tuple[Step, ...]

NUMERALS = "一二两三四五六七八九十几多数百千半俩仨好无n"
PLURALS = "二两三四五六七八九十几多数百千俩仨好无n"
_IN_CLAUSE, _IN_SENTENCE, _CLAUSE_MARK, _DIGIT, _FROM_1, _FROM_2, _NUMERAL, _PLURAL = (
    1 << bit for bit in range(8)
)
_NOT_OF = {_IN_CLAUSE: ",。!?;:⋯《》\n", _IN_SENTENCE: "。!?;⋯《》\n"}
_OF = {
    _CLAUSE_MARK: ",。!?;:⋯~\n、 .",
    _DIGIT: "0123456789",
    _FROM_1: "123456789",
    _FROM_2: "23456789",
    _NUMERAL: NUMERALS,
    _PLURAL: PLURALS,
}
_N_KINDS = 1 << 16  # code points whose kinds are listed
_CHOICES = {SPLIT, WORDS, MANY, FEW}
_END: Step = (END, 0, 0, 0)


def any_of(words: Iterable[str]) -> Program:
    """One of the words, in their order."""
    return ((WORDS, tuple(words), 0, 0),)


def sequence(programs: Iterable[Program]) -> Program:
    """One after another."""
    return tuple(chain.from_iterable(programs))


def either(options: Iterable[Program]) -> Program:
    """One of the options, in their order.

    >>> either([any_of("a"), any_of("bc")]) == any_of("abc")
    True
    """
    merged: list[Program] = []
    for option in options:
        if _is_words(option) and merged and _is_words(merged[-1]):
            merged[-1] = any_of([*_words(merged[-1]), *_words(option)])
        else:
            merged.append(option)
    *others, whole = merged
    for option in reversed(others):
        jump: Step = (JUMP, len(whole) + 1, 0, 0)
        whole = ((SPLIT, len(option) + 2, 0, 0), *option, jump, *whole)
    return whole


def maybe(program: Program) -> Program:
    """The program, or else nothing."""
    if _is_words(program):
        return any_of([*_words(program), ""])
    return ((SPLIT, len(program) + 1, 0, 0), *program)


def gap_in_clause(most: int) -> Program:
    """So many characters of a clause or fewer, as few as lead to a match."""
    return ((FEW, _IN_CLAUSE, 0, most),)


def gap_in_sentence(most: int) -> Program:
    """So many characters of a sentence or fewer, as few as lead to a match."""
    return ((FEW, _IN_SENTENCE, 0, most),)


def number() -> Program:
    """A number in digits or characters."""
    return either([_many(_DIGIT, 1, 9), _many(_NUMERAL, 1, 4)])


def plural() -> Program:
    """A number that is two or more, or many."""
    longer = _many(_FROM_1, 1, 1) + _many(_DIGIT, 1, 8)
    return either([_many(_FROM_2, 1, 1), longer, _many(_PLURAL, 1, 1) + _many(_NUMERAL, 0, 3)])


def clause_end() -> Program:
    """Nothing, before the mark of a clause or where the text or what is looked at of it ends."""
    return ((BEFORE, _CLAUSE_MARK, 0, 0),)


def n_choices(program: Program) -> int:
    """How many choices may be open at once; the loop has room for `MOST_CHOICES`."""
    return sum(step[0] in _CHOICES for step in program)


def matcher(programs: Sequence[Program], watch: tuple[Ints, Ints, Ints]) -> Matcher:
    """The programs ready to run; `watch` is as `Matcher` says."""
    lists: dict[tuple[str, ...], int] = {(): 0}
    steps: list[tuple[int, int, int, int]] = []
    firsts = []
    for program in programs:
        firsts.append(len(steps))
        for kind, what, least, most in program:
            if isinstance(what, tuple):
                what = lists.setdefault(what, len(lists))  # noqa: PLW2901
            steps.append((kind, what, least, most))
        steps.append((END, 0, 0, 0))
    return Matcher(
        np.array(steps or [(END, 0, 0, 0)], np.int32),
        np.array(firsts or [0], np.int32),
        _word_tables(list(lists)),
        _kinds(),
        watch,
    )


def alone(program: Program) -> Matcher:
    """One program ready to run, as number 0, in stretches that are known."""
    nowhere = np.zeros(1, np.int32)
    return matcher([program], (nowhere, nowhere, nowhere))


def _is_words(program: Program) -> bool:
    return len(program) == 1 and program[0][0] == WORDS


def _words(program: Program) -> tuple[str, ...]:
    words = program[0][1]
    return words if isinstance(words, tuple) else ()


def _many(kinds: int, least: int, most: int) -> Program:
    return ((MANY, kinds, least, most),)


def _word_tables(lists: Sequence[Sequence[str]]) -> tuple[Ints, Ints, Codes]:
    """First words of lists, first characters of words, characters."""
    words = list(chain.from_iterable(lists))
    firsts = np.cumsum([0, *map(len, lists)], dtype=np.int32)
    places = np.cumsum([0, *map(len, words)], dtype=np.int32)
    return firsts, places, code_points("".join(words) + "\0")


def _kinds() -> Bytes:
    """The kinds of each character, by code point."""
    kinds = np.full(_N_KINDS, sum(_NOT_OF), np.uint8)
    for kind, chars in _NOT_OF.items():
        kinds[code_points(chars)] &= ~np.uint8(kind)
    for kind, chars in _OF.items():
        kinds[code_points(chars)] |= np.uint8(kind)
    return kinds
