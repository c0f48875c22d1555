"""The page on which people look at doubted labels and mend them; it needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from training.label_audit import CATEGORY, LEVEL, Audit, Doubted, View

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
    terms = [term for view in row.views for term in view.terms]
    shown = tuple(_shown(view, names[view.field]) for view in row.views)
    return Card(row, tuple(pieces(row.text, terms)), shown)


def _shown(view: View, names: dict[str, str]) -> Shown:
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
        terms=view.terms,
        sentence=sentence,
    )


def pieces(text: str, terms: Sequence[str]) -> list[tuple[str, bool]]:
    """The text cut into pieces that belong to a term, and those that do not.

    >>> pieces("不退款就是骗子", ["骗子", "退款"])
    [('不', False), ('退款', True), ('就是', False), ('骗子', True)]
    """
    marked = [False] * len(text)
    folded = text.lower()
    if len(folded) != len(text):
        folded = text
    for term in filter(None, terms):
        start = folded.find(term)
        while start >= 0:
            marked[start : start + len(term)] = [True] * len(term)
            start = folded.find(term, start + 1)
    found: list[tuple[str, bool]] = []
    for char, is_marked in zip(text, marked, strict=True):
        if found and found[-1][1] == is_marked:
            found[-1] = (found[-1][0] + char, is_marked)
        else:
            found.append((char, is_marked))
    return found
