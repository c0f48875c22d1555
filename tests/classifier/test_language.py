"""Which texts can be judged."""

from __future__ import annotations

import pytest

from classifier.language import detect
from classifier.text import clean


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("差评", ("zh", None)),
        ("手机iPhone 17 Pro Max屏幕坏了", ("zh", None)),
        ("差", ("zh", "too_short")),
        ("", ("und", "empty")),
        ("   ", ("und", "empty")),
        ("！！！？？？", ("und", "no_words")),
        ("😡😡😡", ("und", "no_words")),
        ("13800001111", ("und", "no_words")),
        ("I want my money back now", ("en", "not_chinese")),
        ("返金してください、とても困っています", ("ja", "not_chinese")),
        ("환불해 주세요", ("ko", "not_chinese")),
        ("退款 13800001111", ("zh", None)),
    ],
)
def test_language_and_reason(sent: str, expected: tuple[str, str | None]) -> None:
    """Chinese with foreign words is Chinese; what cannot be judged says why."""
    assert detect(clean(sent).text) == expected
