"""Conversations: the decision, the course of the anger, the agent's answer, what was repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import Triage
from classifier.dialogue import Dialogue, Role, Turn, customer_text, judge
from classifier.dialogue_course import Trend, course
from classifier.dialogue_rules import dialogue_rules, read_turns
from classifier.dialogue_speech import Kind, kinds_of, repetition
from classifier.prediction import Band, Evidence, Intensity, Outcome, Prediction, Signal

_NAMES = {1: "平静", 2: "不满", 3: "生气", 4: "愤怒", 5: "失控"}


def prediction(
    text: str, level: int | None, *, band: Band = Band.HIGH, reasons: tuple[str, ...] = ()
) -> Prediction:
    """What a model might say: a level, the first two characters as evidence, 举报 as a signal."""
    place = text.find("举报")
    intensity = None
    if level is not None:
        intensity = Intensity(level, _NAMES[level], (level - 1) / 4, (0.2,) * 5, band)
    return Prediction(
        outcome=Outcome.NEEDS_HUMAN if reasons else Outcome.OK,
        outcome_reasons=reasons,
        intensity=intensity,
        category=None,
        signals=(Signal("regulator", place, place + 2, "举报"),) if place >= 0 else (),
        evidence=(
            Evidence("category", 0, 1, text[:1], 1.0),
            Evidence("intensity", 0, 2, text[:2], 2.0),
        ),
        language="zh",
        chars_used=len(text),
        truncated=False,
        model_version="v1",
        tokeniser="fake",
    )


def turns_of(*lines: str) -> list[Turn]:
    """Turns of lines such as `客：还没到` (customer), `服：` (agent) and `系：` (system)."""
    roles = {"客": Role.CUSTOMER, "服": Role.AGENT, "系": Role.SYSTEM}
    return [Turn(roles[line[0]], line[2:]) for line in lines]


def heard(turns: list[Turn], levels: list[int | None], whole: int = 1) -> Dialogue:
    """How a conversation went whose customer's turns have these levels."""
    own = [turn.text for turn in turns if turn.role is Role.CUSTOMER]
    found = [prediction(text, level) for text, level in zip(own, levels, strict=True)]
    return judge(turns, prediction(customer_text(turns), whole), found)[1]


CALMED = turns_of(
    "系：您好，智能助手小满为您服务，转人工请回复 1",
    "客：洗衣机昨天装好的，今天一甩干就满地走，怎么回事",
    "服：您好，请问是哪个型号呢",
    "客：型号你们系统里没有吗？装的师傅连地脚都没调，水漏了一厨房！",
    "客：楼下邻居都找上来了，你们今天必须给个说法！",
    "服：真的对不起，水漏成这样换谁都着急，我这就给您派师傅，一小时内联系您",
    "客：行吧，那我在家等着",
    "客：师傅刚打电话了，说三点到",
)
RISING = turns_of(
    "客：麻烦查一下理赔单，交上去有两周了",
    "服：亲，在审核中的呢，请您耐心等待",
    "客：上次你们就说在审核，到底卡在哪一步？",
    "服：不好意思，这个没办法催的哦",
    "客：什么叫没办法？我妈的手术费还欠着，你们就这么拖！",
    "服：按照规定审核时间不能缩短的呢",
    "客：一群骗子，收钱的时候比谁都快，我要举报你们",
)


def test_a_customer_who_was_heard_calms_down() -> None:
    """Peak, turn from which on it is calm, and the agent's first words that answer the feeling."""
    found = heard(CALMED, [2, 3, 4, 1, 1])
    assert (found.peak, found.trend, found.turning_point) == (4, Trend.CALMED, 6)
    assert (found.is_owed, found.acknowledged_by) == (True, 5)
    assert found.turns[5].acknowledges == (Kind.APOLOGY, Kind.EMPATHY)
    shown = found.as_json()
    assert shown["peak"] == {"turn": 4, "level": 4, "name": "愤怒", "score": 0.75, "band": "high"}
    assert shown["acknowledgement"] == {
        "acknowledged": True, "turn": 5, "kinds": ["apology", "empathy"], "after_customer_turns": 3,
    }  # fmt: skip


