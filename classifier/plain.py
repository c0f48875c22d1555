"""Tells, for a whole batch at once, which texts need nothing but folding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

import numpy as np
import opencc

from classifier.characters import PROVINCES, folding_table
from classifier.kernels import Bytes, Codes, phrases
from classifier.lookup import code_points

_HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000))
RARE_HAN = re.compile(r"[\U00020000-\U0003ffff]")
_PLAIN_MARKS = " !\"#$%'()+,-.:;=?~。、《》⋯—·“”‘’【】「」"
_DIGIT_MARKS = " -)"  # what may stand inside a telephone or card number


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
def _folds() -> Codes:
    return code_points(folding_table())


@cache
def _kinds() -> Bytes:
    """By folded code point of the Basic Multilingual Plane: what its sight alone tells."""
    table = np.full(len(_folds()), phrases.SUSPECT, np.uint8)
    for start, stop in _HAN_RANGES:
        table[start:stop] = phrases.HAN
    for chars, kind in (
        (_PLAIN_MARKS, 0),
        ("0123456789" + _DIGIT_MARKS, phrases.DIGIT),
        ("abcdefghijklmnopqrstuvwxyz", phrases.LATIN),
        (PROVINCES, phrases.HAN | phrases.PROVINCE),
        (traditional().pattern[1:-1], phrases.SUSPECT),
    ):
        table[[ord(char) for char in chars]] = kind
    return table


def plain_texts(texts: Sequence[str]) -> tuple[str, list[int]]:
    """The texts in a row, folded, and for each what a look at its characters tells.

    `phrases.PLAIN` is set if folding is all that a text needs: one without it may still turn out to
    need nothing; the other way round never. `phrases.CHINESE` if it is plain and surely Chinese.
    """
    codes = code_points("".join(texts)).copy()
    ends = np.fromiter(accumulate(map(len, texts)), np.int64, len(texts))
    found = phrases.fold_and_look(codes, ends, _folds(), _kinds())
    return codes.tobytes().decode("utf-32-le", "surrogatepass"), found.tolist()
