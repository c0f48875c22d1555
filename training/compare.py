"""Two versions side by side: figures, slices, and the decisions that change, with their texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from classifier.artifact import Json
from classifier.policy import Policy, decide
from classifier.prediction import Prediction
from training.gates import right
from training.judge import judged
from training.paired import FIGURES, Difference, Duel, Unmeasured, differences
from training.report import render
from training.summary import Headline, headlines

BETTER, WORSE, OTHER = "better", "worse", "other"
_RESULT_ZH = {BETTER: "变好", WORSE: "变差", OTHER: "都对或都错"}
_SLICE_FIGURES = (("accuracy", "类别准确率"), ("qwk", "情绪强度 QWK"), ("mae", "平均误差（级）"))
_SLICE_ZH = {"length": "字数", "source": "来源", "channel": "渠道"}
_TEXT_CHARS = 60
_HTML_CHANGES = 500


@dataclass(frozen=True, slots=True)
class Side:
    """What one model makes of a text; None where it does not judge, signals joined by `|`."""

    category: str | None
    level: int | None
    signals: str
    priority: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A text (masked) whose decision differs, its labels, and whether that is better."""

    row: int
    text: str
    category: str | None
    level: int | None
    before: Side
    after: Side
    result: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs between two versions on one dataset; `figures` are those of `judge`."""

    versions: tuple[str, str]
    figures: tuple[Json, Json]
    differences: Mapping[str, Difference | Unmeasured]
    changed: tuple[Changed, ...]
    texts: int

    def as_json(self) -> Json:
        """The same as plain values."""
        return {
            "versions": list(self.versions),
            "texts": self.texts,
            "figures": list(self.figures),
            "differences": {name: asdict(one) for name, one in self.differences.items()},
            "changed": [asdict(one) for one in self.changed],
        }


def compare_models(duel: Duel, versions: tuple[str, str], policy: Policy) -> Comparison:
    """The comparison of two models' answers; the changes that matter most come first."""
    figures = (judged(duel.before, duel.dataset), judged(duel.after, duel.dataset))
    changed = sorted(_changes(duel, policy), key=_weight)
    texts = len(duel.dataset.examples)
    return Comparison(versions, figures, differences(duel), tuple(changed), texts)


def as_text(found: Comparison, *, limit: int) -> str:
    """The comparison as lines for a terminal, with at most `limit` changed decisions."""
    lines = [f"A {found.versions[0]}", f"B {found.versions[1]}", ""]
    lines.append(f"{'figure, ' + str(found.texts) + ' texts':32} {'A':>8} {'B':>8}")
    lines += [f"{label:32} {one:>8} {other:>8}" for label, _, one, other in _rows(found)]
    lines += ["", f"{'paired, gain of B':32} {'gain':>8}  95 % interval"]
    for name, one in found.differences.items():
        label = FIGURES[name].label
        if isinstance(one, Unmeasured):
            lines.append(f"{label:32} {'':>8}  {one.why}")
        else:
            mark = "  significant" if one.is_significant else ""
            interval = f"[{one.low:+.3f}, {one.high:+.3f}]"
            lines.append(f"{label:32} {one.gain:+8.3f}  {interval}{mark}")
    slices = list(_slices(found))
    if slices:
        lines += ["", "by part: texts, then A -> B of accuracy, QWK, mean error"]
        lines += [f"{name:32} {texts:>6}  {'  '.join(cells)}" for name, texts, cells in slices]
    counts = Counter(one.result for one in found.changed)
    parts = ", ".join(f"{counts[result]} {result}" for result in (BETTER, WORSE, OTHER))
    lines += ["", f"changed decisions: {len(found.changed)} of {found.texts} ({parts})"]
    lines += [_line(one) for one in found.changed[:limit]]
    if len(found.changed) > limit:
        lines.append(f"… and {len(found.changed) - limit} more: see --html, --json or --limit")
    return "\n".join(lines)


