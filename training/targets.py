"""Labels of a dataset as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels as numbers, -1 where a text has none: category column and level rank.

    `weight` is how much each text counts in fitting, above 0; None if all count the same.
    """

    codes: list[str]
    levels: list[int]
    category: NDArray[np.intp]
    rank: NDArray[np.intp]
    weight: NDArray[np.float64] | None = None

    def rows(self, chosen: NDArray[np.intp]) -> Targets:
        """The same for some of the texts."""
        weight = None if self.weight is None else self.weight[chosen]
        return Targets(self.codes, self.levels, self.category[chosen], self.rank[chosen], weight)


def targets_of(dataset: Dataset) -> Targets:
    """The dataset's labels as numbers; a head with fewer than two labels has none."""
    codes = dataset.categories if len(dataset.categories) > 1 else []
    levels = dataset.levels if len(dataset.levels) > 1 else []
    code_number = {code: number for number, code in enumerate(codes)}
    level_number = {level: number for number, level in enumerate(levels)}
    return Targets(
        codes,
        levels,
        np.array([code_number.get(e.category or "", -1) for e in dataset.examples], np.intp),
        np.array(
            [-1 if e.level is None else level_number.get(e.level, -1) for e in dataset.examples],
            np.intp,
        ),
        _weights(dataset),
    )


def _weights(dataset: Dataset) -> NDArray[np.float64] | None:
    """The examples' weights, scaled to a mean of 1 so that regularisation keeps its meaning."""
    weights = np.array([e.weight for e in dataset.examples], np.float64)
    return None if (weights == weights[:1]).all() else weights / weights.mean()


def targets_like(dataset: Dataset, codes: list[str], levels: list[int]) -> Targets:
    """The dataset's labels by a model's numbers; categories it lacks get the numbers after."""
    extra = [code for code in dataset.categories if code not in codes]
    code_number = {code: number for number, code in enumerate([*codes, *extra])}
    level_number = {level: number for number, level in enumerate(levels)}
    return Targets(
        [*codes, *extra],
        levels,
        np.array([code_number.get(e.category or "", -1) for e in dataset.examples], np.intp),
        np.array([level_number.get(e.level or 0, -1) for e in dataset.examples], np.intp),
    )