def test_a_customer_who_was_put_off_gets_angrier() -> None:
    """Polite refusals are no acknowledgement, however often they say sorry."""
    found = heard(RISING, [1, 2, 4, 5])
    assert (found.peak, found.trend, found.turning_point) == (6, Trend.RISING, 4)
    assert (found.is_owed, found.acknowledged_by) == (True, None)
    acknowledgement = found.as_json()["acknowledgement"]
    assert acknowledgement == {
        "acknowledged": False, "turn": None, "kinds": [], "after_customer_turns": None,
    }  # fmt: skip


def test_without_an_answer_nobody_failed_to_acknowledge() -> None:
    """A greeting before the customer's first word is no answer to it."""
    found = heard(turns_of("服：您好，让您久等了", "客：空调不制冷", "系：坐席已离线"), [2])
    assert (found.is_owed, found.acknowledged_by) == (False, None)
    assert found.trend is Trend.TOO_FEW
    shown = found.as_json()["acknowledgement"]
    assert isinstance(shown, dict)
    assert shown["acknowledged"] is None


def test_nobody_need_acknowledge_calm() -> None:
    """Where there was no feeling, none was passed over."""
    talk = turns_of("客：怎么关自动续费", "服：在设置里", "客：找到了", "服：好", "客：谢谢")
    assert heard(talk, [1, 1, 1]).as_json()["acknowledgement"] == {
        "acknowledged": None, "turn": None, "kinds": [], "after_customer_turns": None,
    }  # fmt: skip


def test_places_are_those_of_the_customers_text() -> None:
    """Each turn of the customer is found in the joined text; others have no place in it."""
    found = heard(CALMED, [2, 3, 4, 1, 1])
    text = customer_text(CALMED)
    for turn, one in zip(CALMED, found.turns, strict=True):
        if turn.role is Role.CUSTOMER:
            assert text[one.start : one.end] == turn.text
        else:
            assert (one.start, one.end, one.intensity) == (None, None, None)


def test_the_angriest_turn_sets_the_level() -> None:
    """Level and its evidence are of that turn, the category's of the whole; doubt goes with it."""
    turns = turns_of("客：你好，我的快递", "服：在的", "客：三天了还不送，垃圾公司")
    whole = prediction(
        customer_text(turns), 2, band=Band.LOW, reasons=("low_confidence_intensity",)
    )
    decided, _ = judge(turns, whole, [prediction(turns[0].text, 1), prediction(turns[2].text, 4)])
    assert decided.intensity is not None
    assert (decided.intensity.level, decided.outcome, decided.outcome_reasons) == (
        4, Outcome.OK, (),
    )  # fmt: skip
    assert [(e.head, e.start, e.text) for e in decided.evidence] == [
        ("category", 0, "你"),
        ("intensity", 8, "三天"),
    ]


def test_a_turn_that_the_model_is_unsure_of_raises_nothing() -> None:
    """Neither level nor peak nor trend; the line still has its point."""
    turns = turns_of("客：好", "客：快递到哪了", "客：谢谢啊")
    found = [
        prediction(turns[0].text, None),
        prediction(turns[1].text, 2),
        prediction(turns[2].text, 5, band=Band.LOW),
    ]
    decided, dialogue = judge(turns, prediction(customer_text(turns), 2), found)
    assert decided.intensity is not None
    assert decided.intensity.level == 2
    assert (dialogue.peak, dialogue.trend) == (1, Trend.TOO_FEW)
    assert dialogue.turns[0].intensity is None
    assert dialogue.turns[2].intensity is not None


def test_a_threat_of_one_turn_is_found_at_its_place_in_the_whole() -> None:
    """Also when the whole's prediction has lost it; what both found stands once."""
    turns = turns_of("客：我没说过", "服：请稍等", "客：举报你们没商量")
    whole = prediction("", 2)
    one, two = prediction(turns[0].text, 2), prediction(turns[2].text, 2)
    decided, _ = judge(turns, whole, [one, two])
    assert decided.signals == (Signal("regulator", 5, 7, "举报"),)
    twice, _ = judge(turns, decided, [one, two])
    assert twice.signals == decided.signals


