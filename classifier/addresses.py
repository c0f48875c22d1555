"""Addresses down to the number or the door; a city or district alone is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifier import address_forms as forms
from classifier.personal import Finder, Found
from classifier.tokens import tokeniser

TOKEN = "[地址]"  # noqa: S105  (no password)
_MAX_NAME = 8  # characters of a home whose name does not tell that it is one
_SURE_HOME = 2  # characters: after 城, 里 and the like a number may be anything
_MOST_PARTS = 5
_TELLS_DOOR = ("住", "址", ":", "号", "在")
_GENERIC = frozenset(
    [
        "小区", "本小区", "隔壁小区", "花园", "公寓", "大厦", "大楼", "楼", "广场", "中心",
        "院", "宿舍", "园", "里", "学校", "医院",
    ]
)  # fmt: skip


def addresses(text: str) -> Iterator[Found]:
    """Pieces of a folded text, in order; no two of them overlap.

    >>> text = "我住南京市中山北路88号3栋501,去过3号线"
    >>> [text[start:end] for start, end, _ in addresses(text)]
    ['南京市中山北路88号3栋501']
    """
    last: tuple[int, int] | None = None
    for start, end, whole in _candidates(text):
        if last and _goes_on(text[last[1] : start], text[start:end]):
            last = (last[0], max(_whole_end(text, end), last[1]))
            continue
        if last:
            yield Found(*last, TOKEN)
            last = None
        if whole:
            last = (_with_regions(text, start), _whole_end(text, end))
    if last:
        yield Found(*last, TOKEN)


def _goes_on(gap: str, tail: str) -> bool:
    """Whether what follows an address belongs to it: at once, or a home's name between."""
    is_home = forms.HOME.fullmatch(gap) is not None and not forms.LEADS.search(gap)
    return len(gap) < 2 or (is_home and forms.BLOCK.search(tail) is not None)


def _candidates(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of places with numbers, and whether each is an address by itself."""
    position = 0
    for start, end, is_door in _tails(text):
        if start < position:
            continue
        tail = text[start:end]
        place, is_led = _place(text[max(position, start - forms.LOOK_BACK) : start])
        fits = _fits(place, tail, is_led=is_led)
        yield start - len(place) * fits, end, fits or is_door or _is_door(tail)
        position = end


def _tails(text: str) -> list[tuple[int, int, bool]]:
    """Where numbers with their units stand, and door numbers right after a home.

    The third says whether it is a door whatever stands before.
    """
    found = [(*match.span(), False) for match in forms.TAIL.finditer(text)]
    taken = {place for start, end, _ in found for place in range(start, end)}
    for match in forms.homes_before().finditer(text):
        door = forms.DOOR.match(text, match.end())
        if not door or not taken.isdisjoint(range(*door.span())):
            continue
        is_exact = "-" in door.group()
        if is_exact or len(match.group().strip()) >= _SURE_HOME:
            found.append((*door.span(), is_exact and match.group().endswith(_TELLS_DOOR)))
    return sorted(found)


def _place(head: str) -> tuple[str, bool]:
    """The road, village or home at the end of the head, and whether it is led to as an address."""
    bare = head.rstrip(" ")
    run = forms.RUN.search(bare)
    if not run:
        return "", False
    place, is_first = run.group(), run.start() == 0 or head[run.start() - 1] in ":,。 "
    cut = max((match.end() for match in forms.BEFORE.finditer(place)), default=0)
    if cut:
        is_led = forms.ADDRESSED.search(place[:cut]) is not None
    else:
        is_led = is_first and len(place) <= _MAX_NAME
    return (head[len(bare) - len(place) + cut :] if cut < len(place) else ""), is_led


def _fits(place: str, tail: str, *, is_led: bool) -> bool:
    """Whether the place and the tail are an address together."""
    is_seat = "排" in tail and not re.search(r"[号室]", tail)
    if is_seat or place.startswith("某") or place.strip() in _GENERIC:
        return False
    place = forms.ROW.sub("", place, count=1)
    kind, has_room = forms.kind_of(place), forms.ROOM.search(tail) is not None
    if kind == "roads" or forms.ROAD.search(place):
        return has_room or re.search(r"[号號弄]", tail) is not None
    if kind == "villages":
        is_named = len(place.strip()) >= _SURE_HOME + (place.strip()[-1] not in "村庄屯寨组")
        return is_named and (has_room or re.search(r"[号號组社队]", tail) is not None)
    if kind == "villas":
        return has_room or re.search(r"[号號]", tail) is not None
    if kind == "homes":
        return has_room
    return is_led and 1 < len(place) <= _MAX_NAME and _is_door(tail)


def _is_door(tail: str) -> bool:
    """Whether a tail alone leads to a door: building and room."""
    if "排" in tail or not forms.BLOCK.search(tail) or forms.FLOOR_ONLY.fullmatch(tail):
        return False
    parts = re.findall(rf"{forms.PART.pattern}|\d{{3,5}}|\d{{1,3}}-\d{{2,5}}", tail)
    return len({part.lstrip("0123456789一二三四五六七八九十") for part in parts}) > 1


def _whole_end(text: str, end: int) -> int:
    """Where an address ends that goes on behind its number."""
    for _ in range(_MOST_PARTS):
        more = forms.MORE.match(text, end)
        if not more:
            break
        end = more.end()
    return end


def _with_regions(text: str, start: int) -> int:
    """Where an address begins with its province, city, district and town, if they stand there."""
    run = forms.RUN.search(text[max(0, start - forms.LOOK_BACK) : start])
    if not run:
        return start
    before = run.group()
    pieces = tokeniser().cut(before)
    at = 0
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=True):
        is_region = piece.endswith(forms.REGION_ENDS) or piece in forms.region_names()
        if (
            len(piece) > 1
            and (is_region or after in forms.REGION_ENDS)
            and forms.regions().fullmatch(before[at:])
        ):
            return start - len(before) + at
        at += len(piece)
    return start


ADDRESSES = Finder(forms.HINT.search, addresses)
