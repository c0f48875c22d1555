"""Addresses from the road or village down to the door; a city or district alone is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from classifier.tokens import tokeniser
from classifier.personal import Finder, Found, listed, one_of

TOKEN = "[地址]"  # noqa: S105  (no password)
_HAN = "\u3400-\u9fff"
_NUMBER = r"(?:(?:(?<=某)某)?[a-z]{0,2}\d{1,5}(?:-\d{1,5}){0,3}[a-z]?|[零〇一二两三四五六七八九十百]{1,5}|[a-z甲乙丙丁])"
_UNIT = r"(?:号楼(?![下上])|号仓|号铺|号库|號樓|号院|号(?!线|口|店|门(?![口前卫])|窗|柜|桌|房|台|厅|机|车|厂|馆|位|站|井|床|码|称|航|通|电|下|上)|號|弄|栋|幢|棟|座|单元|單元|楼|樓|层|室|梯|仓|舍|组|社|队|期|区|#楼?|房|排)"
_PART = (
    rf"(?:{_NUMBER} ?{_UNIT}|[甲乙丙丁]\d{{1,3}}{_UNIT}|\d{{1,2}}门(?=\d)|[东西南北中](?:户|单元))"
)
_TAIL = re.compile(
    rf"(?<!第){_PART}(?:[ ,\-/附]?(?:{_PART}|\d{{1,2}}门|\d{{3,5}}[a-z]?(?!\d|元|块|年|多|件|次|天)|\d{{1,3}}(?:-\d{{1,5}}){{1,2}})){{0,6}}(?:号|室|铺|户)?(?:之[一二三四五\d])?"
)
_DOOR = re.compile(
    r"(?:\d{1,4}[a-z]?|[a-z]\d{0,2})-\d{1,4}(?:-\d{1,5}){0,2}(?:室|号)?|\d{3,4}(?:室|房)?(?![\d年元块户人家个件次米月日天万多])"
)
_HINT = re.compile(
    r"[号號栋幢棟座弄组社队#室户楼](?<=[\da-z零一二三四五六七八九十百甲乙丙丁 ].)|[单單]元|-(?<=\d-|[a-z]-)\d"
)
_LOOK_BACK = 26
_MAX_NAME = 8  # characters of a home whose name does not tell that it is one
_RUN = re.compile(rf"[{_HAN}a-z0-9()·]{{1,{_LOOK_BACK}}}\Z")
# What stands before the road: a larger place, or words that lead to an address.
_LARGER = r"省|(?<![夜超城都])市(?![场民府政])|自治[区州]|(?<![小社园校厂院住属墅宿一二三四五六七八九十])(?<![园苑村院庭区里][东南西北])区(?!\d)|县(?!前|府|学)|[左右前后中治]旗|镇(?!前)|(?<![家老])乡|街道(?:办)?|新区|开发区|高新区"
_LEADING = r"反映|扔|堵|贴|(?<!解)放|门牌|房子|住址|现居|将|代表|关于|业主|住户|为(?!民)|页面|住在|住|在|到|于(?!洪|家)|是|寄|送|去|往|至|位于|搬|从(?!化)|离|的|了|(?:我|你|他|她|咱|俺|您|们)家|我们?|你们?|他|她|咱|俺|您|址|[改写填]成|给|把|这(?!里)|和(?![平睦谐兴顺美泰园苑])|跟"
_BEFORE = re.compile(rf"(?P<larger>{_LARGER})|{_LEADING}")
_LEADS = re.compile(_LEADING)
_ADDRESSED = re.compile(
    r"(?:住在|住|在|到|往|至|址|位于|于|省|市|区|县|镇|乡|道|寄|送|去|成|是|发|搬|跑)\Z"
)
_ROOM = re.compile(r"单元|單元|室|栋|幢|棟|号楼|號樓|户|#|\d{3,5}[a-z]?\Z|-\d|楼\d{1,2}门")
_SURE_HOME = 2  # characters: after 城, 里 and the like a number may be anything
_TELLS_DOOR = ("住", "址", ":", "号", "在")
_BLOCK = re.compile(r"栋|幢|棟|号楼|號樓|座|单元|單元|#")


def addresses(text: str) -> Iterator[Found]:
    """Pieces of a folded text, in order; no two of them overlap.

    >>> text = "我住南京市中山北路88号3栋501,去过3号线"
    >>> [text[start:end] for start, end, _ in addresses(text)]
    ['中山北路88号3栋501']
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
    is_home = _HOME.fullmatch(gap) is not None and not _LEADS.search(gap)
    return len(gap) < 2 or (is_home and bool(_BLOCK.search(tail)))


