"""No text is slow for a regular expression (`python -m tests.show.expressions` tries all)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from classifier.pii import mask
from classifier.text import MAX_CHARS, clean
from tests.show.expressions import expressions, slow

_BENIGN = "等了四十分钟才上菜，菜还是凉的，叫经理也没人理！再不退款我就打12315投诉你们。\n"
_MOST_RATIO = 30.0  # to a benign text of the same length; quadratic would be thousands
_UNITS = (
    "我叫", "王先生", "签收王", "转账给李", "\n王", "王*女士", "投诉人王", "·王", "中山路8号",
    "小区3栋", "号1楼2室", "北京市朝阳区", "手机1380000111", "1", "1 2 3 4 ", "一二三", "a-", "a_1",
    "@a.", "卡号 1234 ", "qq:1", "微信号a", "订单号1 ", "护照 ", "京a1", "<a ", "<a <a >",
    "[snapshot]", "!", "\u0301",
)  # fmt: skip


def test_an_expression_that_takes_quadratic_time_is_found() -> None:
    """The measure itself: two repeats side by side are slow, one is not."""
    assert slow(re.compile(r"<[a-z]+[^<>]*>"), 1000)[0] is not None
    assert slow(re.compile(r"<[a-z]++[^<>]*>"), 1000)[0] is None


def test_no_expression_is_slow() -> None:
    """Those of the code outside the lexica, which are of two forms with bounded repeats."""
    found = expressions()
    assert len(found) > 1500
    own = [one for one, module in found.items() if module != "classifier.lexicon"]
    own += [one for one, module in found.items() if module == "classifier.lexicon"][::200]
    assert [fault for one in own if (fault := slow(one, 1000)[0])] == []


@pytest.mark.parametrize("read", [mask, clean])
def test_hostile_texts_take_little_longer_than_benign_ones(read: Callable[[str], object]) -> None:
    """20,000 characters of what one form after the other looks for."""
    read(_BENIGN)

    def seconds(unit: str) -> float:
        text = (unit * MAX_CHARS)[:MAX_CHARS]
        start = time.process_time()
        read(text)
        return time.process_time() - start

    usual = max(min(seconds(_BENIGN) for _ in range(3)), 0.01)
    times = {unit: min(seconds(unit) for _ in range(2)) / usual for unit in _UNITS}
    assert {unit: ratio for unit, ratio in times.items() if ratio > _MOST_RATIO} == {}
