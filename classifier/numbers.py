"""Numbers that are personal because of what is said before them, and order numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from classifier.personal import Finder, Found

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼滬蘇魯贛陝閩貴雲遼"
_HAN = "\u3400-\u9fff"
_IS = r"[号號码碼]{0,2}(?:编号|id|no\.?)?[\s:：=()\[\]（）【】「」\"“”'.,_\-#*是为為叫即填写的用有]{0,5}"
_DIGIT = "[零〇一幺二三四五六七八九两o]"
_ORDER = (
    "订单|定单|訂單|运单|運單|快递|快件|物流|包裹|工单|流水|交易|受理|退款|退货|换货|售后|保单|投保单|合同|回单|提单|"
    "发票|电子票|票|业务|案件|查询|报修|预约|预订|面单|商户|支付|凭证|参考|追踪|跟踪|寄件|维修|服务|申请|报案|理赔|取件|母|子|"
    "报单|商品|小票|条|凭单|借据|入库|出库|核销|票据|投诉|来电|确认|采购|贷款|电子|缴费"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A form whose group `it` is personal, or the whole of it."""

    token: str
    pattern: re.Pattern[str]


def _said(token: str, pattern: str) -> Said:
    return Said(token, re.compile(pattern))


_WECHAT = _said(
    "[微信]",
    r"(?:微信|薇信|威信|徽信|微 信|v信|vx|wx|wechat|weixin|微|加v|加我v|加w|＋v|\+v|绿泡泡|围信|卫星)"
    r"(?:号码|号|id|帐号|账号|账户|名|同号)?[\s:：=()\[\]（）【】「」\"“”'.,是为叫即搜我加添的就]{0,5}"
    r"(?P<it>(?!(?:wechat|weixin|android|iphone|xiaochengxu|applet|huawei|gongzhonghao|version)(?![a-z0-9_\-]))"
    r"(?:[a-z](?=[a-z_\-]{0,19}[\d_\-])[a-z0-9_\-]{4,19}|[a-z][a-z]{5,19}))(?![a-z0-9@]|\.[a-z0-9])",
)  # fmt: skip

