"""What is personal data, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.pii import is_card_number, is_identity_number, mask, masked


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("我的手机13800001111", "我的手机[手机]"),
        ("打 138-0000-1111 找我", "打 [手机] 找我"),
        ("１３８００００１１１１", "[手机]"),
        ("+86 13800001111", "[手机]"),
        ("0086-13800001111", "[手机]"),
        ("138****1111", "[手机]"),
        ("138\u200b0000\u200b1111", "[手机]"),
        ("座机010-66668888转", "座机[座机]转"),
        ("(0755)66668888", "[座机]"),
        ("身份证11010519491231002X。", "身份证[身份证]。"),
        ("身份证11010519491231002x", "身份证[身份证]"),
        ("卡号6222 0200 0000 0000 000", "卡号[银行卡]"),
        ("邮箱 Zhang.San@mail.example.com，谢谢", "邮箱 [邮箱]，谢谢"),
        ("车牌京A·12345违停", "车牌[车牌]违停"),
        ("粤BD12345电车", "[车牌]电车"),
        ("两个号13800001111和13900002222", "两个号[手机]和[手机]"),
    ],
)
def test_personal_data_is_masked(sent: str, expected: str) -> None:
    """Each kind becomes its token and the rest stays as sent."""
    assert mask(sent) == expected


@pytest.mark.parametrize(
    "sent",
    [
        "我打了12315和12345",
        "客服电话400-820-8820没人接",
        "95588说不归他们管",
        "订单110105194912310021没到",
        "花了13800元",
        "2024-01-01 12:30:00",
        "运单6222020000000000001",
        "iPhone 13 Pro 256",
        "[手机]已经留过了",
        "",
        "我@你",
        "京东A座",
    ],
)
def test_other_numbers_stay(sent: str) -> None:
    """Service numbers, prices, dates and numbers whose check digit fails are not personal data."""
    assert mask(sent) == sent


def test_known_check_digits() -> None:
    """The example number of GB 11643 and a published Luhn test number hold, neighbours do not."""
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310020")
    assert not is_identity_number("11010519491331002X")
    assert is_card_number("4111111111111111")
    assert not is_card_number("4111111111111112")


@given(st.text(), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text())
def test_a_mobile_number_never_survives_between_chinese_words(
    before: str, number: str, after: str
) -> None:
    """Whatever stands around, a mobile number set off by Chinese words is gone."""
    assert number not in mask(f"{before}，电话{number}。{after}")


@given(st.text())
def test_masking_twice_changes_nothing(sent: str) -> None:
    """Tokens are not masked again."""
    assert mask(mask(sent)) == mask(sent)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 1, "打"),
        (12, 14, "找我"),
        (1, 12, "[手机]"),
        (3, 5, "[手机]"),
        (0, 3, "打[手机]"),
        (5, 13, "[手机]找"),
        (15, 21, "[邮箱]"),
        (22, 23, "。"),
    ],
)
def test_a_span_is_found_again_in_the_masked_text(start: int, end: int, expected: str) -> None:
    """What was marked in the text as sent is marked in the masked one; no token is cut."""
    found = masked("打13800001111找我，a@b.cn吧。")
    low, high = found.span(start, end)
    assert found.text[low:high] == expected


@given(
    pieces=st.lists(st.sampled_from(["13800001111", "打", "，", "a@b.cn", " 好 "]), max_size=8),
    numbers=st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
def test_no_span_of_a_masked_text_shows_personal_data(
    pieces: list[str], numbers: tuple[int, int]
) -> None:
    """Whatever the span, it lies inside the masked text and keeps its order."""
    sent = "；".join(pieces)
    start, end = sorted(min(number, len(sent)) for number in numbers)
    found = masked(sent)
    low, high = found.span(start, end)
    assert 0 <= low <= high <= len(found.text)
    assert "1380" not in found.text[low:high]
