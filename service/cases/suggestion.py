"""What an agent may say and do in a case, made when it is asked for and never stored."""

from __future__ import annotations

from classifier.playbook import Playbook, Suggestion, suggest
from classifier.prediction import Band, Category, Intensity, Outcome, Prediction, Signal
from classifier.recorded import read_recorded
from service.cases.file import CaseFile
from service.cases.labels import Labels
from service.cases.states import VerdictState


def suggestion_of(file: CaseFile, labels: Labels, playbook: Playbook) -> Suggestion:
    """The suggestion for a case; once people have judged it, their verdict counts.

    Levels are placed between those of the serving model; where it knows none, the lowest is 1.
    """
    return suggest(_judged(file, labels), file.case, playbook)


def _judged(file: CaseFile, labels: Labels) -> Prediction:
    """What was found in a case, with the labels that it has now."""
    case = file.case
    found = read_recorded({"id": case.id, "prediction": file.prediction}).prediction
    is_reviewed = case.verdict_state is not VerdictState.NONE
    category = intensity = None
    if case.category is not None:
        band = found.category.band if found.category and not is_reviewed else Band.HIGH
        category = Category(case.category, case.category, 1.0, band, ())
    if case.level is not None:
        intensity = _intensity(case.level, found, labels)
    return found._replace(
        outcome=Outcome.OK if is_reviewed else found.outcome,
        category=category,
        intensity=intensity,
        signals=tuple(Signal(code, 0, 0, "") for code in sorted(_signals(file))),
    )


def _signals(file: CaseFile) -> set[str]:
    """The risks of a case; while two reviewers disagree, those that either of them sees."""
    codes = set(file.case.signals.split())
    if file.case.verdict_state is VerdictState.DISPUTED:
        codes.update(*(verdict.signals.split() for verdict in file.verdicts))
    return codes


def _intensity(level: int, found: Prediction, labels: Labels) -> Intensity:
    levels = sorted(one for one in labels.levels if one is not None)
    number = len(found.intensity.probs) if found.intensity else len(levels)
    lowest = levels[0] if levels and len(levels) == number else 1
    return Intensity(level, "", 0.0, (0.0,) * number, Band.HIGH, lowest)
