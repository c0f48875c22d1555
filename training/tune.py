"""Searches settings one by one on cross-validated folds, within a time budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from training.config import TrainingConfig
from training.crossval import Job, Sample, key_of, score_job, spread
from training.journal import Journal
from training.space import Step

_ROUNDS = 3  # a round tries every setting once; the second mostly changes little
_SAME_SIZE = 1.1
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """A configuration with its score on each fold: the mean over the heads that have labels.

    `of_heads` are the scores of each head, shape (folds,); `columns` the mean number of features.
    """

    config: TrainingConfig
    of_heads: dict[str, Floats]
    columns: float

    @property
    def scores(self) -> Floats:
        """Score on each fold."""
        return np.asarray(np.mean(list(self.of_heads.values()), axis=0), np.float64)

    @property
    def mean(self) -> float:
        """Mean score over the folds."""
        return float(self.scores.mean())

    def behind(self, other: Trial) -> tuple[float, float]:
        """By how much the other is better, fold by fold, and the standard error of that."""
        lead = other.scores - self.scores
        return float(lead.mean()), spread(lead)


@dataclass(frozen=True, slots=True)
class Limits:
    """Processes at once, the time (`time.monotonic`) to stop at, and who is told of progress."""

    jobs: int
    deadline: float
    progress: Callable[[str], None]


class Search:
    """Trials of one sample; what the journal holds is not done again."""

    def __init__(self, sample: Sample, journal: Journal, limits: Limits) -> None:
        self.sample = sample
        self.is_over = False
        self.trials: dict[str, Trial] = {}
        self._journal = journal
        self._limits = limits
        self._longest = 0.0

    def trial(self, config: TrainingConfig, split: str = "search") -> Trial | None:
        """The configuration's scores, if they are known for every fold."""
        folds = range(len(np.unique(self.sample.folds[split])))
        of_heads, columns = {}, []
        for head in self.sample.heads:
            key = key_of(split, head, config)
            results = [r for fold in folds if (r := self._journal.get(key, fold))]
            if len(results) < len(folds):
                return None
            of_heads[head] = np.array([result.score for result in results])
            columns += [result.columns for result in results]
        return Trial(config, of_heads, float(np.mean(columns)))

    def evaluate(self, configs: Sequence[TrainingConfig], split: str = "search") -> list[Trial]:
        """The trials of those configurations that could be finished, in order.

        The search stops before work that would last beyond the deadline; a check never stops.
        """
        run = Parallel(
            n_jobs=self._limits.jobs, return_as="generator_unordered", pre_dispatch="n_jobs"
        )
        for results in run(self._work(configs, split)):
            self._journal.add(results)
            self._longest = max(self._longest, sum(result.seconds for result in results))
            self._limits.progress("")
        found = [trial for config in configs if (trial := self.trial(config, split))]
        if split == "search":
            self.trials |= {str(trial.config): trial for trial in found}
        return found

    def _work(self, configs: Sequence[TrainingConfig], split: str) -> Iterator[object]:
        for job in self._jobs(configs, split):
            late = time.monotonic() + self._longest > self._limits.deadline
            if split == "search" and late and self.trials:
                self.is_over = True
                return
            yield delayed(score_job)(self.sample, job)

    def _jobs(self, configs: Sequence[TrainingConfig], split: str) -> list[Job]:
        """What the journal lacks, put together by features and fold; first configurations first."""
        wanted: dict[tuple[object, int], dict[str, tuple[str, TrainingConfig]]] = {}
        for config in configs:
            for fold in range(len(np.unique(self.sample.folds[split]))):
                for head in self.sample.heads:
                    key = key_of(split, head, config)
                    if self._journal.get(key, fold) is None:
                        of_features = wanted.setdefault((config.features, fold), {})
                        of_features[key] = (head, config)
        return [Job(split, fold, tuple(w.values())) for (_, fold), w in wanted.items()]

    def run(self, start: TrainingConfig, steps: Sequence[Step]) -> Trial:
        """The chosen trial: the best value of each step in turn, of all the simplest as good one.

        Rounds of steps end when one changes nothing, or with the time.
        """
        self._limits.progress("start")
        (best,) = self.evaluate([start])
        sections = ["features", *self.sample.heads]
        useful = [step.only(sections) for step in steps if step.only(sections).settings]
        for _ in range(_ROUNDS):
            before = best
            for step in useful:
                self._limits.progress(step.name)
                tried = self.evaluate(step.variants(best.config))
                best = max([best, *tried], key=lambda trial: trial.mean)
                if self.is_over:
                    return simplest(list(self.trials.values()))
            if best.config == before.config:
                break
        return simplest(list(self.trials.values()))


def simplest(trials: Sequence[Trial]) -> Trial:
    """The best of the smallest trials among those at most one standard error behind the best.

    Numbers of features within a tenth count as the same. The standard error is that of the
    differences to the best on the same folds: the folds differ more from each other than two
    settings do. One-standard-error rule: Breiman et al. 1984.
    """
    best = max(trials, key=lambda trial: trial.mean)
    good = [trial for trial in trials if trial.behind(best)[0] <= trial.behind(best)[1]]
    fewest = min(trial.columns for trial in good)
    small = [trial for trial in good if trial.columns <= _SAME_SIZE * fewest]
    return max(small, key=lambda trial: trial.mean)
