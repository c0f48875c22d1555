"""Whether a candidate may take the champion's place: one outcome for each rule of `gates.toml`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from classifier.artifact import VOCABULARY, WEIGHTS, Json
from classifier.manifest import read_category_head, read_intensity_head
from classifier.policy import Policy
from classifier.triage import Triage, load
from training.behaviour import failures, load_cases
from training.dataset import Dataset
from training.gates_file import FigureRule, Gates
from training.judge import Answers, answer
from training.paired import FIGURES, Difference, Duel, differences

PASSED, REFUSED, NOT_CHECKED = "passed", "refused", "not checked"
STEPS = 6  # calls of `progress` in `run_gates`
_SPEED_TEXTS = 512


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule says; `by` is how far the rule was missed, in the rule's own unit."""

    rule: str
    result: str
    detail: str
    by: float | None = None


@dataclass(frozen=True, slots=True)
class Contestant:
    """A loaded model and the bytes of its weights and vocabulary."""

    triage: Triage
    size_bytes: int


def contestant(folder: Path) -> Contestant:
    """The model of a folder, ready to be compared.

    Raises:
        ModelError: it must not be served.
    """
    triage = load(folder)
    return Contestant(triage, sum((folder / n).stat().st_size for n in (WEIGHTS, VOCABULARY)))


@dataclass(frozen=True, slots=True)
class Trial:
    """Two models, and the labelled texts that decide between them."""

    champion: Contestant
    candidate: Contestant
    holdout: Dataset
    feedback: Dataset | None
    policy: Policy


