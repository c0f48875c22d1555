from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.cases import search
from service.db import downgrade, upgrade
from tests.service.cases.conftest import Queue

TEXTS = {
    "refund": "商家一直不退款，客服也不理人",
    "app": "ＡＰＰ闪退了，100%是bug_x，退了两次款",
    "wide": "等了四十分钟才上菜，\u200b太\u200b差了",
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("退款", {"refund"}),
        ("退", {"refund", "app"}),
        ("款", {"refund", "app"}),
        ("客服也不理人", {"refund"}),
        ("不退 客服", {"refund"}),
        ("不退 上菜", set()),
        ("不理客", set()),
        ("app", {"app"}),
        ("App闪退", {"app"}),
        ("ｂｕｇ", {"app"}),
        ("bug_x", {"app"}),
        ("bugyx", set()),
        ("100%", {"app"}),
        ("0%是", {"app"}),
        ("太差了", {"wide"}),
        ("，太", {"wide"}),
        ("龘", set()),
        ('"退款"', set()),
        ("退款 OR 上菜", set()),
        ("x%", set()),
        ("\\退", set()),
    ],
)
def test_what_is_found_contains_the_words(queue: Queue, query: str, found: set[str]) -> None:
    """In half width and lower case, wildcards and operators taken as they stand."""
    numbers = {queue.add(text): name for name, text in TEXTS.items()}
    assert {numbers[number] for number in queue.ids(q=query)} == found


def test_common_words_are_found_too(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the index has too often is looked for along the queue, with the same result."""
    monkeypatch.setattr(search, "_RARE", 1)
    numbers = {queue.add(text): name for name, text in TEXTS.items()}
    assert {numbers[number] for number in queue.ids(q="退")} == {"refund", "app"}
    assert {numbers[number] for number in queue.ids(q="退 客服")} == {"refund"}


def test_what_was_stored_before_the_index_had_numbers_is_found(queue: Queue) -> None:
    """The index is written anew from the texts, in both directions."""
    number = queue.add("快递送到𠮷田那里去了")
    other = queue.add("一直不退款")
    downgrade(queue.desk.database, revision="0016")
    upgrade(queue.desk.database)
    assert queue.ids(q="𠮷田") == [number]
    assert queue.ids(q="退款") == [other]


def test_search_and_filters_go_together(queue: Queue) -> None:
    """Both must hold."""
    number = queue.add("一直不退款", channel="app")
    queue.add("一直不退款", channel="phone")
    assert queue.ids(q="退款", channel="app") == [number]


@given(text=st.text(), query=st.text(min_size=1))
def test_every_word_that_is_in_a_text_has_its_terms_there(text: str, query: str) -> None:
    """The index never hides a text that contains the words."""
    wanted = search.words(query)
    folded = search.searchable(text + query + text)
    if wanted and all(word in folded for word in wanted):
        assert search._needed(wanted) <= search.terms(folded)
