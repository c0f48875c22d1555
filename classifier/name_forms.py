"""Whether characters are a name: a surname, a given name, and where they end."""

from __future__ import annotations

import re
from itertools import accumulate

from classifier.name_lists import DICTIONARY_CHARS, begins_thing, name_lists
from classifier.tokens import tokeniser

HAN = "\u3400-\u9fff"
FULL = 3  # characters of most names
EDGE = re.compile(rf"[^{HAN}a-z*某]|$")


def name_at(text: str, at: int, *, announced: bool) -> int:
    """Where a name that begins here ends, or `at` if none does.

    Where none is `announced`, more must hold: the surname is no word, the name is over.
    """
    surname = surname_chars(text, at)
    if (
        not surname
        or text.startswith(name_lists().brands, at)
        or (not announced and begins_thing(text, at))
    ):
        return at
    given = _given_chars(text, at + surname)
    end = at + surname + given
    if not given or text.startswith(name_lists().staff_titles, at + surname):
        return at
    ends_here = EDGE.match(text, end) is not None
    is_over = ends_here or (given > 1 and text[end] in name_lists().after)
    is_sure = (announced and is_over) or text.startswith(_REPORTING, end)
    if text[at:end] in name_lists().nobody or (
        surname == 1 and begins_word(text, at, sure=is_sure)
    ):
        return at
    if announced or surname > 1:
        return end
    if text[at] in name_lists().verbal or (
        text[at] in name_lists().doubtful and given < 2 and not is_sure
    ):
        return at
    is_over = is_over or text[end] in name_lists().after or (given > 1 and end in cuts(text, at))
    return end if is_over or text[end] in name_lists().never else at


def cuts(text: str, at: int) -> set[int]:
    """Where the segmenter begins words near here."""
    start = max(0, at - _SEEN)
    return {start, *accumulate(map(len, tokeniser().cut(text[start : at + _SEEN])), initial=start)}


_SEEN = 6  # characters before and after
_REPORTING = ("称", "反映", "来电", "来访", "表示", "诉称", "投诉")


def is_name(name: str) -> bool:
    """Whether it has the form of a surname alone or a full name."""
    surname = 2 if name[:2] in name_lists().doubles else 1 if name[0] in name_lists().singles else 0
    given = name[surname:]
    return bool(surname) and len(given) <= 2 and all(_may_be_given(char) for char in given)


def surname_chars(text: str, at: int) -> int:
    """How many characters of a surname stand here."""
    if text[at : at + 2] in name_lists().doubles:
        return 2
    return 1 if at < len(text) and text[at] in name_lists().singles else 0


def _given_chars(text: str, at: int) -> int:
    """How many of the next two characters are a given name."""
    for chars in (0, 1):
        char = text[at + chars : at + chars + 1]
        goes_on = (
            chars
            and text.startswith(name_lists().going_on, at + chars)
            and not EDGE.match(text, at + chars + 1)
        )
        if not char or not _may_be_given(char) or goes_on:
            return chars
    return 2


def _may_be_given(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" and char not in name_lists().never


def begins_word(text: str, at: int, *, sure: bool) -> bool:
    """Whether a common word begins here; where a name is `sure`, few words count."""
    words = name_lists().words
    if text[at + 1 : at + 2] == "子" and text[at + 2 : at + 3] in name_lists().son:
        return False
    if text[at : at + 2] in name_lists().common:
        return True
    for chars in range(2, DICTIONARY_CHARS + 1):
        if text[at : at + chars] in words:
            return not sure
    return False


def starts(text: str, at: int) -> bool:
    """Whether a clause starts here, or what names a person ends."""
    return (
        at == 0
        or not re.match(rf"[{HAN}]", text[at - 1])
        or text.endswith(name_lists().persons, 0, at)
    )
