"""What a search found: as plain values, as a table and as a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from classifier.artifact import Json
from training import pictures
from training.config import TrainingConfig
from training.crossval import CATEGORY, spread
from training.space import Setting, Step
from training.tune import Search, Trial

_ROWS = 15
_MEASURES = {CATEGORY: "macro-F1", "intensity": "Pearson of score"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The chosen trial among all `trials` (in the order they were made), and the fresh folds'.

    The chosen trial's score is flattered: it is the best of many. `fresh` is the same settings and
    `before` those that the search started from, on folds that had no part in the choice.
    """

    texts: int
    is_over: bool
    space: tuple[Setting, ...]
    trials: list[Trial]
    chosen: Trial
    fresh: Trial
    before: Trial

    @property
    def settings(self) -> Json:
        """The chosen value of every setting of the space."""
        return {s.name: _plain(s.value_in(self.chosen.config)) for s in self.space}

    def changes(self, trial: Trial) -> Json:
        """What the trial has otherwise than the chosen one."""
        values = {s.name: _plain(s.value_in(trial.config)) for s in self.space}
        return {name: value for name, value in values.items() if value != self.settings[name]}


def outcome(
    search: Search, chosen: Trial, start: TrainingConfig, steps: tuple[Step, ...]
) -> Outcome:
    """Measure the chosen settings and the first ones on fresh folds."""
    fresh, before = search.evaluate([chosen.config, start], "check")
    trials = list(search.trials.values())
    sections = ["features", *search.sample.heads]
    space = tuple(setting for step in steps for setting in step.only(sections).settings)
    return Outcome(len(search.sample.texts), search.is_over, space, trials, chosen, fresh, before)


def as_json(found: Outcome) -> Json:
    """All of it as plain values; trials are the best first."""
    gain, error = found.before.behind(found.fresh)
    return {
        "texts": found.texts,
        "folds": len(found.chosen.scores),
        "stopped_by_budget": found.is_over,
        "chosen": found.settings,
        "features": round(found.chosen.columns),
        "search": _scores(found.chosen),
        "fresh_folds": _scores(found.fresh),
        "start_on_fresh_folds": _scores(found.before),
        "gain": {"mean": gain, "standard_error": error},
        "trials": [
            {
                "mean": trial.mean,
                "standard_error": spread(trial.scores),
                "behind": trial.behind(found.chosen)[0],
                "behind_error": trial.behind(found.chosen)[1],
                "features": round(trial.columns),
                "changes": found.changes(trial),
            }
            for trial in _best_first(found.trials)
        ],
    }


def table(found: Outcome) -> str:
    """The best trials, then the chosen settings and what they reach."""
    lines = [f"{'score':>6} {'± SE':>6} {'behind chosen':>15} {'features':>9}  settings"]
    for trial in _best_first(found.trials)[:_ROWS]:
        behind, error = trial.behind(found.chosen)
        changes = "  ".join(f"{name}={value}" for name, value in found.changes(trial).items())
        lines.append(
            f"{trial.mean:6.3f} {spread(trial.scores):6.3f} {f'{behind:+.3f} ± {error:.3f}':>15} "
            f"{round(trial.columns):>9}  {changes or 'chosen'}"
        )
    if len(found.trials) > _ROWS:
        lines.append(f"… and {len(found.trials) - _ROWS} more in tune.json")
    lines += ["", *(f"{name:34} {value}" for name, value in found.settings.items()), ""]
    for title, trial in (
        ("in the search (flattered)", found.chosen),
        ("on fresh folds", found.fresh),
        ("before, on fresh folds", found.before),
    ):
        for head, scores in trial.of_heads.items():
            label = f"{head} {_MEASURES[head]} {title}"
            lines.append(f"{label:56} {scores.mean():.3f} ± {spread(scores):.3f}")
    gain, error = found.before.behind(found.fresh)
    lines.append(f"{'gain on fresh folds':56} {gain:+.3f} ± {error:.3f}")
    if found.is_over:
        lines.append("the time was over before the search was: the same command again goes on")
    return "\n".join(lines)


def picture(found: Outcome) -> str:
    """The trials in the order in which they were made, as SVG."""
    return pictures.search_curve(
        np.array([trial.mean for trial in found.trials]),
        np.array([spread(trial.scores) for trial in found.trials]),
        [trial.config for trial in found.trials].index(found.chosen.config),
        found.fresh.mean,
        "参数搜索",
    )


def _best_first(trials: list[Trial]) -> list[Trial]:
    return sorted(trials, key=lambda trial: -trial.mean)


def _scores(trial: Trial) -> Json:
    return {
        head: {"mean": float(scores.mean()), "standard_error": spread(scores)}
        for head, scores in trial.of_heads.items()
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
