"""Whatever is found in a complaint, the packaged playbook has a kind and careful answer to it."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.lexicon import signal_names
from classifier.playbook import MAX_STEPS, Mood, Suggestion, suggest
from classifier.playbook_file import load_playbook
from classifier.policy import decide
from classifier.policy_file import load_policy
from classifier.prediction import Band, Outcome, Prediction
from tests.builders import prediction

PLAYBOOK, POLICY = load_playbook(), load_policy()
CATEGORIES = [*POLICY.categories, "somebody_elses_own"]
SIGNALS = list(signal_names())
LEVELS = range(1, 6)
MAX_OPENING_CHARS = 160

# What no opening says, apart from the file's own list: of an outcome, of money, of a date.
PROMISES = (
    "保证", "担保", "承诺", "包您", "一定", "肯定", "绝对", "必定", "必须", "百分", "放心",
    "没问题", "为您解决", "给您解决", "帮您解决", "马上解决", "立即解决", "解决好", "处理好",
    "满意", "负责到底", "讨回", "追回", "赔", "补偿", "全额", "退给", "退还", "退回", "给您退",
    "为您退", "免单", "免费", "减免", "优惠", "红包", "代金券", "换新", "小时", "分钟", "天内",
    "日内", "周内", "月内", "工作日", "今天", "明天", "后天", "当天", "本周", "下周", "月底",
    "尽快", "尽早", "很快", "不会再", "再也不",
)  # fmt: skip
# Nor: argument, blame, telling people how to feel, false closeness, words that admit a fault.
UNKIND = (
    "但是", "不过", "可是", "然而", "其实", "规定", "误会", "误解", "冷静", "理智", "激动",
    "消气", "您应该", "您应当", "您没有", "您自己", "是您", "您不该", "为什么", "恶意", "无理",
    "不可能", "没办法", "不是我们", "与我们无关", "亲", "哦", "呢",
    "道歉", "赔礼", "对不起", "我们的错", "我们的责任", "过错", "过失", "失误", "疏忽", "违约",
)  # fmt: skip
# An opening begins with thanks, with regret, or with what the customer feels.
FEELING = (
    "谢谢",
    "抱歉",
    "生气",
    "委屈",
    "气",
    "难受",
    "揪心",
    "急",
    "不安",
    "失望",
)


def suggestion(found: Prediction) -> Suggestion:
    """What the packaged files make of a prediction."""
    return suggest(found, decide(found, POLICY), PLAYBOOK)


def openings() -> list[str]:
    """Every opening that one signal at most can bring about."""
    cases = (
        prediction(category=category, level=level, signals=signals, band=band)
        for category in (*CATEGORIES, None)
        for level in (*LEVELS, None)
        for signals in ((), *((code,) for code in SIGNALS))
        for band in (Band.HIGH, Band.LOW)
    )
    return list(dict.fromkeys(suggestion(found).opening for found in cases))


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_level_and_signal_gives_a_suggestion(category: str) -> None:
    """Two to five short steps, a short opening, and where both come from."""
    for level in LEVELS:
        for signals in ((), *((code,) for code in SIGNALS), *combinations(SIGNALS, 2)):
            found = suggestion(prediction(category=category, level=level, signals=signals))
            assert 10 <= len(found.opening) <= MAX_OPENING_CHARS
            assert 2 <= len(found.steps) <= MAX_STEPS
            assert len(set(found.steps)) == len(found.steps)
            assert all(4 <= len(step) <= 40 and step.endswith("。") for step in found.steps)
            assert found.sources


def test_each_signal_has_its_say() -> None:
    """Beside any category and any level a single risk gives at least one step."""
    for code in SIGNALS:
        for category in CATEGORIES:
            found = suggestion(prediction(category=category, level=5, signals=(code,)))
            assert f"signals.{code}.steps" in found.sources
            assert set(found.steps) & set(PLAYBOOK.signals[code].steps)


def test_no_opening_promises_argues_or_flatters() -> None:
    """None of the words, and no figures but those of help."""
    for opening in openings():
        for word in (*PROMISES, *UNKIND):
            assert word not in opening, opening
        left = opening.replace("12356", "").replace("120", "").replace("110", "")
        assert not any(char.isdigit() for char in left), opening


def test_an_opening_acknowledges_the_feeling_first() -> None:
    """Its first sentence thanks, regrets or names what the customer feels."""
    for opening in openings():
        first = opening.split("。")[0]
        assert any(word in first for word in FEELING), opening


def test_every_category_has_its_own_words_for_every_mood() -> None:
    """The fourteen categories and the default differ from each other in all three moods."""
    entries = [PLAYBOOK.default, *PLAYBOOK.categories.values()]
    assert set(PLAYBOOK.categories) == set(POLICY.categories)
    said = list(chain.from_iterable(entry.openings.values() for entry in entries))
    assert len(set(said)) == len(said) == 15 * len(Mood)


def test_every_level_has_its_own_words() -> None:
    """Five levels, five sentences; a scale of another length uses them by its own places."""
    said = [suggestion(prediction(category="delivery", level=level)).opening for level in LEVELS]
    assert len(set(said)) == 5
    assert [PLAYBOOK.level(rank) for rank in (0.0, 0.5, 1.0)] == ["calm", "angry", "extreme"]
    assert PLAYBOOK.level(-0.25) == "calm"  # a stored level below the lowest that is assumed


@given(st.sets(st.sampled_from(SIGNALS)), st.sampled_from(CATEGORIES), st.sampled_from(LEVELS))
def test_self_harm_takes_the_place_of_everything(
    others: set[str], category: str, level: int
) -> None:
    """The crisis script, whole and alone, whatever else was found."""
    found = suggestion(prediction(category=category, level=level, signals=(*others, "self_harm")))
    assert found.sources == ("signals.self_harm.opening", "signals.self_harm.steps")
    assert found.is_urgent
    script = "".join(found.steps)
    for word in ("留在线上", "不让客户独自一人", "危机干预", "接手", "12356", "110", "120"):
        assert word in script, word
    assert "12356" in found.opening


@given(st.sets(st.sampled_from(SIGNALS[1:])), st.sampled_from(CATEGORIES), st.sampled_from(LEVELS))
def test_safety_comes_before_everything_else(others: set[str], category: str, level: int) -> None:
    """Who is hurt or may be hurt is asked for first; all steps of injury are there."""
    found = suggestion(prediction(category=category, level=level, signals=(*others, "injury")))
    assert found.steps[:3] == PLAYBOOK.signals["injury"].steps
    assert found.sources[0] == "signals.injury.opening"
    assert found.is_urgent
    threat = suggestion(prediction(category=category, level=level, signals=("violence",)))
    assert threat.steps[:3] == PLAYBOOK.signals["violence"].steps
    assert "110" in threat.steps[0]


def test_both_injury_and_a_threat_are_met() -> None:
    """The hurt are asked for first, and the threat's most important step is still there."""
    found = suggestion(prediction(category="safety", level=5, signals=("violence", "injury")))
    assert "120" in found.steps[0]
    assert any("避险" in step for step in found.steps)


