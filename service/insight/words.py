"""Words that rise against their own past, and new compounds that no dictionary has.

A word counts once for each text that has it: somebody who repeats himself is one complaint.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain, pairwise
from statistics import NormalDist

from classifier.segmenter import jieba_folder
from classifier.text import clean_batch
from classifier.tokens import tokeniser
from service.insight.surges import MIN_CASES

MIN_Z = 3.0  # of the log-odds: 1 in 700 words by chance,
_BY_CHANCE = 0.5  # and of all words of a list at most so many
MIN_PMI = 3.0  # together e³ = 20 times as often as by chance
MIN_ENTROPY = 1.0  # as many neighbours as e = 2.7 equally frequent ones
_PRIOR_WORDS = 1000.0  # the weight of the prior: about 100 complaints of 60 characters,
_PRIOR_SHARE = 0.1  # and never more than this of all that was counted
_MAX_COMPOUND_CHARS = 8
_VERSION = r"\d{1,2}(?:\.\d{1,3}){2,3}|v\d{1,2}(?:\.\d{1,3})*"  # 8.6.0, v9; not a price
_WORD = re.compile(rf"[a-z\u3400-\u9fff][a-z0-9\u3400-\u9fff+]+|{_VERSION}")
_PIECE = re.compile(r"[a-z0-9\u3400-\u9fff]+")
_TOKEN = re.compile(r"\[[^\[\]]{1,8}\]")
_FUNCTION_TAGS = "rmqdcuptfyeoh"  # ICTCLAS part-of-speech tags, by their first letter
_EDGE = " "  # the neighbour of a piece at either end of a text
Pieces = Sequence[str]


@dataclass(frozen=True, slots=True)
class Rise:
    """A word, in how many texts it is now and was before, and how sure it is that it rose."""

    word: str
    now: int
    before: int
    z: float


@dataclass(frozen=True, slots=True)
class Compound:
    """Pieces that stand together like one word: how often, how tightly, how freely."""

    word: str
    number: int
    pmi: float
    entropy: float


def count(texts: Iterable[Pieces]) -> Counter[str]:
    """In how many texts each word of two or more characters is.

    >>> sorted(count([["退款", "慢", "退款"], ["12315", "退款"]]).items())
    [('退款', 2)]
    """
    found: Counter[str] = Counter()
    for pieces in texts:
        found.update({one for one in pieces if is_term(one)})
    return found


def cut(texts: Iterable[str]) -> list[list[str]]:
    """Masked texts as pieces, by the segmenter that serves; a token such as [手机] is a space.

    >>> cut(["[手机]打不通"])
    [[' ', '打不通']]
    """
    engine = tokeniser()
    return [engine.cut(_TOKEN.sub(" ", one.text)) for one in clean_batch(list(texts))]


@lru_cache(maxsize=200_000)  # the same pieces come again and again
def is_term(piece: str) -> bool:
    """Whether a piece tells what a text is about.

    It has two characters or more and is no number, pronoun or the like; a version is one.

    >>> [one for one in ("退款", "app", "8.6.0", "不", "12315", "12.5", "你们") if is_term(one)]
    ['退款', 'app', '8.6.0']
    """
    return _WORD.fullmatch(piece) is not None and piece not in _function_words()


@cache
def _function_words() -> frozenset[str]:
    """Words that jieba's dictionary tags as pronoun, numeral, adverb and so on, and vague ones."""
    vague = (files("service") / "insight" / "vague.txt").read_text(encoding="utf-8").splitlines()
    lines = (jieba_folder() / "dict.txt").read_text(encoding="utf-8").splitlines()
    split = (line.split(" ") for line in lines)
    return frozenset(word for word, _, tag in split if tag[0] in _FUNCTION_TAGS) | {*vague}


def is_known(word: str) -> bool:
    """Whether the segmenter takes it for one word.

    >>> is_known("投诉"), is_known("雪球卡")
    (True, False)
    """
    return len(tokeniser().cut(word)) == 1


def compounds_in(pieces: Pieces, known: frozenset[str]) -> list[str]:
    """The known compounds that two or three neighbouring pieces make.

    >>> compounds_in(["我", "的", "雪球", "卡"], frozenset({"雪球卡"}))
    ['雪球卡']
    """
    pairs = ("".join(pair) for pair in pairwise(pieces))
    threes = ("".join(three) for three in zip(pieces, pieces[1:], pieces[2:], strict=False))
    return [word for word in chain(pairs, threes) if word in known] if known else []


def log_odds(now: int, before: int, sums: tuple[int, int], prior: tuple[float, float]) -> float:
    """How many standard errors the odds of a word rose, with an informative Dirichlet prior.

    δ = ln((y₁+α)/(n₁+α₀-y₁-α)) - ln((y₂+α)/(n₂+α₀-y₂-α)), divided by √(1/(y₁+α) + 1/(y₂+α)):
    equations 16, 19 and 20 of Monroe, Colaresi, Quinn, "Fightin' Words", Political Analysis 16
    (2008). `sums` are n₁ and n₂, `prior` is α of the word and α₀ of all words.

    >>> round(log_odds(9, 4, (100, 100), (1.0, 100.0)), 4)
    1.3129
    """
    (n_now, n_before), (own, every) = sums, prior
    first, second = now + own, before + own
    odds = first / (n_now + every - first), second / (n_before + every - second)
    return (math.log(odds[0]) - math.log(odds[1])) / math.sqrt(1 / first + 1 / second)


