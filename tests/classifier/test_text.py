"""Behaviour of the clean-up and of its map back to the text as sent."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import text
from classifier.aligned import Aligned
from classifier.text import clean, clean_batch

TRICKY = st.text(
    st.sampled_from(
        "退款差評氣發京\u3000 \t\n！!。…~,，a Ａ１1309@.:/[]()<>&"
        "\u200b\u202e\ud83d😡é\u0301ﾞｱ①㎏ﷺ的x*-"
    )
)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("氣死我了，這個賣家", "气死我了,这个卖家"),
        ("著名的乾隆年間", "著名的乾隆年间"),
        ("太差了！！！！！！！", "太差了!!!"),
        ("啊啊啊啊啊啊", "啊啊啊"),
        ("花了10000块", "花了10000块"),
        ("  好\t\n的  ", "好 的"),
        ("看https://a.b/c?d=e这个", "看[链接]这个"),
        ("订单号SF1234567890123没动", "订单号[单号]没动"),
        ("打我电话138 0000 1111", "打我电话[手机]"),
        ("零\u200b宽\u202e字符\x00", "零宽字符"),
        ("①号㎏", "1号kg"),
        ("<p>很&nbsp;差</p>", "很 差"),
        ("坏\ud800字", "坏字"),
        ("", ""),
        ("\u200b", ""),
        ("……", "⋯⋯"),
    ],
)
def test_clean_gives_the_expected_form(sent: str, expected: str) -> None:
    """Each kind of noise has one clean form."""
    assert clean(sent).text == expected


@given(st.one_of(st.text(), TRICKY))
def test_cleaning_twice_changes_nothing(sent: str) -> None:
    """A clean text is its own clean form."""
    once = clean(sent).text
    assert clean(once).text == once


@given(st.one_of(st.text(min_size=1), TRICKY))
def test_every_clean_character_maps_into_the_text_as_sent(sent: str) -> None:
    """Spans lie in the original, are not empty, and never run backwards."""
    cleaned = clean(sent)
    last = 0
    for position in range(len(cleaned.text)):
        start, end = cleaned.span(position, position + 1)
        assert 0 <= last <= start < end <= len(sent)
        last = start


@given(TRICKY)
def test_the_short_cut_gives_what_the_full_way_gives(sent: str) -> None:
    """Texts that look finished after folding are finished: running every step changes nothing."""
    cleaned = clean(sent)
    assert text._run_steps(Aligned.identity(cleaned.text)).text == cleaned.text


@given(st.one_of(st.text(), TRICKY))
def test_clean_text_holds_no_noise(sent: str) -> None:
    """No control characters, no double or outer space, no long runs, no surrogates."""
    cleaned = clean(sent).text
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert not re.search(r"(\D)\1{3}", cleaned)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in cleaned)


@given(st.lists(st.one_of(st.text(), TRICKY), max_size=8))
def test_a_batch_is_cleaned_as_its_texts_are(sent: list[str]) -> None:
    """The look over a whole batch never changes a clean text or its spans."""
    for together, alone in zip(clean_batch(sent), map(clean, sent), strict=True):
        assert (together.text, together.chars_used) == (alone.text, alone.chars_used)
        spans = [[c.span(i, i + 1) for i in range(len(c.text))] for c in (together, alone)]
        assert spans[0] == spans[1]


def test_offsets_point_into_the_text_as_sent() -> None:
    """A word behind marks, wide letters and a link is found where the client wrote it."""
    sent = "！！！！！！ＡＢ\u200b　https://a.b/c 退款不到賬"
    cleaned = clean(sent)
    at = cleaned.text.index("退款")
    start, end = cleaned.span(at, at + 2)
    assert sent[start:end] == "退款"


def test_a_long_text_is_read_up_to_the_limit_and_says_so() -> None:
    """Nothing is cut silently."""
    cleaned = clean("差" * 5 + "很好" * 20_000)
    assert cleaned.truncated
    assert cleaned.chars_used == text.MAX_CHARS


def test_a_million_hostile_characters_are_cleaned_in_time() -> None:
    """Marks, digits and combining characters in masses take linear time."""
    for unit in ("!", "1", "a@", "\u0301", "[", "0-", "<a"):
        assert len(clean(unit * 1_000_000).text) <= text.MAX_CHARS
