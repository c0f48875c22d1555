"""Signals are found where they are meant, and nowhere else."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.clauses import clause_of, sentence_of
from classifier.lexicon import compile_rules, packaged_rules
from classifier.signals import Match, SignalFinder
from classifier.text import clean
from classifier.tokens import cut_batch, ends_by, tokeniser
from tests.classifier.regular import regular_expression

CASES = Path(__file__).parents[1] / "data" / "signal_cases.csv"
MAX_SECONDS = 5  # a guard against quadratic time (minutes), not a benchmark: 0.5 s when written

# Least precision and recall on the hand-written cases, a little under what is reached. The authors
# of the cases avoid the words that give a signal away, and a phrase enters the lexicon only if many
# customers would say it, not to catch one case: hence the recall floors under 0.8. The cases guard
# against steps back; they do not tell how well unseen text is read, for the lexicon's author saw
# them. (The half held back until the end was read with precision 0.65 and recall 0.29 before it
# was looked at; real complaints, in plainer words, with 0.74 and 0.90.)
FLOORS = {
    "self_harm": (0.80, 0.60),
    "violence": (0.90, 0.76),
    "injury": (0.85, 0.76),
    "vulnerable": (0.88, 0.84),
    "legal": (0.88, 0.84),
    "regulator": (0.90, 0.74),
    "media": (0.85, 0.70),
    "group": (0.90, 0.84),
    "repeat": (0.90, 0.56),
    "fraud_loss": (0.80, 0.56),
    "privacy_leak": (0.88, 0.60),
    "staff_abuse": (0.88, 0.64),
    "deadline": (0.90, 0.76),
    "churn": (0.90, 0.74),
}


@cache
def cases() -> tuple[tuple[str, bool, str], ...]:
    """The hand-written cases: code, whether it is meant, text."""
    with CASES.open(encoding="utf-8", newline="") as file:
        return tuple(
            (row["code"], row["expected"] == "1", row["text"]) for row in csv.DictReader(file)
        )


@cache
def packaged() -> SignalFinder:
    """A finder with the packaged lexicon."""
    return SignalFinder(packaged_rules())


def matches_of(
    finder: SignalFinder, text: str, cut: Callable[[str], list[str]] = list
) -> list[Match]:
    """What a finder finds in one clean text."""
    (matches,) = finder.find(cut_batch(ends_by(cut), [text]))
    return matches


def packaged_matches(text: str) -> list[Match]:
    """What the packaged lexicon finds in one clean text."""
    return matches_of(packaged(), text, tokeniser().cut)


def codes_in(text: str) -> set[str]:
    """The codes that the packaged lexicon finds in a text as sent."""
    return {match.code for match in packaged_matches(clean(text).text)}


def finder(table: Mapping[str, object], **shared: Mapping[str, object]) -> SignalFinder:
    """A finder for one signal `s`, with a segmenter that knows no words of many characters."""
    return SignalFinder(compile_rules({**shared, "s": table}))


def found(text: str, table: Mapping[str, object], **shared: Mapping[str, object]) -> list[str]:
    """The passages that a one-signal lexicon finds in a clean text."""
    return [text[match.start : match.end] for match in matches_of(finder(table, **shared), text)]


# -- the packaged lexicon


@pytest.mark.parametrize("code", FLOORS)
def test_hand_written_cases_reach_their_floors(code: str) -> None:
    """Precision and recall of each signal on the hand-written cases stay above their floors."""
    rows = [(expected, code in codes_in(text)) for kind, expected, text in cases() if kind == code]
    hits = sum(expected and is_found for expected, is_found in rows)
    precision = hits / max(1, sum(is_found for _, is_found in rows))
    recall = hits / sum(expected for expected, _ in rows)
    least_precision, least_recall = FLOORS[code]
    assert precision >= least_precision
    assert recall >= least_recall


@pytest.mark.parametrize("code", FLOORS)
def test_every_signal_has_enough_cases(code: str) -> None:
    """Each signal has at least 24 meant cases and 22 that hold its words without meaning it."""
    expected = [expected for kind, expected, _ in cases() if kind == code]
    assert sum(expected) >= 24
    assert len(expected) - sum(expected) >= 22


def test_lexicon_and_floors_name_the_same_signals() -> None:
    """Every signal of the lexicon has cases, and a Chinese name."""
    rules = packaged().rules
    assert set(rules) == set(FLOORS)
    assert all("\u4e00" <= char <= "\u9fff" for rule in rules.values() for char in rule.name)


# What most customers would say, in their plainest words: a lexicon tuned on careful writers loses
# them.
PLAIN = {
    "self_harm": "我不想活了|再逼我我就跳楼|活不下去了|我去死算了|已经写好遗书|死给你们看|我要自杀",
    "violence": "我弄死你|我要砸了你们店|打断你的腿|一把火烧了你们公司|跟你们拼命|见一次打一次",
    "injury": "吃完拉肚子|烫伤了手|摔倒骨折|充电宝爆炸|刹车失灵|被狗咬了|孩子食用奶粉后住院|受伤了",
    "vulnerable": "我妈妈七十多岁了|我是孕妇|孩子才三岁|父亲癌症晚期|老人被骗买了保险|我是残疾人",
    "legal": "我已经报警了|我要去法院告你们|法庭上见|已经委托律师|准备起诉|派出所已经立案"
    "|走司法程序",
    "regulator": "打了12315|我要投诉到消协|举报到市监局|已向工信部申诉|我去信访|要求有关部门严查",
    "media": "我要曝光你们|我会发到抖音上|发小红书避雷|已经联系记者了|我要上黑猫投诉|让网友评评理",
    "group": "我们小区几百户业主|不止我一个人被骗|业主们准备集体维权|我代表全体业主|很多人都遇到了",
    "repeat": "打了好几次电话都没人接|投诉了多次没有结果|一直没人处理|客服一直推脱|多次联系无果"
    "|每次都让我等|你们互相推诿|第三次投诉了|客户多次来电催促|拖了两个月还不退款|迟迟不处理",
    "fraud_loss": "我被骗了五千块|银行卡被盗刷|钱被转走了|未经我同意扣了我199|莫名其妙被扣款"
    "|偷偷扣费|遭遇电信诈骗|转账后对方把我拉黑了|不是本人操作|点了链接钱就没了",
    "privacy_leak": "我的个人信息被泄露了|你们把我的电话卖给了别人|有人冒用我的身份证办卡|爆通讯录",
    "staff_abuse": "客服骂我|店员辱骂顾客|司机威胁我|老板动手打我|工作人员出言不逊|索要红包|让我滚",
    "deadline": "今天必须给我解决|明天就要用|限你们24小时内退款|马上要上飞机了|被困电梯里|急用",
    "churn": "以后再也不买了|下次不会再来|我要注销账号|已经卸载了|最后一次在这买|拉黑了|以后换别家"
    "|不会再续费了|我要携号转网|打死也不买了|以后坚决不住|再也不信你们了",
}


@pytest.mark.parametrize("code", PLAIN)
def test_plain_words_are_found(code: str) -> None:
    """What most customers would say is found for every signal, every time."""
    assert [text for text in PLAIN[code].split("|") if code not in codes_in(text)] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我没说要起诉你们", "legal"),
        ("客服让我去12315投诉", "regulator"),
        ("怎么向12315投诉？", "regulator"),
        ("再也不用排队了", "churn"),
        ("跳楼价买的外套", "self_harm"),
        ("《被盗刷以后》这本书缺页", "fraud_loss"),
        ("厂家直销户外鞋", "churn"),
        ("员工信不过顾客", "regulator"),
        ("趁着火车还没开", "injury"),
        ("镜头曝光过度", "media"),
    ],
)
def test_words_without_their_meaning_are_not_found(text: str, code: str) -> None:
    """Negation, hearsay, questions, idioms, titles and parts of other words do not count."""
    assert code not in codes_in(text)


def test_a_text_can_hold_several_signals() -> None:
    """A calm clause with one signal does not hide another signal."""
    assert {"churn", "repeat", "regulator"} <= codes_in(
        "投诉三次了没人管，我已经打12315投诉了，以后再也不来了"
    )


def test_offsets_point_at_the_phrase() -> None:
    """A match gives the passage of the clean text, and its place leads back to the text as sent."""
    sent = "東西很差！！！！！！！以後再也不來了"
    cleaned = clean(sent)
    (match,) = [m for m in packaged_matches(cleaned.text) if m.code == "churn"]
    low, high = cleaned.span(match.start, match.end)
    assert "再也不來" in sent[low:high]


# -- the engine


@pytest.mark.parametrize("text", ["", " ", "今天天气很好", "。。。", "\U0001f600"])
def test_a_text_without_phrases_has_no_signals(text: str) -> None:
    """Empty, blank and harmless texts give an empty list."""
    assert packaged_matches(text) == []


def test_no_rules_find_nothing() -> None:
    """A finder without rules accepts any text."""
    assert matches_of(SignalFinder(()), "我要起诉") == []


def test_positions_are_exact() -> None:
    """A match starts at its first character and ends after its last."""
    assert matches_of(finder({"patterns": ["起诉"]}), "我要起诉你们") == [Match("s", 2, 4)]


def test_patterns_respect_word_borders() -> None:
    """A phrase inside another word counts only where the lexicon allows it."""

    def cut(text: str) -> list[str]:
        return ["直销", "户外", "\n"] if text == "直销户外\n" else list(text)

    at_borders = SignalFinder(compile_rules({"s": {"patterns": ["销户"]}}))
    inside = SignalFinder(compile_rules({"s": {"inside_words": ["销户"]}}))
    assert matches_of(at_borders, "直销户外", cut) == []
    assert matches_of(at_borders, "我要销户", cut) == [Match("s", 2, 4)]
    assert matches_of(inside, "直销户外", cut) == [Match("s", 1, 3)]


def test_overlapping_matches_of_a_code_are_merged() -> None:
    """Two phrases that overlap are one match, two that do not are two."""
    table = {"patterns": ["再也不来", "不来了", "卸载"]}
    assert found("再也不来了,卸载", table) == ["再也不来了", "卸载"]


def test_a_match_within_another_does_not_hide_the_next_one() -> None:
    """The second phrase finds first what the first one has found already, and goes on."""
    table = {"patterns": ["打~电话~不接", "(电话|消息)~8(不接|不回)"]}
    assert found("打电话不接,发消息不回", table) == ["打电话不接", "消息不回"]


def test_matches_of_different_codes_are_not_merged() -> None:
    """Two signals may share characters; the result is ordered by position."""
    rules = compile_rules({"b": {"patterns": ["投诉三次"]}, "a": {"patterns": ["三次没人理"]}})
    assert [m.code for m in matches_of(SignalFinder(rules), "投诉三次没人理")] == ["b", "a"]


def test_a_phrase_can_stand_at_several_places() -> None:
    """Every place of a phrase is reported, however far apart."""
    text = "起诉" + "好" * 500 + "起诉"
    assert [m.start for m in matches_of(finder({"patterns": ["起诉"]}), text)] == [0, 502]


@pytest.mark.parametrize(
    ("guard", "text", "expected"),
    [
        ({"before": "没说要?$"}, "我没说要起诉", []),
        ({"before": "没说要?$"}, "我没说谎,我要起诉", ["起诉"]),
        ({"after": r"^[^,]{0,3}\?"}, "怎么起诉呢?", []),
        ({"after": r"^[^,]{0,3}\?"}, "我要起诉,好吗?", ["起诉"]),
        ({"clause": "听说"}, "我听说他要起诉了", []),
        ({"clause": "听说"}, "听说降价,我要起诉", ["起诉"]),
        ({"leads": "新闻"}, "新闻里讲,有人起诉", []),
        ({"leads": "新闻"}, "我要起诉,上新闻", ["起诉"]),
        ({"leads": "新闻"}, "看了新闻。我要起诉", ["起诉"]),
        ({"sentence": ["误会"]}, "我要起诉,后来是误会", []),
        ({"sentence": ["误会"]}, "我要起诉。后来是误会", ["起诉"]),
    ],
)
def test_guards_take_the_meaning_away(
    guard: dict[str, object], text: str, expected: list[str]
) -> None:
    """A guard holds in its clause or sentence and no farther."""
    table = {"guards": ["g"], "patterns": ["起诉"]}
    assert found(text, table, guards={"g": guard}) == expected


def test_unguarded_phrases_need_no_guard() -> None:
    """A phrase that cannot be meant otherwise counts in any context."""
    table = {"guards": ["no"], "unguarded": ["已经起诉"], "patterns": ["起诉"]}
    assert found("不是已经起诉", table, guards={"no": {"clause": "不是"}}) == ["已经起诉"]


def test_idioms_hide_what_they_touch() -> None:
    """A match that shares a character with an idiom is dropped, one beside it is kept."""
    table = {"patterns": ["跳楼"], "idioms": ["跳楼价"]}
    assert found("跳楼价,再这样我跳楼", table) == ["跳楼"]


def test_needed_words_must_stand_near() -> None:
    """A weak phrase counts only with its needed words within 60 characters."""
    table = {"near": {"contact": ["没人理"]}}
    needs: dict[str, object] = {"contact": "客服|电话"}
    assert found("找客服。没人理", table, needs=needs) == ["没人理"]
    assert found("一个人吃饭没人理", table, needs=needs) == []
    assert found("客服" + "好" * 80 + "没人理", table, needs=needs) == []


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("打~电话", "打了三次电话", ["打了三次电话"]),
        ("打~电话", "打我,回电话", []),
        ("打…电话", "打我,回电话", ["打我,回电话"]),
        ("打…电话", "打我。回电话", []),
        ("打~2电话", "打了三次电话", []),
        ("打#次", "打3次", ["打3次"]),
        ("打#次", "打十几次", ["打十几次"]),
        ("打##次", "打1次", []),
        ("打##次", "打12次", ["打12次"]),
        ("打##次", "打一次", []),
        ("不来了?", "不来,不来了", ["不来", "不来了"]),
        ("再(也|都)?不(来|去)", "再不来,再也不去", ["再不来", "再也不去"]),
        ("不送$", "不送!", ["不送"]),
        ("不送$", "不送货", []),
        ("不送$", "慢走不送", ["不送"]),
        ("不<go>", "不来不去不看", ["不来", "不去"]),
        ("说(找(商家|平台)|归#楼)", "说找平台,说归3楼", ["说找平台", "说归3楼"]),
    ],
)
def test_the_pattern_language(pattern: str, text: str, expected: list[str]) -> None:
    """Gaps, numbers, choices, named words and clause ends match what the lexicon's head says."""
    assert found(text, {"inside_words": [pattern]}, words={"go": ["来", "去"]}) == expected