def rising(
    now: Counter[str], before: Counter[str], *, before_sum: int | None = None, most: int = 30
) -> list[Rise]:
    """The words that are more frequent now, surest first; each in at least five texts now.

    `before` may have the words of `now` alone, if `before_sum` says how many there were of all.
    """
    sums = now.total(), before.total() if before_sum is None else before_sum
    every = float(sum(sums))
    if not every:
        return []
    weight = min(_PRIOR_WORDS, _PRIOR_SHARE * every)
    found = [
        Rise(word, number, before[word], log_odds(number, before[word], sums, prior))
        for word, number in now.items()
        if number >= MIN_CASES
        for prior in [(weight * (number + before[word]) / every, weight)]
    ]
    sure = max(MIN_Z, NormalDist().inv_cdf(1 - _BY_CHANCE / max(1, len(found))))
    risen = [one for one in found if one.z >= sure]
    return sorted(risen, key=lambda one: (-one.z, one.word))[:most]


def compounds(texts: Sequence[Pieces], is_word: Callable[[str], bool]) -> list[Compound]:
    """Two or three neighbouring pieces that are a word of their own, which `is_word` denies.

    Tight is a large pointwise mutual information ln(p(xy)/(p(x)p(y))), at the weakest joint; free
    a large entropy of the neighbours on the less free side (Bouma, "Normalized (pointwise) mutual
    information in collocation extraction", 2009; Jin and Tanaka-Ishii, "Unsupervised segmentation
    of Chinese text by use of branching entropy", 2006). A piece of a longer compound goes.
    """
    grams, left, right = _grams(texts)
    total = sum(number for gram, number in grams.items() if len(gram) == 1)
    found = {}
    for gram, number in grams.items():
        word = "".join(gram)
        if len(gram) < 2 or number < MIN_CASES or not 3 <= len(word) <= _MAX_COMPOUND_CHARS:
            continue
        tight = pmi(gram, grams, total)
        free = min(entropy(left[gram]), entropy(right[gram]))
        if tight >= MIN_PMI and free >= MIN_ENTROPY and not is_word(word):
            found[word] = Compound(word, number, tight, free)
    return sorted(_longest(found), key=lambda one: (-one.number, one.word))


def pmi(gram: tuple[str, ...], grams: Counter[tuple[str, ...]], total: int) -> float:
    """Pointwise mutual information, in nats, at the joint where it is smallest.

    >>> counts = Counter({("已读",): 10, ("不回",): 5, ("已读", "不回"): 5})
    >>> round(pmi(("已读", "不回"), counts, 100), 4)  # ln(0.05 / (0.1 × 0.05)) = ln 10
    2.3026
    """
    whole = grams[gram] / total
    joints = ((grams[gram[:cut]], grams[gram[cut:]]) for cut in range(1, len(gram)))
    return min(math.log(whole * total * total / (head * rest)) for head, rest in joints)


def entropy(neighbours: Counter[str]) -> float:
    """Shannon's entropy in nats; each end of a text is a neighbour of its own.

    >>> round(entropy(Counter("aabb")), 4), entropy(Counter("aaaa"))
    (0.6931, 0.0)
    """
    numbers = [n for piece, n in neighbours.items() if piece != _EDGE]
    numbers += [1] * neighbours[_EDGE]
    total = sum(numbers)
    return -sum(n / total * math.log(n / total) for n in numbers) + 0.0 if total else 0.0


def _grams(
    texts: Sequence[Pieces],
) -> tuple[Counter[tuple[str, ...]], dict[tuple[str, ...], Counter[str]],
           dict[tuple[str, ...], Counter[str]]]:  # fmt: skip
    """One to three neighbouring pieces with their numbers, left and right neighbours."""
    grams: Counter[tuple[str, ...]] = Counter()
    for pieces in texts:
        grams.update(gram for gram, _, _ in _windows(pieces))
    left: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    right: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    # Only then the neighbours, of those that are frequent enough: most are not.
    often = {gram for gram, number in grams.items() if number >= MIN_CASES and len(gram) > 1}
    for pieces in texts:
        for gram, before, after in _windows(pieces):
            if gram in often:
                left[gram][before] += 1
                right[gram][after] += 1
    return grams, left, right


def _windows(pieces: Pieces) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Each one to three neighbouring pieces with the piece before and the piece after."""
    padded = [_EDGE, *pieces, _EDGE]
    fits = [_is_piece(piece) for piece in padded]
    for start in range(1, len(padded) - 1):
        for end in range(start + 1, min(start + 4, len(padded))):
            if not fits[end - 1]:
                break
            yield tuple(padded[start:end]), padded[start - 1], padded[end]


@lru_cache(maxsize=200_000)
def _is_piece(piece: str) -> bool:
    return _PIECE.fullmatch(piece) is not None


def _longest(found: dict[str, Compound]) -> list[Compound]:
    """Without those that are nearly always part of a longer one."""
    return [
        one
        for one in found.values()
        if not any(
            one.word in other.word and one is not other and other.number >= 0.8 * one.number
            for other in found.values()
        )
    ]


def examples(words: Iterable[str], texts: Iterable[tuple[int, Pieces]], most: int) -> list[int]:
    """The numbers of the texts that have most of the words; at equal numbers the later ones.

    A compound is looked for in the joined pieces.
    """
    wanted = list(words)
    scored = []
    for number, pieces in texts:
        joined = "".join(pieces)
        hits = sum(word in joined for word in wanted)
        if hits or not wanted:
            scored.append((hits, number))
    return [number for _, number in sorted(scored, reverse=True)[:most]]
