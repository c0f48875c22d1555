"""Cases that a model must never get wrong, as data: for the tests of the default model and gates.

`behaviour.toml` has four lists: `grave` (signal, text), `angrier` (calm, angry), `same` (left,
right), `plain` (category, text).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from classifier import toml_document
from classifier.errors import GatesError
from classifier.manifest import read_category_head, read_intensity_head
from classifier.policy import Policy, decide
from classifier.policy_table import Mistakes, Table
from classifier.prediction import Prediction, Priority
from classifier.triage import Triage

_FIELDS = {
    "grave": ("signal", "text"),
    "angrier": ("calm", "angry"),
    "same": ("left", "right"),
    "plain": ("category", "text"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its kind, its name such as `grave 3`, its texts, and the code they ask for."""

    kind: str
    name: str
    texts: tuple[str, ...]
    code: str = ""


def load_cases(path: Path | None = None) -> tuple[Case, ...]:
    """The cases of a TOML file, or the packaged ones.

    Raises:
        GatesError: the file cannot be read, or a case lacks a field or has an unknown one.
    """
    if path is None:
        with as_file(files("training") / "behaviour.toml") as packaged:
            return load_cases(packaged)
    return toml_document.load(path, "behaviour cases", _parse, GatesError)


def _parse(content: bytes) -> tuple[Case, ...]:
    document = toml_document.parse(content, GatesError)
    mistakes = Mistakes(document.lines, file="behaviour")
    root = Table(document.values, (), mistakes).closed(*_FIELDS)
    cases = tuple(
        _case(kind, number, table)
        for kind in _FIELDS
        for number, table in enumerate(root.tables(kind), start=1)
    )
    toml_document.refuse(mistakes, GatesError)
    return cases


def failures(triage: Triage, cases: Sequence[Case], policy: Policy) -> list[str]:
    """The names of the cases that the model fails; those that it cannot be asked are passed over.

    It cannot be asked for a head that it lacks, a category it does not know, or a signal that the
    policy does not.
    """
    manifest = triage.describe()
    category, intensity = read_category_head(manifest), read_intensity_head(manifest)
    asked = [
        case
        for case in cases
        if not (case.kind == "grave" and case.code not in policy.signals)
        and not (case.kind == "plain" and not (category and case.code in category.codes))
        and not (case.kind == "angrier" and intensity is None)
    ]
    found = iter(triage.predict([text for case in asked for text in case.texts]))
    failed = []
    for case in asked:
        predictions = [next(found) for _ in case.texts]
        if not _HOLDS[case.kind](case, predictions, policy):
            failed.append(case.name)
    return failed


def _case(kind: str, number: int, table: Table) -> Case:
    first, second = _FIELDS[kind]
    table.closed(first, second)
    one, other = table.text(first), table.text(second)
    if kind in {"grave", "plain"}:
        return Case(kind, f"{kind} {number}", (other,), one)
    return Case(kind, f"{kind} {number}", (one, other))


def _is_grave(case: Case, found: Sequence[Prediction], policy: Policy) -> bool:
    decision = decide(found[0], policy)
    is_found = case.code in {signal.code for signal in found[0].signals}
    return is_found and decision.priority <= Priority.P1 and not decision.auto


def _is_angrier(_: Case, found: Sequence[Prediction], __: Policy) -> bool:
    calm, angry = (prediction.intensity for prediction in found)
    return bool(calm and angry and angry.score > calm.score and angry.level >= calm.level)


def _is_same(_: Case, found: Sequence[Prediction], __: Policy) -> bool:
    left, right = (
        (one.category, one.intensity, [signal.code for signal in one.signals]) for one in found
    )
    return left == right


def _is_plain(case: Case, found: Sequence[Prediction], _: Policy) -> bool:
    category = found[0].category
    return category is not None and category.code == case.code


_HOLDS: dict[str, Callable[[Case, Sequence[Prediction], Policy], bool]] = {
    "grave": _is_grave,
    "angrier": _is_angrier,
    "same": _is_same,
    "plain": _is_plain,
}