@given(st.text(alphabet="打电话了三次没人理,。 好", max_size=60))
def test_looking_around_anchors_misses_nothing(text: str) -> None:
    """Trying a pattern only near its anchors finds what trying it everywhere finds."""
    source = "打~3电话…4没人(理|好)?"
    everywhere = re.finditer(regular_expression(source), text)
    matches = matches_of(finder({"inside_words": [source]}), text)
    assert [(m.start, m.end) for m in matches] == [m.span() for m in everywhere]


def test_clauses_and_sentences_end_at_their_marks() -> None:
    """A comma or a space between characters ends a clause, a full stop ends a sentence."""
    text = "很差。我没说起诉,气死我了 再见!算了"
    assert text[slice(*clause_of(text, 5, 7))] == "我没说起诉,"
    assert text[slice(*clause_of(text, 9, 11))] == "气死我了 "
    assert text[slice(*sentence_of(text, 5, 7))] == "我没说起诉,气死我了 再见!"


HOSTILE_SEEDS = (
    "没",
    "再也不",
    "打了三次电话没人理12315",
    "说让找平台说",
    "我要起诉吗",
    "1",
    "“说",
)


@pytest.mark.parametrize("seed", HOSTILE_SEEDS)
def test_hostile_texts_take_linear_time(seed: str) -> None:
    """20,000 characters made to match, or nearly to match, everywhere are read in seconds."""
    text = (seed * 20_000)[:20_000]
    started = time.perf_counter()
    packaged_matches(text)
    assert time.perf_counter() - started < MAX_SECONDS