def test_a_conversation_of_one_turn_is_decided_like_its_text(toy: Triage) -> None:
    """Nothing is added where there is nothing to add."""
    text = "快递丢了！！！王八蛋，我要去12315举报"
    (alone,) = toy.predict([text])
    turns = [Turn(Role.SYSTEM, "欢迎光临"), Turn(Role.CUSTOMER, text)]
    assert judge(turns, alone, [alone])[0] == alone


def test_words_of_others_change_no_decision(toy: Triage) -> None:
    """What agents and machines write, threats included, leaves the decision as it is."""
    plain = turns_of("客：请问退款到账了吗", "服：您好", "客：好的，我再等等")
    loud = [plain[0], Turn(Role.AGENT, "王八蛋！！！我要举报你，砸了你家，不得好死"), plain[2]]
    own = [turn.text for turn in plain if turn.role is Role.CUSTOMER]
    whole, *found = toy.predict([customer_text(plain), *own])
    assert customer_text(plain) == customer_text(loud)
    assert judge(plain, whole, found)[0] == judge(loud, whole, found)[0]


def test_a_negation_in_another_turn_takes_no_threat_away(default_model: Triage) -> None:
    """The packaged lexicon reads each turn by itself too."""
    turns = turns_of("客：我又没有不想", "客：12315投诉你们，等着")
    own = [turn.text for turn in turns]
    whole, *found = default_model.predict([customer_text(turns), *own])
    decided, _ = judge(turns, whole, found)
    assert "regulator" in {signal.code for signal in decided.signals}


@pytest.mark.parametrize(
    ("scores", "trend", "turning"),
    [
        ([], Trend.TOO_FEW, None),
        ([0.1, 0.9], Trend.TOO_FEW, None),
        ([0.5, 0.5, 0.5], Trend.STEADY, None),
        ([0.4, 0.55, 0.45, 0.5], Trend.STEADY, None),  # less than a level up and down
        ([0.25, 0.25, 0.75], Trend.RISING, 2),
        ([0.75, 0.75, 0.25], Trend.CALMED, 2),
        ([0.2, 0.9, 0.9, 0.3, 0.2], Trend.CALMED, 3),  # a line through all is flat
        ([0.2, 0.3, 0.55, 0.65, 0.8], Trend.RISING, 2),  # in steps, none of them a level
        ([0.9, 0.2, 0.2, 0.2, 0.9, 0.9], Trend.RISING, 4),  # as angry as at first, again
        ([0.2] * 5 + [0.9] + [0.2] * 5, Trend.CALMED, 6),
    ],
)
def test_the_trend_is_the_last_clear_change(
    scores: list[float], trend: Trend, turning: int | None
) -> None:
    """Of stretches of equal anger the last against the one before it."""
    assert course(scores) == (trend, turning)


@given(scores=st.lists(st.floats(0, 1), max_size=20))
def test_a_mirrored_course_has_the_opposite_trend(scores: list[float]) -> None:
    """Falling is rising upside down; a turning point is a turn after the first."""
    scores = [round(score * 8) / 8 for score in scores]  # exact sums: no ties broken by rounding
    opposite = {Trend.RISING: Trend.CALMED, Trend.CALMED: Trend.RISING}
    trend, turning = course(scores)
    assert course([1 - score for score in scores]) == (opposite.get(trend, trend), turning)
    assert turning is None or 0 < turning < len(scores)


