"""Texts to be labelled, as Label Studio, doccano and spreadsheets take them.

Label Studio: JSON tasks (labelstud.io/guide/task_format) and the labelling interface as XML, whose
choices store codes by `alias`. doccano: JSON Lines for a text classification project, and its label
file; there one label set holds both heads, as `category:CODE` and `level:NUMBER`. Unless asked for,
the model's answer is left out: people who see it tend to follow it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from classifier.artifact import Artifact
from classifier.manifest import read_category_head, read_intensity_head
from training.next_labels import Candidate
from training.table_files import write_table

LABEL_STUDIO, DOCCANO, CSV = "label-studio", "doccano", "csv"
CATEGORY, LEVEL = "category", "level"
# Okabe and Ito's colours, told apart by colour-blind people as well: categories, levels.
_COLOURS = ("#0072B2", "#D55E00")
_CSV = ("row_id", "text", "category", "intensity", "reviewer", "doubt")


@dataclass(frozen=True, slots=True)
class Names:
    """The labels to choose from, with their readable names; a head that is missing has none."""

    categories: Mapping[str, str]
    levels: Mapping[int, str]


def names_of(artifact: Artifact) -> Names:
    """The labels of a model."""
    category = read_category_head(artifact.manifest)
    intensity = read_intensity_head(artifact.manifest)
    return Names(
        dict(zip(category.codes, category.names, strict=True)) if category else {},
        dict(zip(intensity.levels, intensity.names, strict=True)) if intensity else {},
    )


def write_label_studio(
    path: Path, chosen: Sequence[Candidate], names: Names, *, shows_model: bool
) -> list[Path]:
    """Write tasks and, beside them, the labelling interface; the paths of both."""
    tasks = []
    for one in chosen:
        task: dict[str, object] = {
            "data": {"text": one.text, "row_id": one.row_id, "doubt": round(one.doubt, 4)}
        }
        if shows_model:
            task["predictions"] = [
                {
                    "model_version": one.prediction.model_version,
                    "score": round(1 - one.doubt, 4),
                    "result": [_choice(head, value) for head, value in _answers(one).items()],
                }
            ]
        tasks.append(task)
    _write(path, json.dumps(tasks, ensure_ascii=False, indent=1) + "\n")
    interface = path.with_suffix(".interface.xml")
    _write(interface, _interface(names))
    return [path, interface]


def write_doccano(
    path: Path, chosen: Sequence[Candidate], names: Names, *, shows_model: bool
) -> list[Path]:
    """Write JSON Lines and, beside them, the label file; the paths of both."""
    lines = []
    for one in chosen:
        said = [f"{head}:{value}" for head, value in _answers(one).items()] if shows_model else []
        line = {"text": one.text, "label": said, "row_id": one.row_id}
        lines.append(json.dumps(line | {"doubt": round(one.doubt, 4)}, ensure_ascii=False) + "\n")
    _write(path, "".join(lines))
    labels_file = path.with_suffix(".labels.json")
    labels = [
        *((f"{CATEGORY}:{code}", _COLOURS[0]) for code in names.categories),
        *((f"{LEVEL}:{level}", _COLOURS[1]) for level in names.levels),
    ]
    known = [
        {"text": text, "suffix_key": None, "background_color": colour, "text_color": "#ffffff"}
        for text, colour in labels
    ]
    _write(labels_file, json.dumps(known, ensure_ascii=False, indent=1) + "\n")
    return [path, labels_file]


def write_csv(
    path: Path, chosen: Sequence[Candidate], _: Names, *, shows_model: bool
) -> list[Path]:
    """Write a table with label columns to fill in; its path."""
    rows = []
    for one in chosen:
        answers = _answers(one) if shows_model else {}
        rows.append({
            "row_id": one.row_id, "text": one.text, "doubt": round(one.doubt, 4),
            "category": answers.get(CATEGORY), "intensity": answers.get(LEVEL),
        })  # fmt: skip
    write_table(path, _CSV, rows)
    return [path]


WRITERS = {LABEL_STUDIO: write_label_studio, DOCCANO: write_doccano, CSV: write_csv}


def _answers(one: Candidate) -> dict[str, str]:
    found = {}
    if one.prediction.category:
        found[CATEGORY] = one.prediction.category.code
    if one.prediction.intensity:
        found[LEVEL] = str(one.prediction.intensity.level)
    return found


def _choice(head: str, value: str) -> dict[str, object]:
    return {
        "from_name": head,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [value]},
    }


def _interface(names: Names) -> str:
    """Label Studio's interface: the text, and one group of choices for each head."""
    lines = ["<View>", '  <Text name="text" value="$text"/>']
    heads = (
        (CATEGORY, "类别", names.categories),
        (LEVEL, "情绪强度", {str(n): f"{n} {name}" for n, name in names.levels.items()}),
    )
    for head, title, values in heads:
        if values:
            lines.append(f'  <Header value="{title}"/>')
            lines.append(f'  <Choices name="{head}" toName="text" choice="single" required="true">')
            lines += [
                f"    <Choice value={quoteattr(name)} alias={quoteattr(code)}/>"
                for code, name in values.items()
            ]
            lines.append("  </Choices>")
    return "\n".join([*lines, "</View>", ""])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
