"""The other forms in which a text says a name that was found in it: 王小梅, 小梅, 小王, 王晓梅."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from classifier.name_forms import FULL, HAN, surname_chars
from classifier.name_lists import name_lists
from classifier.name_statistics import name_statistics
from classifier.personal import one_of

_MAX_NAMES = 12  # found in one text; a list of more is masked where each stands
_COMMON_WORD = 4.0  # ln(1 + frequency): what is a commoner word is no given name: 建国
_LIST = re.compile(rf"[{HAN}]{{2,12}}(?:、[{HAN}]{{2,3}}(?![{HAN}])){{1,12}}")
_ITEM = re.compile(rf"[{HAN}]+")
_USUAL = -1.0  # odds of a character in given names: below, a string is no misspelt name


def variants(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where the names of these spans stand in other forms, and once more; may overlap them.

    >>> text = "我叫王小梅,面单印成王小海,小王说没有小梅"
    >>> sorted(text[start:end] for start, end in variants(text, [(2, 5)]))
    ['小梅', '小王', '王小梅', '王小梅', '王小海']
    """
    full = sorted({text[start:end] for start, end in spans if end - start > 1})[:_MAX_NAMES]
    if not full:
        return
    for match in re.finditer(one_of(full), text):
        yield match.span()
    if "、" in text:
        yield from _listed(text, full)
    forms = {form for name in full for form in _forms(name)}
    if forms:
        for match in re.finditer("|".join(sorted(forms)), text):
            if _may_be_meant(text, *match.span()):
                yield match.span()


def _listed(text: str, names: list[str]) -> Iterator[tuple[int, int]]:
    """What stands in one list with names, and has the form of one: 李倩、双喜、赵建军."""
    lists = name_lists()
    for run in _LIST.finditer(text):
        items = [*_ITEM.finditer(text, *run.span())]
        if any(text.endswith(tuple(names), 0, item.end()) for item in items[:1]) or any(
            item.group() in names for item in items
        ):
            for item in items[1:]:
                name = item.group()
                if 2 <= len(name) <= FULL and name[0] in lists.singles and name not in lists.nobody:
                    yield item.span()


def _forms(name: str) -> Iterator[str]:
    """Patterns of what else may be said of a Chinese name."""
    surname = name[: surname_chars(name, 0)]
    given = name[len(surname) :]
    if not surname or not 1 <= len(given) <= 2 or not re.fullmatch(f"[{HAN}]+", name):
        return
    yield rf"[小老阿]{surname}(?![{HAN}]{{0,2}}(?:家|板|师|姐|哥))"
    if len(name) == FULL and len(given) == 2:
        yield rf"{surname}(?:{given[0]}[{HAN}]|[{HAN}]{given[1]})"
        if name_statistics().word.get(given, 0.0) < _COMMON_WORD:
            yield given


def _may_be_meant(text: str, start: int, end: int) -> bool:
    """Whether the form stands as a name here, not of staff, nor inside of words."""
    lists, statistics = name_lists(), name_statistics()
    piece = text[start:end]
    if text.endswith(lists.roles, 0, start):
        return False
    if len(piece) == FULL:
        if any(char in lists.never for char in piece[1:]):
            return False
        return all(statistics.given.get(char, 0.0) > _USUAL for char in piece[1:])
    before = statistics.word.get(text[start - 1 : start + 1], 0.0) if start else 0.0
    after = statistics.word.get(text[end - 1 : end + 1], 0.0)
    return max(before, after) < _COMMON_WORD
