"""Our own segmenter: two compiled loops, and the tables of package jieba for them.

Its pieces equal those of rjieba 0.2.2 with the same user words: tests compare them. It makes no
Python strings, and other threads run meanwhile.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifier.errors import ResourceError
from classifier.kernels import Codes, Floats, Longs, routes, segment
from classifier.lookup import code_points, joined

# To be raised when the same tables would be cut with in another way.
ALGORITHM = 1
_LAST_CODE = 0x2FA20  # the first code point after all Chinese ones; stands for all above
_HAN, _LAST_MODELLED = (0x4E00, 0x9FFF), 0x9FD5  # the model has the Chinese part of Unicode 8
# CJK ideographs outside of the main block: extensions A to F, compatibility (Unicode, Blocks.txt)
_RARE_HAN = (
    (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0x2CEB0, 0x2EBEF), (0x2F800, 0x2FA1F),
)  # fmt: skip
_ALNUM = (("0", "9"), ("A", "Z"), ("a", "z"))
_STATES = "BEMS"  # in the order of the loops: begin, end, middle, single
_DECIMALS = 6  # of emissions in jieba-rs; jieba's have more
_IMPOSSIBLE = -3.14e100  # jieba's logarithm of 0
_EMISSION = re.compile(r"'\\u([0-9a-f]{4})': (-[0-9.e+]+)")


class Segmenter:
    """The words of text, made of jieba's dictionary and hidden Markov model and some user words.

    `frequency` is that of every user word. `fingerprint` changes with any of these. Safe between
    threads: never changed after.
    """

    def __init__(self, user_words: Sequence[str], frequency: int) -> None:
        folder = jieba_folder()
        words = (folder / "dict.txt").read_bytes()
        model = [
            (folder / "finalseg" / f"prob_{name}.py").read_bytes()
            for name in ("start", "trans", "emit")
        ]
        parts = [words, *model, joined(user_words).encode(), str(frequency).encode()]
        digest = hashlib.sha256()
        for part in parts:
            digest.update(hashlib.sha256(part).digest())
        self.fingerprint = f"{ALGORITHM}-{digest.hexdigest()[:12]}"
        self._dictionary = _read_dictionary(words.decode("utf-8"), user_words, frequency)
        self._model = _read_model(*[part.decode("utf-8") for part in model])

    @property
    def tables(self) -> tuple[routes.Dictionary, Floats]:
        """What the compiled loops want of it: the dictionary and the model of characters."""
        return self._dictionary, self._model

    def piece_ends(self, codes: Codes) -> Longs:
        r"""Where each piece of a text ends; a text may be several, with a line break after each.

        >>> segmenter = Segmenter(["已读不回"], 200_000)
        >>> segmenter.piece_ends(code_points("客服已读不回,退款100.50元\n")).tolist()
        [2, 6, 7, 9, 15, 16, 17]
        """
        route = routes.find_route(codes, self._dictionary)
        return segment.find_piece_ends(codes, route, self._model)


def jieba_folder() -> Path:
    """Where package jieba is installed; to import it would take longer than to read its tables."""
    spec = importlib.util.find_spec("jieba")
    if spec is None or not spec.submodule_search_locations:
        raise ResourceError("package jieba is not installed: it has the dictionary")
    return Path(spec.submodule_search_locations[0])


def _kinds() -> Codes:
    """What each character is, by code point."""
    kinds = np.full(_LAST_CODE + 1, segment.OUTSIDE, np.uint32)
    kinds[_HAN[0] : _HAN[1] + 1] = segment.RARE_HAN
    kinds[_HAN[0] : _LAST_MODELLED + 1] = segment.HAN
    for low, high in _RARE_HAN:
        kinds[low : high + 1] = segment.RARE_HAN
    for first, last in _ALNUM:
        kinds[ord(first) : ord(last) + 1] = segment.ALNUM
    kinds[code_points("._-")] = segment.JOINER
    kinds[code_points("+#&")] = segment.SIGN
    kinds[ord("%")] = segment.PERCENT
    return kinds


def _read_dictionary(lines: str, user_words: Sequence[str], frequency: int) -> routes.Dictionary:
    """The table of all words, and their weights: ln(frequency) - ln(sum of all frequencies).

    The frequency of a character that is no word is taken as 1.
    """
    lines = lines.rstrip() + "\n"
    codes = code_points(lines + joined(user_words))
    starts, ends, frequencies = routes.read_entries(codes)
    frequencies[starts >= len(lines)] = frequency
    distinct, numbers = np.unique(np.append(frequencies, 1), return_inverse=True)
    longest = int((ends - starts).max(initial=0))
    if longest > routes.MAX_WORD_CHARS or len(distinct) >= routes.MAX_WEIGHTS:
        raise ResourceError(
            f"jieba's dictionary has words of {longest} characters and {len(distinct)} different "
            f"frequencies, allowed are {routes.MAX_WORD_CHARS} and {routes.MAX_WEIGHTS}"
        )
    # 1.4 prefixes and 0.5 pairs a word: the table is a quarter full, of the bits one in twelve set.
    size = (2 * len(starts)).bit_length()
    tables = _kinds(), np.zeros(1 << size >> 5, np.uint64), np.zeros(2 << size, np.uint64)
    before = routes.enter_words(codes, (starts, ends), numbers[:-1] + 1, tables)
    replaced = before[before > 0] - 1  # of words that stand twice the last counts
    log_sum = math.log(frequencies.sum() - distinct[replaced].sum())
    # One by one: NumPy's logarithm of an array may differ in the last bit, and turn a tie.
    weights = [math.log(value) if value else -math.inf for value in (1, *distinct.tolist())]
    return *tables, np.array(weights) - log_sum


def _literal(module: str) -> Any:  # a table, or a table of tables
    """The value in a module that says `P = value`, without running it."""
    return ast.literal_eval(module.partition("P=")[2].strip())


def _read_model(start: str, moves: str, emissions: str) -> Floats:
    """The hidden Markov model, shape (5 + characters from U+4E00, 4), for states B, E, M, S.

    Logarithms of the probabilities of starting in each state, in four rows of passing on to each
    from B, E, M, S, and of emitting a character; what the files do not name is impossible.
    """
    first, after = _literal(start), _literal(moves)
    heads = [first, *[after[state] for state in _STATES]]
    table = np.full((5 + _LAST_MODELLED - _HAN[0] + 1, len(_STATES)), _IMPOSSIBLE)
    table[:5] = [[row.get(state, _IMPOSSIBLE) for state in _STATES] for row in heads]
    _, *parts = re.split(r"'([BEMS])': \{", emissions)
    for name, part in zip(parts[::2], parts[1::2], strict=True):
        found = _EMISSION.findall(part)
        codes = np.array([int(code, 16) for code, _ in found])
        values = np.round([float(value) for _, value in found], _DECIMALS)
        is_modelled = (codes >= _HAN[0]) & (codes <= _LAST_MODELLED)
        table[codes[is_modelled] - _HAN[0] + 5, _STATES.index(name)] = values[is_modelled]
    return table
