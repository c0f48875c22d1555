"""The forms of addresses: places, doors, and what stands before and behind them."""

from __future__ import annotations

import re
from functools import cache

from classifier.personal import listed, one_of

HAN = "\u3400-\u9fff"
LOOK_BACK = 26  # characters of a place with its regions
_NUMBER = (
    r"(?:[a-z]{0,2}\d{1,5}(?:-\d{1,5}){0,3}[a-z]?|[零〇一二两三四五六七八九十百]{1,5}"
    r"|[a-z甲乙丙丁])"
)
_NO_HOUSE = "线|口|店|门(?![口前卫])|窗|柜|桌|房|台|厅|机|车|厂|馆|位|站|井|床|码|称|航|通|电|下|上"
_UNIT = (
    rf"(?:号楼(?![下上])|号仓|号铺|号库|號樓|号院|号(?!{_NO_HOUSE})|號|弄|栋|幢|棟|座|单元|單元|楼|樓"
    r"|层|室|梯|仓|舍|组|社|队|期|区|#楼?|房|排)"
)
PART = re.compile(
    rf"(?:{_NUMBER} ?{_UNIT}|[甲乙丙丁]\d{{1,3}}{_UNIT}|\d{{1,2}}门(?=\d)|[东西南北中](?:户|单元))"
)
# A number with its unit, and what follows it: 3栋2单元501, 88弄6号402室. Bounded: linear time.
TAIL = re.compile(
    rf"(?<!第)附?{PART.pattern}"
    rf"(?:[ ,\-/附]?(?:{PART.pattern}|\d{{1,2}}门"
    r"|\d{3,5}[a-z]?(?![\d元块年多件次天])|\d{1,3}(?:-\d{1,5}){1,2})){0,6}"
    r"(?:号|室|铺|户)?(?:之[一二三四五\d])?"
)
DOOR = re.compile(
    r"(?:\d{1,4}[a-z]?|[a-z]\d{0,2})-\d{1,4}(?:-\d{1,5}){0,2}(?:室|号)?"
    r"|\d{3,4}(?:室|房)?(?![\d年元块户人家个件次米月日天万多])"
)
HINT = re.compile(
    r"[号號栋幢棟座弄组社队#室楼](?<=[\da-z零一二三四五六七八九十百甲乙丙丁 ].)|[单單]元"
    r"|-(?<=\d-|[a-z]-)\d"
)
RUN = re.compile(rf"[{HAN}a-z0-9()·]{{1,{LOOK_BACK}}}\Z")
_INNER = "[园苑城厦场心座楼院寓里湾府庭界馆舍邸郡际层铺社]"
_OUTER = "[园苑城厦场心座楼院寓里湾府庭村口区界馆舍铺社庄坊居邸郡际层房盘墅公段号厅墙寨屯库侧]"
# What goes on behind an address: 附3号, 某某大厦B座, 西户.
MORE = re.compile(
    r"[ ,]?(?:(?:附|之|甲|乙|-)\d{1,4}(?:号楼|[号栋幢座室户层楼])?(?!\d)"
    rf"|(?:[{HAN}a-z]{{0,12}}{_OUTER}|[东西南北中]|地下|负|附|第)?"
    r"(?:[a-z]{0,2}\d{1,5}(?:-\d{1,5}){0,3}|[一二三四五六七八九十两]{1,3}|[a-z甲乙丙丁])"
    r"(?:号楼|号院|[号栋幢座室户铺梯仓层楼門门区组排孔#舍馆](?![口名单面])|单元|单位|车位|街坊)"
    rf"|[{HAN}a-z]{{0,12}}{_INNER} ?[a-z]?\d{{2,5}}[a-z]?"
    r"(?:-\d{1,5}){0,3}(?![a-z\d元块年天个次月])"
    rf"|[{HAN}a-z]{{0,12}}{_INNER} ?\d-\d{{2,5}}(?![a-z\d\-])"
    r"|[厦座楼寓] ?\d{1,3}[a-z](?![a-z0-9])"
    r"|[东西南北中]户|顶楼|左手|右手|后门|亭子间|[东西]厢房|阁楼|地下室)"
)
# What stands before the road: a larger place, or words that lead to an address.
_LARGER = (
    r"省|(?<![夜超城都])市(?![场民府政])|自治[区州]"
    r"|(?<![小社园校厂院住属墅宿一二三四五六七八九十])(?<![园苑村院庭区里府邸][东南西北])区"
    r"|县(?!前|府|学)|[左右前后中治]旗|镇(?!前)|(?<![家老])乡|街道(?:办)?|新区|开发区|高新区"
)
_LEADING = (
    r"反映|扔|堵|贴|(?<!解)放|门牌|房子|住址|现居|将|代表|关于|业主|住户|为(?!民)|页面|住在|住|在|到"
    r"|于(?!洪|家)|是|寄|送|去|往|至|位于|搬|从(?!化)|离|的|了|(?:我|你|他|她|咱|俺|您|们)家|我们?|你们?"
    r"|他|她|咱|俺|您|址|[改写填]成|给|把|这(?!里)|和(?![平睦谐兴顺美泰园苑])|跟"
)
BEFORE = re.compile(rf"(?:{_LARGER})|{_LEADING}")
LEADS = re.compile(_LEADING)
ADDRESSED = re.compile(
    r"(?:住|在|到|往|至|址|位于|于|省|市|区|县|镇|乡|道|寄|送|去|成|是|发|搬|跑)\Z"
)
ROOM = re.compile(r"单元|單元|室|栋|幢|棟|号楼|號樓|#|\d{3,5}[a-z]?\Z|-\d|楼\d{1,2}门")
BLOCK = re.compile(r"栋|幢|棟|号楼|號樓|座|单元|單元|#")
FLOOR_ONLY = re.compile(rf"{_NUMBER}[^单]{{1,2}}{_NUMBER}[楼层区]")
ROW = re.compile(r"(?:[东西南北]头?)?(?:第?[一二三四五六七八九十\d]{1,3}排)?\Z")  # of houses
ROAD = re.compile(r"(?:路|街|道)(?:[东南西北中]?段?|[一二三四五六七八九十]段)\Z")
HOME = re.compile(rf"[{HAN}·]{{3,10}}")
REGION_ENDS = (
    "省", "市", "区", "县", "旗", "州", "盟", "镇", "乡", "街道", "村", "街",
    "新区", "道", "小区", "开发区",
)  # fmt: skip


