"""Verdicts as the service exports them, put together case by case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import InputFileError, shorten
from classifier.files import read_rows, text_of
from classifier.pii import mask
from classifier.prediction import Band, Prediction
from classifier.recorded import read_recorded
from classifier.review import AUDIT
from training.consensus import Opinion, Ruling, rule

_KINDS = ("review", "second_review", "adjudication")
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A case with what the model had said and what people say; `reasons` None if not exported.

    `file` has the last verdict.
    """

    case_id: str
    file: str
    text: str
    channel: str
    prediction: Prediction
    reasons: frozenset[str] | None
    opinions: tuple[Opinion, ...]
    ruling: Ruling

    @property
    def is_audit(self) -> bool:
        """Whether chance alone, and no rule, made it a case."""
        return self.reasons == frozenset({AUDIT})

    @property
    def at(self) -> str:
        """When the last opinion was given."""
        return max(opinion.at for opinion in self.opinions)

    def overrides(self) -> dict[str, bool]:
        """Of each label that people settled and the model gave: whether it is another one."""
        found = {}
        ruling, said = self.ruling, self.prediction
        if said.category and ruling.category is not None:
            found["category"] = said.category.code != ruling.category
        if said.intensity and ruling.level is not None:
            found["level"] = said.intensity.level != ruling.level
        if ruling.risks is not None:
            found["risks"] = {signal.code for signal in said.signals} != ruling.risks
        return found

    def hard_heads(self) -> list[str]:
        """The heads that were sure, in band high, and are overruled."""
        said, wrong = self.prediction, self.overrides()
        bands = {
            "category": said.category.band if said.category else None,
            "level": said.intensity.band if said.intensity else None,
        }
        return [head for head, band in bands.items() if band is Band.HIGH and wrong.get(head)]


def read_feedback(paths: Sequence[Path]) -> list[Reviewed]:
    """The cases of exported files and folders, by case number; a verdict counts once.

    Texts come masked and are masked again.

    Raises:
        InputFileError: a file cannot be read, or a line is none that the service exports.
    """
    rows: dict[str, Json] = {}
    for file in (file for path in paths for file in _files(path)):
        for row in read_rows(file, needs="text"):
            place = f"{file}, line {row.number}"
            _, fault = text_of(row, "text")
            if fault:
                raise InputFileError(f"{place}: {fault}")
            own = {"place": place, "file": file.name}
            rows[_text(row.cells, "verdict_id", place)] = row.cells | own
    cases: dict[str, list[Json]] = {}
    for cells in rows.values():
        cases.setdefault(_text(cells, "case_id", str(cells["place"])), []).append(cells)
    ordered = sorted(cases.items(), key=lambda item: (len(item[0]), item[0]))
    return [_reviewed(case_id, lines) for case_id, lines in ordered]


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    yield from sorted(path.glob("*.jsonl"))


def _reviewed(case_id: str, lines: Sequence[Json]) -> Reviewed:
    last = max(lines, key=lambda line: str(line.get("at")))
    place = str(last["place"])
    try:
        recorded = read_recorded(last)
    except InputFileError as error:
        raise InputFileError(f"{place}: {error}") from error
    opinions = tuple(_opinion(line, str(line["place"])) for line in lines)
    reasons = last.get("case_reasons")
    return Reviewed(
        case_id=case_id,
        file=str(last["file"]),
        text=mask(_text(last, "text", place)),
        channel=recorded.context.channel or "",
        prediction=recorded.prediction,
        reasons=frozenset(map(str, reasons)) if isinstance(reasons, list) else None,
        opinions=opinions,
        ruling=rule(opinions),
    )


def _opinion(line: Json, place: str) -> Opinion:
    said = line.get("correction")
    if not isinstance(said, Mapping):
        raise InputFileError(f"{place}: correction is {type(said).__name__}, an object is needed")
    category, level, risks = said.get("category"), said.get("level"), said.get("signals")
    kind = _text(line, "kind", place)
    if kind not in _KINDS:
        allowed = ", ".join(_KINDS)
        raise InputFileError(f"{place}: kind is {shorten(kind)}, allowed are {allowed}")
    return Opinion(
        by=_text(line, "reviewer", place),
        at=_text(line, "at", place),
        category=category if isinstance(category, str) else None,
        level=level if isinstance(level, int) else None,
        risks=frozenset(map(str, risks)) if isinstance(risks, list) else None,
        is_adjudication=kind == "adjudication",
    )


def _text(line: Json, name: str, place: str) -> str:
    value = line.get(name)
    if not isinstance(value, str | int) or value == "":
        raise InputFileError(f"{place}: {name} is missing, a verdict of export-feedback is needed")
    return str(value)
