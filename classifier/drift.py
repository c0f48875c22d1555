"""Whether texts, or what people say of the answers, are unlike the training.

Each measure has a size that says how far it moved, and a noise: what chance alone stays below, but
for once in `1 / significance` looks. With many texts the size decides, with few the noise.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from math import log, sqrt

import numpy as np

from classifier.profile import Counts, Floats, Labels, Longs, Measure

PSI, KS, H, ECE = "psi", "ks", "h", "ece"
_OF_MEASURE = {
    Measure.LENGTH: PSI,
    Measure.OOV: KS,
    Measure.OUTCOME: PSI,
    Measure.CATEGORY: PSI,
    Measure.CONFIDENCE: KS,
    Measure.LEVEL: PSI,
    Measure.SCORE: KS,
}
_SHIFTS = 3


class Verdict(IntEnum):
    """What a measure asks for."""

    STABLE = 0
    WATCH = 1
    ACT = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """The packaged thresholds: watch and act by statistic, and what counts as chance."""

    steps: Mapping[str, tuple[float, float]]
    significance: float
    min_texts: int


@dataclass(frozen=True, slots=True)
class Shift:
    """One bin of a measure: its share before and now, 0-1."""

    bin: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One measure: how far it moved by `statistic`, and what that asks for.

    `before` and `now` are the figure that people know: the share of unknown words, of overridden
    answers, the calibration error; None for a distribution, whose largest `shifts` say more.
    """

    measure: str
    statistic: str
    value: float
    noise: float
    texts: int
    verdict: Verdict
    before: float | None = None
    now: float | None = None
    shifts: tuple[Shift, ...] = ()

    @property
    def is_conclusive(self) -> bool:
        """Whether there are enough texts to tell a shift that asks to act from chance."""
        limits = packaged_limits()
        return self.texts >= limits.min_texts and self.noise < limits.steps[self.statistic][1]

    def as_json(self) -> dict[str, object]:
        """The finding as plain values."""
        return {
            "measure": self.measure,
            "statistic": self.statistic,
            "value": round(self.value, 6),
            "noise": round(self.noise, 6),
            "texts": self.texts,
            "verdict": self.verdict.name.lower(),
            "is_conclusive": self.is_conclusive,
            "before": self.before,
            "now": self.now,
            "shifts": [{"bin": s.bin, "before": s.before, "now": s.now} for s in self.shifts],
        }


@cache
def packaged_limits() -> Limits:
    """The thresholds of `resources/drift.toml`, where their sources are named."""
    source = files("classifier") / "resources" / "drift.toml"
    table = tomllib.loads(source.read_text(encoding="utf-8"))
    steps = {name: (table[name]["watch"], table[name]["act"]) for name in (PSI, KS, H, ECE)}
    return Limits(steps, table["significance"], table["min_texts"])


def psi(before: Longs, now: Longs) -> float:
    """Population stability index of two histograms: sum of (p - q) ln(p / q), 0 when they agree.

    Half a text is added to each bin, so that an empty one does not count without end.

    >>> round(psi(np.array([500, 500]), np.array([900, 100])), 2)
    0.88
    """
    p, q = (_smooth(counts) for counts in (now, before))
    return float(((p - q) * np.log(p / q)).sum())


def ks(before: Longs, now: Longs) -> float:
    """Largest distance of the two distribution functions, 0-1; of binned values, so a lower bound.

    >>> ks(np.array([5, 5, 0]), np.array([0, 5, 5]))
    0.5
    """
    p, q = (counts.cumsum() / max(1, counts.sum()) for counts in (now, before))
    return float(np.abs(p - q).max())


def compare(profile: Counts, counts: Counts, labels: Labels) -> list[Finding]:
    """One finding for each measure that both have, in the order of `Measure`."""
    return [
        _compared(measure, profile, counts, labels.bins(measure))
        for measure in _OF_MEASURE
        if all(measure in one and one[measure].sum() for one in (profile, counts))
    ]


def _compared(measure: Measure, profile: Counts, counts: Counts, bins: Sequence[str]) -> Finding:
    before, now, statistic = profile[measure], counts[measure], _OF_MEASURE[measure]
    value, noise = _moved(before, now, statistic)
    texts = int(now.sum())
    verdict = judge(statistic, value, noise, texts)
    rates: tuple[float | None, float | None] = (None, None)
    if measure is Measure.OOV:
        rates = _unknown(profile), _unknown(counts)
    shifts = _shifts(before, now, bins)
    return Finding(
        str(measure), statistic, value, noise, texts, verdict, rates[0], rates[1], shifts
    )


def judge(statistic: str, value: float, noise: float, texts: int) -> Verdict:
    """What a size asks for, given what chance stays below and how many texts there were."""
    limits = packaged_limits()
    watch, act = limits.steps[statistic]
    if texts < limits.min_texts or value < max(watch, noise):
        return Verdict.STABLE
    return Verdict.ACT if value >= act else Verdict.WATCH


def _moved(before: Longs, now: Longs, statistic: str) -> tuple[float, float]:
    """Size and noise.

    Of the same distribution, PSI is (1/n + 1/m) times a chi-squared with one degree less than bins
    in use; the distance stays below sqrt(-ln(a / 2) / 2 * (1/n + 1/m)), Smirnov's bound.
    """
    level = packaged_limits().significance
    scale = 1 / int(before.sum()) + 1 / int(now.sum())
    if statistic == KS:
        return ks(before, now), sqrt(-log(level / 2) / 2 * scale)
    used = (before + now) > 0
    freedom = max(1, int(used.sum()) - 1)
    from scipy.special import chdtri  # noqa: PLC0415  (takes a second to load)

    return psi(before[used], now[used]), float(chdtri(freedom, level)) * scale


def _shifts(before: Longs, now: Longs, names: Sequence[str]) -> tuple[Shift, ...]:
    """The bins whose shares moved most, the largest first."""
    p, q = before / before.sum(), now / now.sum()
    order = np.argsort(-np.abs(q - p), kind="stable")[:_SHIFTS]
    return tuple(Shift(names[k], float(p[k]), float(q[k])) for k in order.tolist())


def _unknown(counts: Counts) -> float | None:
    words = counts.get(Measure.WORDS)
    return float(words[1] / words.sum()) if words is not None and words.sum() else None


def _smooth(counts: Longs) -> Floats:
    raised = counts.astype(np.float64) + 0.5
    shares: Floats = raised / raised.sum()
    return shares
