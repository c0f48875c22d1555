"""What texts look like to a model: counts in fixed bins, and never a text.

The same counts are taken of the held-out texts of a training (its profile, in the manifest), of a
file, and of live traffic, so that one can be compared with the other by `classifier.drift`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import nan

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ModelError, shorten
from classifier.manifest import read_category_head, read_intensity_head
from classifier.prediction import Outcome, Prediction

VERSION = 1  # rises when the bins change: a profile of another version is none
SHARE_BINS = 20
# Upper ends of bins; what is above stands in one more.
LENGTH_ENDS = (5, 10, 15, 20, 30, 40, 60, 80, 120, 200, 400)
UNKNOWN_ENDS = (0.0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7)
OUTCOMES = ("ok", "doubtful", "not_judged")

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Hits = NDArray[np.bool_]
Counts = dict[str, Longs]
Json = dict[str, object]


class Measure(StrEnum):
    """What is counted of each text."""

    LENGTH = "length"  # characters
    OOV = "oov"  # share of its words that the model does not know
    WORDS = "words"  # those that it knows and those that it does not: sums, not compared
    OUTCOME = "outcome"  # ok, doubtful (a low band), not judged
    CATEGORY = "category"  # the answer
    CONFIDENCE = "confidence"  # its probability
    LEVEL = "level"
    SCORE = "score"  # of the intensity, 0-1


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a model; a head that it lacks has none."""

    codes: tuple[str, ...]
    levels: tuple[int, ...]

    def bins(self, measure: str) -> list[str]:
        """The names of a measure's bins."""
        named = {
            Measure.LENGTH: _ranges([str(end) for end in LENGTH_ENDS]),
            Measure.OOV: _ranges([f"{end:.1%}" for end in UNKNOWN_ENDS]),
            Measure.WORDS: ["known", "unknown"],
            Measure.OUTCOME: list(OUTCOMES),
            Measure.CATEGORY: list(self.codes),
            Measure.LEVEL: [str(level) for level in self.levels],
        }
        shares = [f"≤{(number + 1) / SHARE_BINS:.2f}" for number in range(SHARE_BINS)]
        return named.get(Measure(measure), shares)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of some texts, one value each; -1 or not a number where there is none.

    `words` and `unknown` are numbers of words, `category` and `level` numbers of labels, `outcome`
    of `OUTCOMES`; `confidence` and `score` are in 0-1.
    """

    chars: Longs
    words: Longs
    unknown: Longs
    outcome: Longs
    category: Longs
    confidence: Floats
    level: Longs
    score: Floats


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a head was right, by bin of its confidence: texts, and right answers."""

    texts: Longs
    right: Longs


@dataclass(frozen=True, slots=True)
class Profile:
    """Held-out texts of a training as counts; `reliability` by head, "category" and "level"."""

    texts: int
    counts: Counts
    reliability: Mapping[str, Reliability]

    def as_json(self) -> Json:
        """The profile as plain values for the manifest."""
        return {
            "version": VERSION,
            "texts": self.texts,
            "counts": {name: counts.tolist() for name, counts in self.counts.items()},
            "reliability": {
                head: {"texts": found.texts.tolist(), "right": found.right.tolist()}
                for head, found in self.reliability.items()
            },
        }


def labels_of(manifest: Mapping[str, object]) -> Labels:
    """The labels that a model's manifest names.

    Raises:
        ModelError: the manifest names none, or they do not fit.
    """
    category, intensity = read_category_head(manifest), read_intensity_head(manifest)
    return Labels(category.codes if category else (), intensity.levels if intensity else ())


def read_profile(manifest: Mapping[str, object]) -> Profile | None:
    """The profile in a manifest; None if the model was trained before there were any.

    Raises:
        ModelError: there is one and it does not fit the model.
    """
    table = manifest.get("profile")
    if not isinstance(table, Mapping) or table.get("version") != VERSION:
        return None
    labels = labels_of(manifest)
    try:
        counts = {
            str(name): _counts(values, len(labels.bins(name)))
            for name, values in table["counts"].items()
        }
        reliability = {
            str(head): Reliability(
                _counts(found["texts"], SHARE_BINS), _counts(found["right"], SHARE_BINS)
            )
            for head, found in table["reliability"].items()
        }
        return Profile(int(table["texts"]), counts, reliability)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"manifest.json: profile: {shorten(error, limit=80)}") from error


