"""Compiled loops: the innermost work of every stage, without its meaning.

Numba compiles a loop when it is first called and keeps the machine code on disk beside the module.
A kept loop is compiled anew only if its own file changes, not if a loop that it calls does: so a
loop calls only loops of its own file. They hold no lock: other threads run meanwhile.

A *unit* is what n-grams are made of: a character, given by its code point, or a word, given by a
64-bit hash of its code points. `BREAK` ends a text; no n-gram crosses it. Texts are joined to one
batch, and all positions count its characters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Keys = NDArray[np.uint64]
Codes = NDArray[np.uint32]
Units = NDArray[np.uint32] | NDArray[np.uint64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Table = Keys  # slots: the upper bits of a key, and its value plus one in the lower

BREAK = 10  # the line break, never in a clean text
SPACE = 32
UNKNOWN, PREFIX = -2, -1  # what a table says of a key: not there; only the beginning of n-grams
MAX_VALUE = (1 << 24) - 2
VALUE, START, END, ROW = 0, 1, 2, 3  # columns of an array of occurrences

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The function as machine code."""
    return cast(Function, numba.njit(cache=True, nogil=True)(function))
