"""A text with everything that drove the answers marked in it, safe to show whatever it contains.

The template escapes every piece. What is invisible but acts (directions, zero widths, controls)
leaves the text and is named in its place, so that nothing can turn or hide what people read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.pages.names import Names

_STRENGTHS = 4
_EXCERPT_CHARS, _BEGINNING_CHARS, _AROUND_CHARS = 150, 40, 30
_STRONGEST = 3  # of each head in an excerpt
_HEADS = {"intensity": ("i", "情绪强度"), "category": ("c", "类别")}
_KEPT = {"\n", "\t"}
_JOINER = "\u200d"
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """A marked span of the text: of a head with its weight, or a signal."""

    head: str  # "intensity", "category", or "signal:<code>"
    start: int
    end: int
    weight: float
    strength: int  # 1-4


@dataclass(frozen=True, slots=True)
class Segment:
    """Text that is shown in one way; `css` and `title` are empty for what nothing is said of."""

    text: str
    css: str = ""
    title: str = ""
    label: str = ""  # the signals that end here
    is_invisible: bool = False


def pieces(prediction: Json) -> list[Piece]:
    """The evidence and the signals of a stored prediction."""
    found = []
    evidence = [e for e in _listed(prediction, "evidence") if e.get("head") in _HEADS]
    most: dict[str, float] = {}
    for one in evidence:
        head = str(one["head"])
        most[head] = max(most.get(head, 0.0), abs(_number(one["weight"])))
    for one in evidence:
        head, weight = str(one["head"]), _number(one["weight"])
        share = abs(weight) / most[head] if most[head] else 0.0
        strength = min(_STRENGTHS, 1 + int(share * _STRENGTHS))
        found.append(Piece(head, *_span(one), weight, strength))
    found += [
        Piece(f"signal:{one['code']}", *_span(one), 0.0, 0)
        for one in _listed(prediction, "signals")
    ]
    return [piece for piece in found if 0 <= piece.start < piece.end]


def whole(text: str, found: Sequence[Piece], names: Names) -> list[Segment]:
    """The complete text in segments."""
    return list(_segments(text, found, names, 0, len(text)))


def part(text: str, found: Sequence[Piece], names: Names, span: tuple[int, int]) -> list[Segment]:
    """A stretch of the text in segments."""
    return list(_segments(text, found, names, *span)) if span[0] < span[1] else []


def excerpt(text: str, found: Sequence[Piece], names: Names) -> list[Segment]:
    """The beginning and the strongest place of a text, with its strongest words marked."""
    strongest = _strongest(found)
    if len(text) <= _EXCERPT_CHARS:
        return list(_segments(text, strongest, names, 0, len(text)))
    key = next((p for p in strongest if p.start >= _EXCERPT_CHARS - _AROUND_CHARS), None)
    if key is None or any(p.end <= _EXCERPT_CHARS for p in strongest[:1]):
        shown = list(_segments(text, strongest, names, 0, _EXCERPT_CHARS))
        return [*shown, Segment("…")]
    start = max(_BEGINNING_CHARS, key.start - _AROUND_CHARS)
    end = min(len(text), start + _EXCERPT_CHARS - _BEGINNING_CHARS)
    return [
        *_segments(text, strongest, names, 0, _BEGINNING_CHARS),
        Segment(" … "),
        *_segments(text, strongest, names, start, end),
        *([Segment("…")] if end < len(text) else []),
    ]


def _strongest(found: Sequence[Piece]) -> list[Piece]:
    """Signals, then the words that speak most for the answers."""
    kept = [piece for piece in found if piece.head.startswith("signal:")]
    for head in _HEADS:
        own = [piece for piece in found if piece.head == head and piece.weight > 0]
        kept += sorted(own, key=lambda piece: -piece.weight)[:_STRONGEST]
    return kept


def _segments(
    text: str, found: Sequence[Piece], names: Names, start: int, end: int
) -> Iterator[Segment]:
    """The text from `start` to `end`, cut where a piece begins or ends."""
    edges = {edge for p in found for edge in (p.start, p.end) if start < edge < end}
    places = [start, *sorted(edges), end]
    for begin, stop in pairwise(places):
        over = [piece for piece in found if piece.start <= begin and stop <= piece.end]
        css, title, label = _look(over, begin, stop, names)
        for run, is_invisible in _runs(text[begin:stop]):
            if is_invisible:
                yield Segment(f"U+{ord(run):04X}", css, _name(run), is_invisible=True)
            else:
                yield Segment(run, css, title)
        if label:
            yield Segment("", "", "", label)


def _look(over: Sequence[Piece], begin: int, stop: int, names: Names) -> tuple[str, str, str]:
    """Classes, the sentence that hovering shows, and the names of signals that end here."""
    css, said, ending = [], [], []
    for head, (letter, called) in _HEADS.items():
        own = max(
            (piece for piece in over if piece.head == head),
            key=lambda piece: abs(piece.weight),
            default=None,
        )
        if own is not None:
            css.append(f"{letter}{own.strength}" if own.weight > 0 else f"{letter}-against")
            how = "" if own.weight > 0 else "（减弱）"
            said.append(f"{called} {own.weight:+.2f}{how}")
    for piece in over:
        head, _, code = piece.head.partition(":")
        if head == "signal":
            css += ["sig", *(["sig-a"] if piece.start == begin else [])]
            css += ["sig-z"] if piece.end == stop else []
            said.append(f"风险信号：{names.signal(code)}")
            ending += [names.signal(code)] if piece.end == stop else []
    classes = " ".join(dict.fromkeys(["ev", *css])) if css else ""
    return classes, "；".join(dict.fromkeys(said)), "、".join(dict.fromkeys(ending))


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Visible runs, and one by one the characters that would not be seen."""
    begin = 0
    for place, char in enumerate(text):
        if _is_hidden(text, place, char):
            if begin < place:
                yield text[begin:place], False
            yield char, True
            begin = place + 1
    if begin < len(text):
        yield text[begin:], False


def _is_hidden(text: str, place: int, char: str) -> bool:
    """Whether a character acts without being seen; one that joins two emoji is seen by them."""
    if char in _KEPT or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}:
        return False
    if char == _JOINER and 0 < place < len(text) - 1:
        return unicodedata.category(text[place - 1]) not in {"So", "Sk", "Mn"}
    return True


def _name(char: str) -> str:
    return f"不可见字符 {unicodedata.name(char, 'CONTROL')}"


def _listed(prediction: Json, name: str) -> list[Json]:
    found = prediction.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _span(piece: Json) -> tuple[int, int]:
    return int(_number(piece.get("start"))), int(_number(piece.get("end")))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