def test_the_vulnerable_are_met_with_more_care() -> None:
    """A sentence for them after any opening but the crisis script, and steps of their own."""
    for signals in (("vulnerable",), ("vulnerable", "fraud_loss"), ("vulnerable", "injury")):
        found = suggestion(prediction(category="refund", level=3, signals=signals))
        assert "说慢一些" in found.opening
        assert "signals.vulnerable.steps" in found.sources


def test_signals_outrank_the_category() -> None:
    """With many risks their steps are there and those of the category are not."""
    many = ("legal", "regulator", "media", "repeat")
    found = suggestion(prediction(category="quality", level=4, signals=many))
    assert {f"signals.{code}.steps" for code in many} <= set(found.sources)
    assert "categories.quality.steps" not in found.sources


def test_doubt_is_told_and_uses_no_words_of_the_category() -> None:
    """A category that the model is not sure of is not put into the agent's mouth."""
    found = suggestion(prediction(band=Band.LOW, outcome=Outcome.NEEDS_HUMAN))
    assert "default.calm" in found.sources
    assert any("把握不足" in step for step in found.steps)
    unjudged = suggestion(prediction(category=None, level=None, outcome=Outcome.NEEDS_HUMAN))
    assert unjudged.sources[:2] == ("levels.calm.opening", "default.calm")


def test_a_suggestion_is_pure_and_its_sources_are_entries() -> None:
    """The same twice; each source is a place in the file whose text is there."""
    found = prediction(category="refund", level=3, signals=("repeat",))
    one = suggestion(found)
    assert one == suggestion(found)
    assert one.sources == (
        "levels.angry.opening", "categories.refund.angry", "signals.repeat.also",
        "levels.angry.steps", "signals.repeat.steps", "categories.refund.steps",
    )  # fmt: skip
    entry = PLAYBOOK.categories["refund"]
    said = PLAYBOOK.levels["angry"].opening + entry.openings[Mood.ANGRY]
    assert one.opening == said + str(PLAYBOOK.signals["repeat"].also)


def test_the_steps_are_a_little_more_than_the_number_that_fits() -> None:
    """One signal: its steps, one of the level, and the first of the category."""
    steps = suggestion(prediction(category="delivery", level=3, signals=("legal",))).steps
    legal, delivery = PLAYBOOK.signals["legal"].steps, PLAYBOOK.categories["delivery"].steps
    assert steps == (*PLAYBOOK.levels["angry"].steps, *legal[:2], *delivery[:2])