@cache
def regions() -> re.Pattern[str]:
    """A province, city, district and town in a row, any of them left out."""
    return re.compile(
        rf"(?:[{HAN}]{{2,5}}?(?:省|市|区|县|旗|州|盟|镇|乡|街道|村)|{one_of(region_names())})"
        rf"(?:[{HAN}]{{1,7}}?(?:市|区|县|旗|州|盟|镇|乡|街道|村|园区|社区)){{0,4}}"
    )


@cache
def region_names() -> frozenset[str]:
    """Regions that are named without their kind: 江苏, 上海."""
    return frozenset(listed("addresses", "regions"))


@cache
def homes_before() -> re.Pattern[str]:
    """What a door number may follow at once: a home's kind, 住, 地址:."""
    homes = one_of((*listed("addresses", "homes"), *listed("addresses", "villas")))
    return re.compile(rf"(?:{homes}|住|住在|住址|址:|门牌号?:?|房号|家里?在) ?(?=[a-z]?\d)")


def kind_of(place: str) -> str:
    """The list that the end of a place is in, "" if in none.

    >>> kind_of("中山北路"), kind_of("阳光花园"), kind_of("武汉")
    ('roads', 'villas', '')
    """
    for kind in ("villas", "roads", "villages", "homes"):
        if place.rstrip().endswith(listed("addresses", kind)):
            return kind
    return ""