# Patterns see folded text (half width, lower case). In order. Bounded repeats only: linear time.
_SAID = (
    _said(
        "[邮箱]",
        r"(?<![a-z0-9])[a-z0-9._\-]{2,40} ?(?:@|#|\(at\)|\[at\]|艾特|圈a| at |＠) ?"
        r"(?:qq|163|126|139|189|gmail|sina|sohu|foxmail|outlook|hotmail|yeah|icloud|aliyun)"
        r" ?(?:\.|点|。|,| dot ) ?(?:com|cn|net)(?![a-z0-9])",
    ),
    _said("[邮箱]", rf"(?:邮箱|邮件|email|e-mail|mail){_IS}(?P<it>[a-z0-9._\-]{{2,40}} ?@ ?[a-z0-9.\-]{{2,40}})"),
    _said("[身份证]", rf"(?:身份证|身分证|身份證|证件)(?:件)?{_IS}(?P<it>\d(?:[ \-]?[\dx*]){{13,18}})(?![0-9a-z])"),
    _said("[身份证]", r"(?<![0-9a-z.])[1-8]\d{5}[ \-.]?(?:19[2-9]|20[0-2])\d[ \-.]?(?:0\d|1[0-2])[ \-.]?(?:[0-2]\d|3[01])[ \-.]?\d{3}[ \-]?[\dx](?![0-9a-z])"),
    _said(
        "[护照]",
        r"(?:护照|護照|通行证|通行證|回乡证|台胞证|旅行证|passport|证件)[^,。;!?\n]{0,14}?"
        r"(?P<it>(?<![a-z0-9])[a-z]{1,2}[ \-]?\d(?:[ ]?\d){6,8}(?![0-9a-z]))",
    ),
    _said("[护照]", r"(?<![a-z0-9\-])(?:e[a-hj-np-z]|[egspd]\d)\d{7}(?=[,(]? ?(?:的?护照|的?passport))"),
    _said(
        "[手机]",
        r"(?<![0-9a-z.])(?<!\d[ \-.])(?:\+?86[ \-]?)?[1li](?:[ \-._/]{0,2}[3-9])(?:[ \-._/·]{0,2}[\do]){9}(?![0-9a-z])(?![ \-.]\d)",
    ),
    _said("[手机]", rf"(?<!{_DIGIT})[一幺1][ ]?[三四五六七八九](?:[ \-,、]?{_DIGIT}){{9}}(?!{_DIGIT})"),
    _said("[手机]", rf"(?:手机|电话|號碼|号码|联系|致电|打|tel|回电|拨){_IS}(?P<it>1[3-9]\d(?:[ \-]?[\d*x#?]){{7,9}})(?![0-9a-z])"),
    _said(
        "[座机]",
        rf"(?:电话|座机|固话|電話|座機|家里|号码|小灵通|tel|传真){_IS}(?:0\d{{2,3}}[ \-])?"
        r"(?P<it>[2-8]\d{2,3}[ \-]?\d{4}(?:[ \-]?(?:转|分机) ?\d{1,5})?)(?![0-9元块年])",
    ),
    _said(
        "[座机]",
        r"(?<![0-9a-z])\(?(?:\+?86[ \-]?)?0(?:10|2\d|[3-9]\d\d)[)）]?[ \-—–~.]{0,3}[2-8](?:[ \-.]?\d){6,7}"
        r"(?:[ \-]?(?:转|分机|-)[ \-]?\d{1,5})?(?![0-9])",
    ),
    _said("[银行卡]", r"(?:卡号|卡號|银行卡|储蓄卡|借记卡|信用卡|社保卡|工资卡|账号|帐号|账户|帐户|[行农商建招信交]卡|卡)[^\d,。;!?\n]{0,8}(?P<it>\d(?:[ \-.]?[\d*]){14,20})(?![0-9a-z])"),
    _said("[银行卡]", r"(?<![0-9a-z\-])(?:62|4\d|5[1-5])\d{2}(?:[ \-.]\d{4}){2,3}(?:[ \-.]\d{1,4}){1,2}(?![0-9a-z])"),
    _said("[银行卡]", r"(?<![0-9a-z\-])(?:62|4\d|5[1-5])\d{2,4}\*{4,12}\d{3,4}(?![0-9a-z])"),
    _said("[车牌]", rf"(?:车牌|牌照|车号|車牌){_IS}(?P<it>[a-z][·.\- ]?(?=[a-z0-9]{{0,5}}\d)[a-z0-9]{{5,6}})(?![a-z0-9])"),
    _said(
        "[车牌]",
        rf"[{PROVINCES}]"
        r"[a-hj-np-z][·•・.\-—_ ]{0,2}(?=[a-z0-9*]{0,4}\d)(?:[a-z0-9*]{5,6}|[a-z0-9]{4,5}[挂学警港澳试临超领])(?![a-z0-9])",
    ),
    _said("[车牌]", rf"[{PROVINCES}][a-hj-np-z][·. ]?[a-z0-9]{{2}} ?[a-z0-9]{{3}}(?![a-z0-9])"),
    _said(
        "[QQ]",
        r"(?<![a-z])(?:qq|扣扣|企鹅|抠抠|球球|q q|加q|加我q|q(?=号|:|是))(?!群)(?:号码|号|账号|帐号|id)?"
        r"[\s:：=()\[\]（）\"“”'.,是为叫即我加的就]{0,5}(?P<it>[1-9](?:[ \-]?\d){4,10})(?![0-9a-z元块年天])",
    ),
    _said(
        "[单号]",
        rf"(?:{_ORDER}|单)(?:的)?(?:单|編|编)?(?:编号|编码|单号|号码|号|碼|no\.?|id|號)"
        r"[\s:：=()\[\]（）【】「」\"“”'.,#是为為叫即填写的给我有]{0,6}"
        r"(?P<it>(?=[a-z \-]{0,10}\d)(?:[a-z]{0,8}[ \-_]?)[0-9](?:[ \-_/]{0,2}[a-z0-9]){4,39})(?![0-9a-z])(?![元块天折])",
    ),
    _said(
        "[单号]",
        r"(?:订单|定单|訂單|运单|快递|快件|工单|单子|顺丰|圆通|中通|申通|韵达|京东|邮政|极兔|德邦|ems|保单|流水|挂号信)[\s:：=()（\"“'.,#是为叫]{0,4}"
        r"(?P<it>(?=[a-z\-]{0,8}\d)[a-z0-9](?:[ \-]?[a-z0-9]){8,39})(?![0-9a-z元块])",
    ),
    _said("[单号]", r"(?<![a-z0-9])(?:sf|yt|jd[a-z]{0,3}|zto|sto|yd|jt|ems|dpk|kye|zt|jtsd|ytd|db)[ \-]?\d(?:[ \-]?\d){8,18}(?![0-9a-z])"),
)  # fmt: skip
# Long numbers with nothing said before them are order numbers, except after these.
_LONG = re.compile(
    r"(?<![a-z0-9.\-/])(?=[a-z0-9\-]{0,20}\d{6})[a-z]{0,6}-?\d[a-z0-9\-]{8,38}\d(?![a-z0-9.%元块:])"
)
_NO_ORDER = re.compile(
    r"(?:批号|批次|生产|型号|条码|条形码|条型码|序列号|sn|s/n|imei|imsi|mac|货号|许可证?|备案|信用代码|编码|准字|文号|版本|税号|款号|"
    r"商标|专利|标准|型号为|机身码|串号|防伪码?|sku|规格|isbn|执照|gb|gb/t|字第|车架号?|vin|发动机号?|基金|股票|代码|热线|客服|电话|"
    r"备案号|许可证号|登记号|注册号|证书|编号是?|批准|追溯码?|桩号?|电表|水表|户号|房源|航班|活动|链接|id|直播间|区块|哈希)"
    r"[^\d,。;!?\n]{0,6}[a-z]{0,4}$"
)
_DATE_TIME = re.compile(
    r"20\d\d(?:0\d|1[0-2])(?:[0-2]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?|[48]00\d{7}"
)
_LOOK_BACK = 16
_ACCOUNT = re.compile(r"[a-z][a-z0-9_\-]{5}")
# Without one of these no number can stand here: five digits, of which some may be hidden or spoken,
# or a plate.
_HINT = re.compile(
    rf"[\d*](?:[ \-._/·]{{0,2}}[\d*o]){{4}}|[一幺1](?:[ \-,、]?{_DIGIT}){{6}}|[@#]|艾特|[{PROVINCES}][a-z][^{_HAN}]{{3}}"
)