def as_html(found: Comparison) -> str:
    """The comparison as one self-contained page in Chinese."""
    counts = Counter(one.result for one in found.changed)
    return render(
        "compare.html",
        versions=found.versions,
        texts=found.texts,
        rows=list(_rows(found)),
        differences=[(FIGURES[name], one) for name, one in found.differences.items()],
        slice_names=[name for _, name in _SLICE_FIGURES],
        slices=[(_name_zh(name), texts, cells) for name, texts, cells in _slices(found)],
        counts=[(_RESULT_ZH[result], counts[result]) for result in (BETTER, WORSE, OTHER)],
        changed=[(one, _RESULT_ZH[one.result]) for one in found.changed[:_HTML_CHANGES]],
        more=max(0, len(found.changed) - _HTML_CHANGES),
    )


def _changes(duel: Duel, policy: Policy) -> Iterator[Changed]:
    was_right, is_right = right(duel.before), right(duel.after)
    pairs = zip(duel.dataset.examples, duel.before.predictions, duel.after.predictions, strict=True)
    for row, (example, one, other) in enumerate(pairs):
        before, after = _side(one, policy), _side(other, policy)
        if before != after:
            result = OTHER if was_right[row] == is_right[row] else BETTER
            if was_right[row] and not is_right[row]:
                result = WORSE
            yield Changed(
                row + 1, example.text, example.category, example.level, before, after, result
            )


def _side(prediction: Prediction, policy: Policy) -> Side:
    return Side(
        prediction.category.code if prediction.category else None,
        prediction.intensity.level if prediction.intensity else None,
        "|".join(sorted({signal.code for signal in prediction.signals})),
        decide(prediction, policy).priority.name,
    )


def _weight(one: Changed) -> tuple[bool, bool, bool, int, int]:
    """Worse before better; then changes of signals, of priority, far moves of the level."""
    before, after = one.before, one.after
    return (
        one.result != WORSE,
        before.signals == after.signals,
        before.priority == after.priority,
        -abs((before.level or 0) - (after.level or 0)),
        one.row,
    )


def _rows(found: Comparison) -> Iterator[tuple[str, str, str, str]]:
    """English and Chinese label, and the value of each model, "" where it has none."""
    one, other = (
        {label: (zh, value) for label, zh, value in headlines(figures)} for figures in found.figures
    )
    for label, (label_zh, _) in (one | other).items():
        before, after = (_shown(side[label][1] if label in side else None) for side in (one, other))
        yield label, label_zh, before, after


def _shown(value: Headline | None) -> str:
    if value is None:
        return ""
    return f"{value['value'] if isinstance(value, Mapping) else value:.3f}"


def _slices(found: Comparison) -> Iterator[tuple[str, str, list[str]]]:
    one, other = (_table(figures, "slices") for figures in found.figures)
    for name in one:
        before, after = _table(one, name), _table(other, name)
        cells = [f"{_cell(before, key)} -> {_cell(after, key)}" for key, _ in _SLICE_FIGURES]
        yield name, str(before["texts"]), cells


def _name_zh(name: str) -> str:
    kind, _, value = name.partition(" ")
    return f"{_SLICE_ZH.get(kind, kind)} {value}"


def _table(values: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = values.get(key)
    return found if isinstance(found, Mapping) else {}


def _cell(values: Mapping[str, object], key: str) -> str:
    found = values.get(key)
    return _shown(found) if isinstance(found, Mapping | float) else "-"


def _line(one: Changed) -> str:
    moves = [
        f"{getattr(one.before, name) or '-'} -> {getattr(one.after, name) or '-'}"
        for name in ("category", "level", "signals", "priority")
        if getattr(one.before, name) != getattr(one.after, name)
    ]
    text = " ".join(one.text.split())
    shown = text if len(text) <= _TEXT_CHARS else text[:_TEXT_CHARS] + "…"
    truth = f"{one.category or '-'} {one.level if one.level is not None else '-'}"
    return f"{one.result:6} {'; '.join(moves)} (label {truth})  {shown}"
