"""Tells, for a whole batch at once, which texts need nothing but folding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import opencc
from numpy.typing import NDArray

from classifier.characters import folding_table
from classifier.pii import PROVINCES

_HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000))
RARE_HAN = re.compile(r"[\U00020000-\U0003ffff]")
_EMOJI = (0x1F300, 0x1FB00)
_PLAIN_MARKS = " !\"#$%'()+,-.:;=?~。、《》⋯—·“”‘’【】「」"
_DIGIT, _LATIN, _PROVINCE, _SUSPECT = 1, 2, 4, 8
_DIGIT_MARKS = " -)"  # what may stand inside a telephone or card number
_MANY_DIGITS = 6  # fewer in a row cannot be a telephone, card or order number
_CODES = 0x110000


@cache
def converter() -> opencc.OpenCC:
    """OpenCC from traditional to simplified characters, loaded once per process."""
    return opencc.OpenCC("t2s")


@cache
def traditional() -> re.Pattern[str]:
    """A pattern of every character that OpenCC's `t2s` changes when it stands alone.

    Of the Basic Multilingual Plane only: with rarer characters in it, a search takes 50 times as
    long (79 against 1.5 µs for 80 characters). `RARE_HAN` finds those.
    """
    chars = [chr(code) for start, stop in _HAN_RANGES for code in range(start, stop)]
    simple = converter().convert("\n".join(chars)).split("\n")
    return re.compile("[" + "".join(a for a, b in zip(chars, simple, strict=True) if a != b) + "]")


@cache
def _folds() -> NDArray[np.uint32]:
    table = np.arange(_CODES, dtype=np.uint32)
    folded = folding_table().encode("utf-32-le", "surrogatepass")
    table[: len(folded) // 4] = np.frombuffer(folded, np.uint32)
    return table


@cache
def _kinds() -> NDArray[np.uint8]:
    """By folded code point: digit, Latin letter, or anything that may need a clean-up step."""
    table = np.full(_CODES, _SUSPECT, np.uint8)
    for start, stop in (*_HAN_RANGES, _EMOJI):
        table[start:stop] = 0
    table[_codes_of(_PLAIN_MARKS)] = 0
    table[_codes_of("0123456789" + _DIGIT_MARKS)] = _DIGIT
    table[_codes_of("abcdefghijklmnopqrstuvwxyz")] = _LATIN
    table[_codes_of(PROVINCES)] = _PROVINCE
    table[_codes_of(traditional().pattern[1:-1])] = _SUSPECT
    return table


def _codes_of(chars: str) -> list[int]:
    return [ord(char) for char in chars]


def plain_texts(joined: str, lengths: Sequence[int]) -> tuple[str, list[bool]]:
    """The joined batch folded, and for each text whether folding is all that it needs.

    `lengths` are the texts' numbers of characters. A text that is not plain may still turn out to
    need nothing; the other way round never.
    """
    codes = _folds()[np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)]
    kinds = _kinds()[codes]
    ends = np.cumsum(lengths)
    starts = ends - lengths
    suspect = kinds == _SUSPECT
    _mark(suspect, _repeats(codes))
    _mark(suspect, _digit_runs(kinds))
    _mark(suspect, (kinds[:-1] == _PROVINCE) & (kinds[1:] == _LATIN))
    spaces = codes == ord(" ")
    _mark(suspect, spaces[1:] & spaces[:-1])
    filled = np.flatnonzero(np.asarray(lengths))
    for edge in (starts[filled], ends[filled] - 1):
        suspect[edge] |= spaces[edge]
    upto = np.concatenate([[0], suspect.cumsum()])
    is_plain = upto[ends] == upto[starts]
    if "www." in joined or "WWW" in joined:
        is_plain[:] = False
    return codes.tobytes().decode("utf-32-le", "surrogatepass"), is_plain.tolist()


def _mark(suspect: NDArray[np.bool_], found: NDArray[np.bool_]) -> None:
    suspect[: len(found)] |= found


def _repeats(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Where four equal characters begin; also where they run from one text into the next."""
    same = codes[1:] == codes[:-1]
    repeats: NDArray[np.bool_] = same[2:] & same[1:-1] & same[:-2]
    return repeats


def _digit_runs(kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a run of digits and their separators begins that is long enough to be a number."""
    upto = np.concatenate([[0], np.cumsum(kinds == _DIGIT)])
    runs: NDArray[np.bool_] = upto[_MANY_DIGITS:] - upto[:-_MANY_DIGITS] == _MANY_DIGITS
    return runs