def accounts(text: str) -> Iterator[Found]:
    """Names of WeChat accounts in a folded text: before numbers, for one may be part of them.

    >>> list(accounts("微信号 wang_lei88"))
    [Found(start=4, end=14, token='[微信]')]
    """
    for match in _WECHAT.pattern.finditer(text):
        yield Found(*match.span("it"), _WECHAT.token)


def numbers(text: str) -> Iterator[Found]:
    """Pieces of a folded text, in any order; no two of them overlap.

    >>> list(numbers("订单号 20261123"))
    [Found(start=4, end=12, token='[单号]')]
    """
    taken: list[Found] = []
    for said in _SAID:
        group = "it" if "it" in said.pattern.groupindex else 0
        for match in said.pattern.finditer(text):
            start, end = match.span(group)
            found = Found(start, end, said.token)
            if _is_new(found, taken) and not _is_service(text[start:end]):
                taken.append(found)
    for match in _LONG.finditer(text):
        found = Found(*match.span(), "[单号]")
        head = text[max(0, found.start - _LOOK_BACK) : found.start]
        is_plain = _DATE_TIME.fullmatch(match.group()) or _NO_ORDER.search(head)
        if not is_plain and _is_new(found, taken):
            taken.append(found)
    yield from taken


def _is_new(found: Found, taken: list[Found]) -> bool:
    return all(found.end <= one.start or one.end <= found.start for one in taken)


def _is_service(number: str) -> bool:
    """Whether it is a number of a company or an authority, such as 400-820-8820."""
    digits = re.sub(r"\D", "", number)
    return (
        digits[:3] in {"400", "800"}
        and len(digits) == 10
        and digits == re.sub(r"[ \-]", "", number)
    )


ACCOUNTS = Finder(_ACCOUNT.search, accounts)
NUMBERS = Finder(_HINT.search, numbers)