def run_gates(
    trial: Trial, gates: Gates, *, progress: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """One outcome per rule, in the order of the file; nothing is left out after a refusal.

    Raises:
        InputFileError: the texts have none of a model's labels.
        GatesError: the file of behaviour cases is wrong.
    """
    progress("answers")
    duel = duel_of(trial.champion.triage, trial.candidate.triage, trial.holdout, trial.policy)
    outcomes = [_holdout(trial, gates), _heads(trial)]
    progress("figures")
    outcomes += _figures(duel, gates, trial)
    outcomes.append(_size(trial, gates))
    progress("speed")
    outcomes.append(_speed(trial, gates))
    progress("behaviour")
    outcomes.append(_behaviour(trial, gates))
    progress("feedback")
    outcomes += _feedback(trial, gates)
    progress("done")
    return outcomes


def duel_of(champion: Triage, candidate: Triage, dataset: Dataset, policy: Policy) -> Duel:
    """The answers of both models to a dataset.

    Raises:
        InputFileError: the dataset has none of a model's labels.
    """
    grave = frozenset(code for code in policy.signals if policy.has_grave([code]))
    return Duel(dataset, answer(champion, dataset), answer(candidate, dataset), grave)


def refusals(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes that refuse."""
    return [outcome for outcome in outcomes if outcome.result == REFUSED]


def record(outcomes: Sequence[Outcome], trial: Trial, gates: Gates) -> Json:
    """What the history keeps of the gates."""
    parts = {"holdout": trial.holdout, "feedback": trial.feedback}
    return {
        "passed": not refusals(outcomes),
        "champion": trial.champion.triage.version,
        "gates": gates.digest,
        "outcomes": [asdict(outcome) for outcome in outcomes],
        **{
            name: [{"name": file.name, "sha256": file.sha256} for file in part.files]
            for name, part in parts.items()
            if part
        },
    }


def _holdout(trial: Trial, gates: Gates) -> Outcome:
    rule, texts = gates.holdout, len(trial.holdout.examples)
    hashes = {file.sha256: file.name for file in trial.holdout.files}
    for who, model in (("candidate", trial.candidate), ("champion", trial.champion)):
        for sha256 in sorted(_trained_on(model.triage) & set(hashes)):
            return Outcome("holdout", REFUSED, f"the {who} was trained on {hashes[sha256]}")
    if rule.sha256 and set(hashes) != {rule.sha256}:
        found = ", ".join(sha256[:12] for sha256 in hashes)
        return Outcome(
            "holdout", REFUSED, f"the frozen file has SHA-256 {rule.sha256[:12]}…, this is {found}…"
        )
    if texts < rule.min_texts:
        missing = rule.min_texts - texts
        return Outcome("holdout", REFUSED, f"{texts} texts, {rule.min_texts} are needed", missing)
    return Outcome("holdout", PASSED, f"{texts} texts, none of their files was trained on")


def _trained_on(triage: Triage) -> set[str]:
    table = triage.describe().get("data")
    entries = table.get("files") if isinstance(table, dict) else None
    found = entries if isinstance(entries, list) else []
    return {str(entry.get("sha256")) for entry in found if isinstance(entry, dict)}


def _heads(trial: Trial) -> Outcome:
    before, after = (m.triage.describe() for m in (trial.champion, trial.candidate))
    old, new = read_category_head(before), read_category_head(after)
    lost = sorted(set(old.codes if old else ()) - set(new.codes if new else ()))
    if lost:
        return Outcome("heads", REFUSED, f"categories lost: {', '.join(lost)}", len(lost))
    levels, others = read_intensity_head(before), read_intensity_head(after)
    if levels and (others is None or others.levels != levels.levels):
        has = list(others.levels) if others else "none"
        return Outcome("heads", REFUSED, f"levels are {has}, the champion's {list(levels.levels)}")
    return Outcome("heads", PASSED, "every category and level of the champion is there")


def _figures(duel: Duel, gates: Gates, trial: Trial) -> Iterator[Outcome]:
    manifest = trial.champion.triage.describe()
    has = {
        "category": read_category_head(manifest) is not None,
        "intensity": read_intensity_head(manifest) is not None,
        "signals": True,
    }
    found = differences(duel)
    for name, rule in gates.figures.items():
        difference = found[name]
        if isinstance(difference, Difference):
            yield judge_loss(difference, rule)
        else:
            is_refused = rule.is_required and has[FIGURES[name].head]
            yield Outcome(name, REFUSED if is_refused else NOT_CHECKED, difference.why)


def judge_loss(difference: Difference, rule: FigureRule) -> Outcome:
    """The outcome of a figure's rule; a loss within 1e-9 of a limit counts as at the limit."""
    loss = difference.loss
    detail = (
        f"{difference.before:.4f} -> {difference.after:.4f}, gain {difference.gain:+.4f} "
        f"[{difference.low:+.4f}, {difference.high:+.4f}]"
    )
    if loss > rule.max_loss + 1e-9:
        over = loss - rule.max_loss
        detail += f": {over:.4f} more than the {rule.max_loss:g} allowed"
        return Outcome(difference.name, REFUSED, detail, over)
    if loss > rule.tolerated + 1e-9 and difference.is_significant:
        over = loss - rule.tolerated
        detail += f": a significant loss, {over:.4f} more than the {rule.tolerated:g} tolerated"
        return Outcome(difference.name, REFUSED, detail, over)
    return Outcome(difference.name, PASSED, detail)


def _size(trial: Trial, gates: Gates) -> Outcome:
    growth = trial.candidate.size_bytes / trial.champion.size_bytes
    detail = f"{trial.candidate.size_bytes / 1e6:.1f} MB, {growth:.2f} times the champion's"
    return _at_most("size", growth, gates.max_growth, detail)


def _speed(trial: Trial, gates: Gates) -> Outcome:
    """Best of some turns each, taken in turn: a machine that slows down slows both."""
    some = [example.text for example in trial.holdout.examples[:_SPEED_TEXTS]]
    texts = [some[number % len(some)] for number in range(_SPEED_TEXTS)]
    models = [trial.champion.triage, trial.candidate.triage]
    seconds = np.empty((gates.rounds + 1, 2))
    for turn in range(gates.rounds + 1):
        for place, triage in enumerate(models):
            start = time.perf_counter()
            triage.predict(texts)
            seconds[turn, place] = time.perf_counter() - start
    before, after = seconds[1:].min(axis=0)  # the first turn fills the caches
    ratio = float(before / after)
    detail = f"{len(texts) / after:.0f} texts/s, {ratio:.2f} times the champion's"
    short = gates.min_speed - ratio
    if short > 0:
        detail += f": {short:.2f} less than the {gates.min_speed:g} asked for"
        return Outcome("speed", REFUSED, detail, short)
    return Outcome("speed", PASSED, detail)


def _behaviour(trial: Trial, gates: Gates) -> Outcome:
    cases = load_cases(gates.cases)
    before, after = (
        set(failures(model.triage, cases, trial.policy))
        for model in (trial.champion, trial.candidate)
    )
    new = sorted(after - before)
    detail = f"{len(after)} failed, {len(before)} by the champion"
    if new:
        detail += f"; new: {', '.join(new)}"
    return _at_most("behaviour", len(new), gates.max_new_failures, detail)


def _at_most(rule: str, value: float, limit: float, detail: str) -> Outcome:
    over = value - limit
    if over > 0:
        detail += f": {over:.4g} more than the {limit:g} allowed"
        return Outcome(rule, REFUSED, detail, over)
    return Outcome(rule, PASSED, detail)


def _feedback(trial: Trial, gates: Gates) -> Iterator[Outcome]:
    rule, settled = gates.feedback, trial.feedback
    missed = REFUSED if rule.is_required else NOT_CHECKED
    if settled is None:
        yield Outcome("feedback", missed, "no --feedback was given")
        return
    if not settled.examples:
        reasons = ", ".join(f"{count} {why}" for why, count in settled.left_out.items())
        yield Outcome("feedback", missed, f"no settled labels: {reasons or 'no rows'}")
        return
    duel = duel_of(trial.champion.triage, trial.candidate.triage, settled, trial.policy)
    was_right, is_right = right(duel.before), right(duel.after)
    for name, chosen, least, words in (
        ("feedback moved", ~was_right, rule.min_moved, "corrected texts are now right"),
        ("feedback kept", was_right, rule.min_kept, "controls are still right"),
    ):
        texts = int(chosen.sum())
        if texts < rule.min_texts:
            yield Outcome(name, NOT_CHECKED, f"{texts} texts, {rule.min_texts} are needed")
            continue
        share = float(is_right[chosen].mean())
        detail = f"{share:.3f} of {texts} {words}"
        if share < least:
            detail += f": {least - share:.3f} less than the {least:g} asked for"
            yield Outcome(name, REFUSED, detail, least - share)
        else:
            yield Outcome(name, PASSED, detail)


def right(answers: Answers) -> np.ndarray:
    """Whether every label that a text has was answered rightly; shape (texts,)."""
    scores = answers.scores
    found = np.ones(len(answers.predictions), bool)
    if scores.codes:
        chosen = scores.category_probs.argmax(axis=1)
        found &= (scores.category_truth < 0) | (chosen == scores.category_truth)
    if scores.levels:
        found &= (scores.rank_truth < 0) | (scores.ranks == scores.rank_truth)
    return found