_HOME = re.compile(rf"[{_HAN}·]{{3,10}}")


def _candidates(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start and end of places with numbers, and whether each is an address by itself."""
    position = 0
    for start, end, is_door in _tails(text):
        if start < position:
            continue
        tail = text[start:end]
        place, is_led = _place(text[max(position, start - _LOOK_BACK) : start])
        yield (
            start - len(place) * _fits(place, tail, is_led),
            end,
            bool(_fits(place, tail, is_led)) or is_door or _is_door(tail),
        )
        position = end


def _tails(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where numbers with their units stand, and door numbers right after a home.

    The third says whether it is a door whatever stands before.
    """
    found = [(*match.span(), False) for match in _TAIL.finditer(text)]
    for match in _homes_before().finditer(text):
        door = _DOOR.match(text, match.end())
        if door and not any(start < door.end() and door.start() < end for start, end, _ in found):
            if "-" not in door.group() and len(match.group().strip()) < _SURE_HOME:
                continue
            is_told = "-" in door.group() and match.group().endswith(_TELLS_DOOR)
            found.append((*door.span(), is_told))
    return iter(sorted(found))


def _place(head: str) -> tuple[str, bool]:
    """The road, village or home at the end of the head, and whether it is led to as an address."""
    run = _RUN.search(head.rstrip(" ") if head.endswith(" ") else head)
    if not run:
        return "", False
    place, led = run.group(), run.start() == 0 or head[run.start() - 1] in ":：,，。 "
    cut = 0
    for match in _BEFORE.finditer(place):
        cut = match.end()
    is_led = bool(_ADDRESSED.search(place[:cut])) if cut else led and len(place) <= _MAX_NAME
    rest = place[cut:]
    return (rest + head[len(head.rstrip(" ")) :] if rest else ""), is_led


def _kind(place: str) -> str:
    for kind in ("villas", "roads", "villages", "homes"):
        if place.rstrip().endswith(listed("addresses", kind)):
            return kind
    return ""


_GENERIC = frozenset(
    [
        "小区",
        "本小区",
        "某小区",
        "隔壁小区",
        "花园",
        "公寓",
        "大厦",
        "大楼",
        "楼",
        "广场",
        "中心",
        "院",
        "宿舍",
        "园",
        "里",
        "学校",
        "医院",
    ]
)
_ROAD = re.compile(r"(?:路|街|道)(?:[东南西北中]?段?|[一二三四五六七八九十]段)\Z")


def _fits(place: str, tail: str, is_led: bool) -> int:
    """1 if the place and the tail are an address together, else 0."""
    if "排" in tail and not re.search(r"[号室]", tail):
        return 0
    if place.startswith("某") or place.strip() in _GENERIC:
        return 0
    kind = _kind(place)
    has_block, has_room = bool(_BLOCK.search(tail)), bool(_ROOM.search(tail))
    if kind == "roads" or _ROAD.search(place):
        return int(bool(re.search(r"[号號弄]", tail)) or has_room)
    if kind == "villages":
        if len(place) < _SURE_HOME + (place.strip()[-1] not in "村庄屯寨组"):
            return 0
        return int(bool(re.search(r"[号號组社队户]", tail)) or has_room)
    if kind == "villas":
        return int(bool(re.search(r"[号號]", tail)) or has_room)
    if kind == "homes":
        return int(has_room)
    return int(_is_door(tail) and is_led and 1 < len(place) <= _MAX_NAME)


def _is_door(tail: str) -> bool:
    """Whether a tail alone leads to a door: building and room."""
    parts = re.findall(rf"{_PART}|\d{{3,5}}|\d{{1,3}}-\d{{2,5}}", tail)
    units = {part.lstrip("0123456789一二三四五六七八九十") for part in parts}
    return (
        "排" not in tail
        and bool(_BLOCK.search(tail))
        and len(units) > 1
        and not re.fullmatch(rf"{_NUMBER}[^单]{{1,2}}{_NUMBER}[楼层区]", tail)
    )


def _whole_end(text: str, end: int) -> int:
    """Where an address ends that goes on behind its number: 附3号, 某某大厦B座, 西户."""
    for _ in range(_MOST_PARTS):
        more = _MORE.match(text, end)
        if not more:
            break
        end = more.end()
    return end


_MOST_PARTS = 5
_MORE = re.compile(
    rf"[ ,]?(?:(?:附|之|甲|乙|-)\d{{1,4}}(?:号楼|[号栋幢座室户层楼])?(?!\d)"
    rf"|(?:[{_HAN}a-z]{{0,12}}[园苑城厦场心座楼院寓里湾府庭村口区界馆舍铺社庄坊居邸郡际层房盘墅公段号厅墙寨屯库侧]|[东西南北中]|地下|负|附|第)?"
    rf"(?:[a-z]{{0,2}}\d{{1,5}}(?:-\d{{1,5}}){{0,3}}|[一二三四五六七八九十两]{{1,3}}|[a-z甲乙丙丁])"
    rf"(?:号楼|号院|[号栋幢座室户铺梯仓层楼門门区组排孔#舍馆](?![口名单面])|单元|单位|车位|街坊)"
    rf"|[{_HAN}a-z]{{0,12}}[园苑城厦场心座楼院寓里湾府庭界馆舍邸郡际层铺社] ?[a-z]?\d{{2,5}}[a-z]?(?:-\d{{1,5}}){{0,3}}(?![a-z\d元块年天个次月])"
    rf"|[厦座楼寓] ?\d{{1,3}}[a-z](?![a-z0-9])"
    rf"|(?:[东西南北中]户|顶楼|左手|右手|后门|亭子间|[东西]厢房|阁楼|地下室))"
)


def _with_regions(text: str, start: int) -> int:
    """Where an address begins with its province, city, district and town, if they stand there."""
    head = text[max(0, start - _LOOK_BACK) : start]
    run = _RUN.search(head)
    if not run:
        return start
    text_before = run.group()
    pieces = tokeniser().cut(text_before)
    at = 0
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=True):
        is_region = piece.endswith(_REGION_ENDS) or piece in _regions() or after in _REGION_ENDS
        if is_region and len(piece) > 1 and _REGIONS.fullmatch(text_before[at:]):
            return start - len(text_before) + at
        at += len(piece)
    return start


_REGIONS = re.compile(
    rf"(?:[{_HAN}]{{2,5}}?(?:省|市|区|县|旗|州|盟|镇|乡|街道|村)|{one_of(listed('addresses', 'regions'))})"
    rf"(?:[{_HAN}]{{1,7}}?(?:市|区|县|旗|州|盟|镇|乡|街道|村|园区|社区)){{0,4}}"
)
_REGION_ENDS = (
    "省", "市", "区", "县", "旗", "州", "盟", "镇", "乡", "街道", "村", "街", "新区", "道", "小区", "开发区",
)  # fmt: skip


@cache
def _regions() -> frozenset[str]:
    return frozenset(listed("addresses", "regions"))


@cache
def _homes_before() -> re.Pattern[str]:
    return re.compile(
        rf"(?:{one_of((*listed('addresses', 'homes'), *listed('addresses', 'villas')))}|住|住在|住址|址:|门牌号?:?|房号|家里?在) ?(?=[a-z]?\d)"
    )


ADDRESSES = Finder(_HINT.search, addresses)
