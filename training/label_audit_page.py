"""The page on which people look at doubted labels and mend them; it needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from training.label_audit import Audit, Doubted, View
from training.label_evidence import CATEGORY, LEVEL

_LEAST_PROB = 0.01  # what is less likely explains nothing
_HEADS = {CATEGORY: "类别", LEVEL: "情绪强度"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One label to choose, with its readable name."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One doubted label as the page shows it: names instead of codes, a sentence on how sure."""

    field: str
    head: str
    given: Choice
    suggested: Choice
    terms: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Card:
    """One row of the page; `pieces` are the text, cut where a telling term begins or ends."""

    row: Doubted
    pieces: tuple[tuple[str, bool], ...]
    shown: tuple[Shown, ...]


def write_page(audit: Audit, path: Path, *, number: int, made_at: str) -> int:
    """Write the page with the gravest doubts; how many rows it shows.

    Raises:
        OSError: the file cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("training"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = {
        CATEGORY: {code: f"{name}（{code}）" for code, name in audit.category_names.items()},
        LEVEL: {str(level): f"{level} {name}" for level, name in audit.level_names.items()},
    }
    chosen = audit.doubted[:number]
    page = environment.get_template("label_audit.html").render(
        made_at=made_at,
        texts=audit.texts,
        found=len(audit.doubted),
        reviewed=audit.reviewed,
        counts={head: audit.count(field) for field, head in _HEADS.items()},
        cards=[_card(row, names) for row in chosen],
        choices={
            field: [Choice(value, name) for value, name in known.items()]
            for field, known in names.items()
        },
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return len(chosen)


def _card(row: Doubted, names: dict[str, dict[str, str]]) -> Card:
    spans = [span for view in row.views for span in view.spans]
    shown = tuple(_shown(view, row.text, names[view.field]) for view in row.views)
    return Card(row, tuple(pieces(row.text, spans)), shown)


def _shown(view: View, text: str, names: dict[str, str]) -> Shown:
    def choice(value: str) -> Choice:
        return Choice(value, names.get(value, value))

    likely = [
        f"{choice(value).name} {prob:.0%}" for value, prob in view.answers if prob >= _LEAST_PROB
    ]
    if view.distance is None:
        sentence = f"模型给出的概率：{'；'.join(likely)}。"
    else:
        side = "高" if view.distance > 0 else "低"
        sentence = (
            f"模型的期望强度比标签{side} {abs(view.distance):.1f} 级。概率：{'；'.join(likely)}。"
        )
    return Shown(
        field=view.field,
        head=_HEADS[view.field],
        given=choice(view.given),
        suggested=choice(view.suggested),
        terms=tuple(text[start:end] for start, end in view.spans),
        sentence=sentence,
    )


def pieces(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut into pieces that a span covers, and those that none does.

    >>> pieces("不退款就是骗子", [(5, 7), (1, 3)])
    [('不', False), ('退款', True), ('就是', False), ('骗子', True)]
    """
    marked = [any(start <= place < end for start, end in spans) for place in range(len(text))]
    found = []
    for is_marked, group in groupby(range(len(text)), key=marked.__getitem__):
        places = list(group)
        found.append((text[places[0] : places[-1] + 1], is_marked))
    return found
