"""Compiled loops: the innermost work of every stage, without its meaning.

They are written in Cython and compiled once, by `hatch_build.py`. Arrays must have the types that
the signatures say, and be C-contiguous: others raise ValueError. They may be read-only, but for
those that a loop changes. Long loops hold no lock, so that other threads run meanwhile; short ones
keep it: to ask for it again would take longer.

`loops.pxd` has what several of them share. `reading` runs the others' loops one after another for a
batch that is to be judged; `pieces` makes the objects that the caller gets.

A *unit* is what n-grams are made of: a character, given by its code point, or a word, given by a
64-bit hash of its code points. `BREAK` ends a text; no n-gram crosses it. Texts are joined to one
batch, and all positions count its characters.

Raises:
    ImportError: the loops have not been compiled for this Python.
"""

from __future__ import annotations

from importlib.util import find_spec

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
Index = tuple[Table, int, tuple[Longs, Ints], Longs]  # of n-grams: see `grams.find_grams`

# Those that loops use stand in loops.pxd, too.
BREAK = 10  # the line break, never in a clean text
SPACE = 32
UNKNOWN, PREFIX = -2, -1  # what a table says of a key: not there; only the beginning of n-grams
MAX_VALUE = (1 << 24) - 2
VALUE, START, END, ROW = 0, 1, 2, 3  # columns of an array of occurrences

if find_spec(f"{__name__}.answers") is None:
    raise ImportError("the compiled loops are missing: run make, or python hatch_build.py")
