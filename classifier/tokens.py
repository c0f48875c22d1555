"""Words of a clean text, by one of three engines that read the same packaged user words.

`compiled` is our own and serves; `rjieba` gives the same pieces in four times the time, `jieba`
nearly the same: both are there for models that were fitted with them, and to compare with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, pairwise

import numpy as np

from classifier.errors import ModelError, ResourceError, shorten
from classifier.kernels import Codes, Longs
from classifier.lookup import code_points, joined
from classifier.segmenter import Segmenter

ENGINES = ("compiled", "rjieba", "jieba")
_MAX_WORD_CHARS = 12
PieceEnds = Callable[[str, Codes], Longs]


@dataclass(frozen=True, slots=True)
class Tokeniser:
    """A segmenter and its fingerprint.

    `cut(text)` returns pieces whose concatenation is the text, and `piece_ends(text, codes)` where
    they end, given its code points too; `fingerprint` names engine, engine version and a SHA-256
    of the user words, and changes when any segmentation might. `segmenter` is our own, if it is.
    """

    engine: str
    fingerprint: str
    cut: Callable[[str], list[str]]
    piece_ends: PieceEnds
    segmenter: Segmenter | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Another process loads the engine for itself."""
        return _the_same, (self.engine, self.fingerprint)


def _the_same(engine: str, fingerprint: str) -> Tokeniser:
    found = tokeniser(engine)
    if found.fingerprint != fingerprint:
        raise ModelError(f"tokeniser here is {found.fingerprint}, {fingerprint} is needed")
    return found


@dataclass(frozen=True, slots=True)
class CutBatch:
    """Clean texts, joined with a line break after each, and cut.

    `codes` are the code points of the joined texts; `piece_ends` where each piece ends, a line
    break being a piece. All positions count characters of the joined texts.
    """

    texts: Sequence[str]
    codes: Codes
    piece_ends: Longs

    @property
    def pieces(self) -> list[str]:
        """The pieces of the joined texts, made anew each time."""
        return pieces_of(joined(self.texts), self.piece_ends)


def cut_batch(piece_ends: PieceEnds, texts: Sequence[str]) -> CutBatch:
    """Cut many clean texts in one call.

    All engines end every word at a line break, so this equals cutting text by text.
    """
    batch = joined(texts)
    codes = code_points(batch)
    return CutBatch(texts, codes, piece_ends(batch, codes))


def ends_by(cut: Callable[[str], list[str]]) -> PieceEnds:
    """What tells where the pieces of `cut` end.

    >>> ends_by(str.split)("退款", code_points("退款")).tolist()
    [2]
    """

    def piece_ends(text: str, _: Codes) -> Longs:
        pieces = cut(text)
        return np.fromiter(accumulate(map(len, pieces)), np.int64, len(pieces))

    return piece_ends


def pieces_of(text: str, piece_ends: Longs) -> list[str]:
    """The pieces of a text that end at these places.

    >>> pieces_of("退款慢", np.array([2, 3]))
    ['退款', '慢']
    """
    return [text[start:end] for start, end in pairwise([0, *piece_ends.tolist()])]


def words_of(pieces: list[str]) -> list[str]:
    """The pieces that are words or marks, without white space.

    >>> words_of(["差", " ", "!"])
    ['差', '!']
    """
    return [piece for piece in pieces if not piece.isspace()]


@cache
def tokeniser(engine: str = ENGINES[0]) -> Tokeniser:
    """The segmenter of that name, loaded once per process (compiled 0.2 s, rjieba 0.2, jieba 0.8).

    >>> tokeniser().cut("客服已读不回,气死我了")
    ['客服', '已读不回', ',', '气死我了']

    Raises:
        ModelError: the engine's name is none of `ENGINES`.
    """
    if engine not in ENGINES:
        raise ModelError(f"tokeniser engine is {shorten(engine)}, allowed are {', '.join(ENGINES)}")
    if engine == "compiled":
        return _compiled()
    from importlib.metadata import version  # noqa: PLC0415  (0.03 s, only for these engines)

    cut = _rjieba_cut() if engine == "rjieba" else _jieba_cut()
    fingerprint = f"{engine}-{version(engine)}-{_words_hash()[:12]}"
    return Tokeniser(engine, fingerprint, cut, ends_by(cut))


@cache
def user_words() -> tuple[str, ...]:
    """The packaged complaint words, one a line, `#` for comments.

    Raises:
        ResourceError: a line is repeated, too long, or holds white space.
    """
    lines = _words_file().decode("utf-8").splitlines()
    words = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    for word in words:
        if len(word) > _MAX_WORD_CHARS or any(char.isspace() for char in word):
            raise ResourceError(
                f"user word {shorten(word)}: at most {_MAX_WORD_CHARS} characters, no spaces"
            )
    if len(set(words)) != len(words):
        repeated = next(word for word in words if words.count(word) > 1)
        raise ResourceError(f"user word {shorten(repeated)} stands twice")
    return tuple(words)


def _words_file() -> bytes:
    return (files("classifier") / "resources" / "words.txt").read_bytes()


def _words_hash() -> str:
    return hashlib.sha256(_words_file()).hexdigest()


# A frequency that wins over every split into common words, the same for all engines.
_WORD_FREQUENCY = 200_000


def _compiled() -> Tokeniser:
    segmenter = Segmenter(user_words(), _WORD_FREQUENCY)

    def piece_ends(_: str, codes: Codes) -> Longs:
        return segmenter.piece_ends(codes)

    def cut(text: str) -> list[str]:
        return pieces_of(text, segmenter.piece_ends(code_points(text)))

    return Tokeniser("compiled", f"compiled-{segmenter.fingerprint}", cut, piece_ends, segmenter)


def _rjieba_cut() -> Callable[[str], list[str]]:
    import rjieba  # noqa: PLC0415  (0.2 s of dictionary, only when this engine is asked for)

    engine = rjieba.Jieba()
    for word in user_words():
        engine.add_word(word, _WORD_FREQUENCY, None)

    def cut(text: str) -> list[str]:
        pieces: list[str] = engine.cut(text)
        return pieces

    return cut


def _jieba_cut() -> Callable[[str], list[str]]:
    import jieba  # noqa: PLC0415  (0.8 s of dictionary, only when this engine is asked for)

    jieba.setLogLevel("WARNING")
    engine = jieba.Tokenizer()
    for word in user_words():
        engine.add_word(word, _WORD_FREQUENCY)

    def cut(text: str) -> list[str]:
        pieces: list[str] = engine.lcut(text)
        return pieces

    return cut
