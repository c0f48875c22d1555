from __future__ import annotations

import math
from collections import Counter

import pytest

from service.insight import words


def test_log_odds_are_those_of_the_formula() -> None:
    """Y = 9 of 100 and 4 of 100, α = 1 of 100: ln((10/190)/(5/195)) / √(1/10 + 1/5)."""
    expected = math.log((10 / 190) / (5 / 195)) / math.sqrt(0.3)
    assert words.log_odds(9, 4, (100, 100), (1.0, 100.0)) == pytest.approx(expected)


def test_a_word_as_frequent_as_before_has_not_risen() -> None:
    """Ten of a hundred both times: the odds are equal."""
    assert words.log_odds(10, 10, (100, 100), (2.0, 20.0)) == pytest.approx(0)


def test_only_what_rose_is_told_and_the_surest_first() -> None:
    """闪退 is new, 登录 doubled among many, 退款 is as it was."""
    now = Counter({"退款": 300, "闪退": 40, "登录": 60, "发货": 200})
    before = Counter({"退款": 1000, "登录": 60, "发货": 700})
    found = words.rising(now, before)
    assert [one.word for one in found] == ["闪退", "登录"]
    assert (found[0].now, found[0].before) == (40, 0)


def test_a_word_in_fewer_than_five_texts_is_not_shown() -> None:
    """A group that small could be one person's matter."""
    assert words.rising(Counter({"闪退": 4, "退款": 50}), Counter({"退款": 9000})) == []


def test_no_texts_have_no_words() -> None:
    """Nothing now and nothing before."""
    assert words.rising(Counter(), Counter()) == []


def test_what_was_masked_is_no_word() -> None:
    """[手机] stands for a number; the 手机 that somebody writes of is a word."""
    (hidden, said) = words.cut(["联系[手机]退款", "手机坏了"])
    assert words.count([hidden]) == Counter({"联系": 1, "退款": 1})
    assert words.count([said])["手机"] == 1


def test_entropy_of_neighbours() -> None:
    """Four equally frequent ones: ln 4; ends of texts are all different."""
    assert words.entropy(Counter("abcd")) == pytest.approx(math.log(4))
    assert words.entropy(Counter({" ": 4})) == pytest.approx(math.log(4))


def test_the_weakest_joint_counts() -> None:
    """Ab always go together, but c follows them only as often as chance: ln 1 = 0."""
    grams = Counter({("a",): 10, ("b",): 10, ("c",): 50, ("a", "b"): 10, ("b", "c"): 5,
                     ("a", "b", "c"): 5})  # fmt: skip
    assert words.pmi(("a", "b", "c"), grams, 100) == pytest.approx(0)


def test_a_new_compound_is_found() -> None:
    """雪球卡 between different neighbours is a word; 蓝鲸鱼 has one neighbour only."""
    rest = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"]
    texts = [[a, "雪球", "卡", b] for a, b in zip(rest, rest[3:] + rest[:3], strict=True)]
    texts += [["的", "蓝", "鲸鱼", "的"]] * 10
    texts += [[a, b] for a in rest for b in rest] * 3
    found = words.compounds(texts, is_word=lambda _: False)
    assert [one.word for one in found] == ["雪球卡"]
    assert found[0].number == 10
    assert words.compounds(texts, is_word=lambda word: word == "雪球卡") == []


def test_examples_are_the_cases_with_most_of_the_words() -> None:
    """Both words, then one; the later of two alike."""
    texts = [(1, ["闪退"]), (2, ["闪退", "登录"]), (3, ["闪退"]), (4, ["发货"])]
    assert words.examples(["闪退", "登录"], texts, 3) == [2, 3, 1]


def test_of_many_words_only_surer_ones_rise() -> None:
    """A rise of 3.2 standard errors is one among three others, and chance among three thousand."""
    for number, expected in ((3, ["闪退"]), (3000, [])):
        others = Counter({f"词{place}": 40 * 3000 // number for place in range(number)})
        now, before = others + Counter({"闪退": 24}), others + Counter({"闪退": 5})
        assert [one.word for one in words.rising(now, before)] == expected


def test_the_past_may_be_given_as_a_sum() -> None:
    """Only the words of now are looked up; what else there was counts as a number."""
    now = Counter({"闪退": 9, "退款": 3})
    before = Counter({"闪退": 1, "退款": 50, "发货": 100})
    part = Counter({"闪退": 1, "退款": 50})
    assert words.rising(now, before) == words.rising(now, part, before_sum=151)