def seen(predictions: Sequence[Prediction], labels: Labels) -> Seen:
    """What predictions say; `words` and `unknown` are yet to be looked up."""
    codes = {code: number for number, code in enumerate(labels.codes)}
    levels = {level: number for number, level in enumerate(labels.levels)}
    heads = [(p.category, p.intensity) for p in predictions]
    absent = np.full(len(predictions), -1, np.int64)
    return Seen(
        chars=np.array([p.chars_used for p in predictions], np.int64),
        words=absent,
        unknown=absent,
        outcome=np.array([_outcome(p) for p in predictions], np.int64),
        category=np.array([codes.get(c.code, -1) if c else -1 for c, _ in heads], np.int64),
        confidence=np.array([c.prob if c else nan for c, _ in heads], np.float64),
        level=np.array([levels.get(i.level, -1) if i else -1 for _, i in heads], np.int64),
        score=np.array([i.score if i else nan for _, i in heads], np.float64),
    )


def tally(texts: Seen, labels: Labels) -> Counts:
    """How many texts are in each bin of each measure that the model has.

    >>> one, half = np.array([1]), np.array([0.5])
    >>> texts = Seen(7 * one, 4 * one, one, 0 * one, one, half, -one, half)
    >>> found = tally(texts, Labels(codes=("a", "b"), levels=()))
    >>> [(name, int(counts.argmax())) for name, counts in found.items()]
    [('length', 1), ('oov', 7), ('outcome', 0), ('category', 1), ('confidence', 10), ('words', 0)]
    """
    chars = texts.chars[texts.chars >= 0]
    counted = texts.words > 0
    words, unknown = texts.words[counted], texts.unknown[counted]
    bins = {
        Measure.LENGTH: np.searchsorted(LENGTH_ENDS, chars, "left"),
        Measure.OOV: np.searchsorted(UNKNOWN_ENDS, unknown / words, "left"),
        Measure.OUTCOME: texts.outcome,
    }
    if labels.codes:
        bins |= {Measure.CATEGORY: texts.category, Measure.CONFIDENCE: share_bins(texts.confidence)}
    if labels.levels:
        bins |= {Measure.LEVEL: texts.level, Measure.SCORE: share_bins(texts.score)}
    found = {
        str(name): np.bincount(places[places >= 0], minlength=len(labels.bins(name)))
        for name, places in bins.items()
    }
    known = int((words - unknown).sum())
    return {**found, str(Measure.WORDS): np.array([known, int(unknown.sum())], np.int64)}


def add_counts(one: Counts, other: Counts) -> Counts:
    """The sums of two counts with the same labels; what one lacks is taken from the other."""
    added = {name: counts + other[name] for name, counts in one.items() if name in other}
    return {**one, **other, **added}


def share_bins(shares: Floats) -> Longs:
    """The bin of each share in 0-1; -1 for what is not a number.

    >>> share_bins(np.array([0.0, 0.5, 1.0, np.nan])).tolist()
    [0, 10, 19, -1]
    """
    known = np.nan_to_num(shares, nan=0.0)
    bins = np.clip((known * SHARE_BINS).astype(np.int64), 0, SHARE_BINS - 1)
    return np.where(np.isnan(shares), -1, bins)


def reliability(confidence: Floats, right: Hits) -> Reliability:
    """How often answers of each confidence were right."""
    bins = share_bins(confidence)
    texts = np.bincount(bins, minlength=SHARE_BINS)
    return Reliability(texts, np.bincount(bins[right], minlength=SHARE_BINS))


def _outcome(prediction: Prediction) -> int:
    if prediction.outcome is Outcome.OK:
        return 0
    return 2 if prediction.category is None and prediction.intensity is None else 1


def _ranges(ends: list[str]) -> list[str]:
    return [*(f"≤{end}" for end in ends), f">{ends[-1]}"]


def _counts(values: object, size: int) -> Longs:
    found = np.array(values, np.int64)
    if found.shape != (size,) or (found < 0).any():
        raise ValueError(f"{found.shape} counts, {size} from 0 are needed")
    return found
