from __future__ import annotations

import pytest

from service.insight import words
from service.insight.clusters import clusters, cosine, match

CRASH = ["登录页面闪退", "一登录就闪退", "登录时闪退两次", "打开登录页面闪退", "登录闪退怎么办",
         "登录之后页面闪退", "手机登录闪退", "登录页面又闪退"]  # fmt: skip
LATE = ["快递三天没有发货", "快递一直没有发货", "催了快递还没有发货", "快递没有发货也没有人管",
        "快递五天没有发货", "买了快递不发货", "快递又不发货", "快递到现在没有发货"]  # fmt: skip


def test_two_problems_are_two_groups() -> None:
    """Each text with its own, and what says something else with none of them."""
    found = clusters(words.cut([*CRASH, *LATE, "空调滴水", "发票抬头写错"]))
    assert len(found) == 2
    for one in found:
        assert set(one.members) in (set(range(8)), set(range(8, 16)))
    assert {"闪退", "登录"} <= {term for one in found for term in one.terms}


def test_the_same_texts_give_the_same_groups() -> None:
    """Nothing is left to chance."""
    texts = words.cut([*CRASH, *LATE])
    assert clusters(texts) == clusters(texts)


def test_wordings_of_one_problem_are_joined_and_a_sample_is_enough() -> None:
    """4,000 texts, of which 3,000 are grouped: each is in a group of its problem or in none."""
    found = clusters(words.cut([*CRASH, *LATE] * 250))
    assert sum(len(one.members) for one in found[:2]) >= 3000
    for one in found:
        assert len({place % 16 < 8 for place in one.members}) == 1


def test_groups_that_own_a_word_together_are_one_problem() -> None:
    """Three wordings have the locker in common and nothing else; the crash stays by itself."""
    wordings = (["蜂巢", "超时", "收费"], ["蜂巢", "大米", "母亲"], ["蜂巢", "虾滑", "化冻"])
    others = (["闪退", "登录"], ["发票", "抬头"], ["座位", "孩子"])
    texts = [one for one in (*wordings, *others) for _ in range(12)]
    found = clusters(texts)
    assert len(found) == 4
    assert set(found[0].members) == set(range(36))


@pytest.mark.parametrize("texts", [[], ["太差"] * 9, ["!"] * 20])
def test_few_or_empty_texts_have_no_groups(texts: list[str]) -> None:
    """There is nothing that recurs."""
    assert clusters(words.cut(texts)) == []


def test_a_group_is_found_again_by_its_centre() -> None:
    """The nearest takes the number, each number goes once, and a stranger gets none."""
    old = {3: {"闪退": 1.0}, 5: {"发货": 0.9, "快递": 0.4}}
    new = [{"发货": 1.0}, {"发货": 0.9, "快递": 0.4}, {"空调": 1.0}]
    assert match(new, old) == [0, 5, 0]


def test_a_cosine_of_nothing_is_nothing() -> None:
    """A centre without terms is like no other."""
    assert cosine({}, {"a": 1.0}) == 0
