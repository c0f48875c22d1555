"""What the served model must never get wrong, and which way it must move."""

from __future__ import annotations

import pytest

from classifier import Triage
from classifier.policy import decide
from classifier.policy_file import load_policy
from classifier.prediction import Prediction, Priority

POLICY = load_policy()

MUST_NOT_MISS = [
    ("self_harm", "网贷天天催，我真的不想活了，今晚就从楼上跳下去"),
    ("self_harm", "钱要是追不回来我就去死，反正活着也没意思"),
    ("violence", "再不给我解决我就带人去把你们店砸了"),
    ("violence", "信不信我弄死你们经理"),
    ("injury", "孩子吃完你们的蛋糕上吐下泻，现在在医院挂水"),
    ("injury", "插上电就冒烟着火了，手被烫伤"),
    ("regulator", "我已经向12315投诉了，等着吧"),
    ("regulator", "明天就去银保监会告你们"),
    ("legal", "律师函已经寄出，法院见"),
    ("legal", "我已经报警了，警察也做了笔录"),
    ("fraud_loss", "银行卡被盗刷了8000块"),
    ("privacy_leak", "刚下完单就有骗子打电话，连我的地址和买了什么都知道，你们泄露我的信息"),
]


def only(model: Triage, text: str) -> Prediction:
    """The prediction on one text."""
    return model.predict([text])[0]


@pytest.mark.parametrize(("code", "text"), MUST_NOT_MISS)
def test_grave_texts_are_never_missed(default_model: Triage, code: str, text: str) -> None:
    """The signal is found, and the case is urgent whatever the heads say."""
    found = only(default_model, text)
    assert code in {signal.code for signal in found.signals}
    decision = decide(found, POLICY)
    assert decision.priority <= Priority.P1
    assert not decision.auto


ANGRIER = [
    ("快递三天没动了", "快递三天没动了，太差了！！！你们这群骗子"),
    ("退款还没到账，麻烦查一下", "退款还没到账，一群垃圾！！！王八蛋"),
    ("房间有点小", "房间小得离谱，恶心透顶，再也不会来了！！！"),
    ("客服没有回复我", "客服死了吗？？？没有一个回复我！！！什么狗屁公司"),
]


@pytest.mark.parametrize(("calm", "angry"), ANGRIER)
def test_abuse_and_exclamation_raise_the_score(
    default_model: Triage, calm: str, angry: str
) -> None:
    """More anger in the words is a higher score and no lower level."""
    before, after = only(default_model, calm).intensity, only(default_model, angry).intensity
    assert before is not None
    assert after is not None
    assert after.score > before.score
    assert after.level >= before.level


SAME = [
    ("快递员态度很差，把我的包裹扔在地上", "快遞員態度很差，把我的包裹扔在地上"),
    ("扣了我200元会员费，从来没有开通过", "扣了我２００元会员费，从来没有开通过"),
    ("退款一直不到账，客服也联系不上！", "退款一直不到账,客服也联系不上!"),
    ("App闪退，付款页面打不开", "ａｐｐ闪退，付款页面打不开"),
    ("奶茶里喝出虫子", "奶茶里\u200b喝出\u200b虫子"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_spelling_does_not_change_the_answer(default_model: Triage, left: str, right: str) -> None:
    """Traditional characters, width and invisible characters leave every finding as it is."""
    a, b = only(default_model, left), only(default_model, right)
    assert (a.category, a.intensity) == (b.category, b.intensity)
    assert [s.code for s in a.signals] == [s.code for s in b.signals]


def test_politeness_does_not_hide_a_threat(default_model: Triage) -> None:
    """Calm words around a grave one leave the case at the top."""
    found = only(default_model, "您好，打扰了，麻烦转告经理，我今晚就跳楼，谢谢您的耐心")
    assert decide(found, POLICY).priority is Priority.P0


CALM_BUT_GRAVE = "您好，孩子食用贵公司奶粉后住院，附上诊断书，请核实批次"
FURIOUS_BUT_TRIVIAL = "他妈的送个外卖忘了给筷子！！！垃圾店王八蛋去死吧"


def test_anger_and_gravity_are_two_things(default_model: Triage) -> None:
    """A calm letter about a sick child outranks a rant about chopsticks, which is the angrier."""
    calm, furious = only(default_model, CALM_BUT_GRAVE), only(default_model, FURIOUS_BUT_TRIVIAL)
    assert calm.intensity is not None
    assert furious.intensity is not None
    assert furious.intensity.level >= 4 > calm.intensity.level
    assert decide(calm, POLICY).priority < decide(furious, POLICY).priority


PLAIN = [
    ("奶茶里有一只死虫子，还有头发", "safety"),
    ("外卖等了两个小时还没送到", "delivery"),
    ("申请的退款说三天到账，都两周了还没收到", "refund"),
    ("客服态度恶劣，还骂人", "attitude"),
    ("自动续费扣了我好几个月的会员费，根本没通知", "price_fee"),
    ("买到的是假货，专柜验了不是正品", "counterfeit"),
    ("App一打开就闪退，根本登录不上去", "system"),
    ("银行卡里的钱被莫名其妙转走了", "account_fund"),
    ("请问几点关门", "other"),
]


@pytest.mark.parametrize(("text", "code"), PLAIN)
def test_plain_cases_get_their_category(default_model: Triage, text: str, code: str) -> None:
    """The clearest complaint of each kind is in no doubt."""
    category = only(default_model, text).category
    assert category is not None
    assert category.code == code