APOLOGY, EMPATHY, FEELING, THANKS = Kind.APOLOGY, Kind.EMPATHY, Kind.FEELING, Kind.THANKS


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("非常抱歉，这次是我们的疏忽", {APOLOGY}),
        ("給您賠個不是，對不起！", {APOLOGY}),
        ("您的心情我特别理解，我现在就去催", {EMPATHY}),
        ("换成我遇到这种事也会火大的", {EMPATHY}),
        ("让您来回跑了三趟，真不应该", {EMPATHY}),
        ("听得出来您现在挺着急的", {FEELING}),
        ("您心里一定很委屈", {FEELING}),
        ("孩子烫着了，您肯定特别心疼", {FEELING}),
        ("耽误您上班了，真过意不去", {EMPATHY}),
        ("谢谢您把这个问题告诉我们", {THANKS}),
        ("感谢您耐心等到现在", {THANKS}),
        ("我替同事跟您和阿姨道个歉", {APOLOGY}),
        ("多收的钱退给您，给您添麻烦了", {APOLOGY}),
        ("老人家受委屈了，我听着也难受", {EMPATHY}),
        ("您的损失我能体会，一家人住在外面确实不容易", {EMPATHY}),
        ("这事换谁心里都不踏实", {EMPATHY}),
        # forms of words, refusals, commands and questions
        ("不好意思这个没办法", set()),
        ("抱歉。亲亲，超过七天就退不了了哦", set()),
        ("理解您的心情，但是按规定无法办理退款", set()),
        ("不好意思，请问您的订单号是多少", set()),
        ("如果给您造成不便，我们深表歉意", set()),
        ("您先别着急，别激动", set()),
        ("您生气也没用啊", set()),
        ("孩子不容易退烧的话建议您去医院", set()),
        ("我们又没做错，为什么要向您道歉", set()),
        ("无法理解您为什么着急", set()),
        ("感谢您的来电，再见", set()),
        ("您好，请稍等，这边帮您查一下", set()),
        # a refusal in one sentence leaves the feeling of another
        ("换作我也会生气的。运费这块确实按规定不能退，券我给您补上", {EMPATHY}),
    ],
)
def test_how_agents_answer_a_feeling(text: str, kinds: set[Kind]) -> None:
    """What is meant counts, the same words in a refusal do not."""
    (said,) = read_turns([text])
    assert set(kinds_of(said)) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "我都说了三遍了，收货地址填错的是你们",
        "还要我说多少遍你们才懂",
        "刚才不是已经说过了吗，是蓝色那款",
        "又让我从头说一遍？",
        "同样的问题我都问了好几次了",
        "我跟上一个客服解释过了",
        "您自己翻翻聊天记录",
        "看聊天记录不会吗",
        "你们换个客服我就得讲一遍",
        "我再说一遍：不要换货，只要退款",
    ],
)
def test_customers_who_say_that_they_have_said_it(text: str) -> None:
    """Own phrases, in the customer's turns only."""
    assert repetition(read_turns([text])).saying_so == (0,)
    assert not heard(turns_of("客：在吗", f"服：{text}"), [None]).repetition.saying_so


@pytest.mark.parametrize(
    "text", ["我打了三次电话都占线", "说好的三天发货呢", "下次再说吧", "你们去年也出过一次这样的事"]
)
def test_other_words_of_saying_and_times(text: str) -> None:
    """To have called thrice is another matter, which a signal tells."""
    assert repetition(read_turns([text])).saying_so == ()


def test_repeated_content_is_counted_by_words() -> None:
    """The part of a turn's words that one earlier turn had; short words and empty ones left out."""
    said = read_turns([
        "热水器漏水，师傅周五没有上门",
        "好的",
        "我说热水器漏水，师傅没有上门！",
        "那发票呢，发票抬头要改成公司",
    ])  # fmt: skip
    found = repetition(said)
    assert found.shares == (0.0, 0.0, 1.0, 0.0)
    assert found.repeating == (2,)
    assert found.saying_so == ()
    words = len({w for w in said[3].words if len(w) > 1} - dialogue_rules().empty_words)
    again = len({w for w in said[2].words if len(w) > 1} - dialogue_rules().empty_words)
    assert found.share == pytest.approx(again / (again + words))


def test_empty_and_strange_turns_are_read() -> None:
    """Every turn has its own reading, whatever stands in it."""
    texts = ["", "\n\n", "一\n二", "\ud800", "抱歉", "😡" * 50, "<b>对不起</b>"]
    said = read_turns(texts)
    assert len(said) == len(texts)
    assert [kinds_of(one) for one in said] == [(), (), (), (), (APOLOGY,), (), (APOLOGY,)]


def test_the_findings_hold_no_text() -> None:
    """A reply's findings are numbers, codes and names of levels."""
    shown = str(heard(RISING, [1, 2, 4, 5]).as_json())
    for turn in RISING:
        assert turn.text[:4] not in shown


def test_predictions_must_fit_the_turns() -> None:
    """One for each of the customer's turns, no more and no fewer."""
    with pytest.raises(ValueError, match="zip"):
        judge(RISING, prediction("x", 1), [prediction("x", 1)])
