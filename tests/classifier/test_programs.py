"""Programs of patterns match what the same regular expressions match, and in the same places."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.kernels import Ints
from classifier.lexicon import compile_pattern, packaged_rules
from classifier.lookup import code_points, joined
from classifier.programs import any_of, either, matcher, maybe
from tests.classifier.regular import packaged_words, regular_expression

WORDS = packaged_words()
RULES = packaged_rules()
PATTERNS = [
    *(pattern for rule in RULES for pattern in rule.patterns),
    *{pattern for rule in RULES for pattern in (*rule.idioms, *rule.settled_by)},
]
MATCHER = matcher([pattern.program for pattern in PATTERNS], len(PATTERNS))
EXAMPLES = [
    ("打|打了|打了三", "打了三次"),  # the first that matches, not the longest
    ("(打|打了)(三|了三)", "打了三次"),
    ("打(了|了三)?次", "打了三次"),
    ("(打|拨#?)(了(三|五)?|过)?次", "拨12了五次拨了次"),
    ("##次", "1次12次123456789012次二三次一二次"),
    ("#(1|12)号", "312号"),
    ("打~2话$", "打电话了,打话,打一二三话"),
    ("买(x|y?)z?", "买买xz买yz买z"),
    ("(a|bc?|d)(e$|f)", "ae,bcfbe.de"),
    ("…3没", "好!我真的没有没"),
    ("~20😡", "😡" * 30),
]


def spans(pattern: int, text: str, low: int = 0, high: int | None = None) -> list[tuple[int, int]]:
    """All matches of a packaged pattern in a stretch of a text."""
    codes, found = code_points(joined([text])), []
    while span := MATCHER.search(codes, pattern, low, len(text) if high is None else high):
        found.append(span)
        low = span[1]
    return found


@pytest.mark.parametrize(("source", "text"), EXAMPLES)
def test_each_sign_of_the_language(source: str, text: str) -> None:
    """In every stretch of a text the first match is that of the regular expression."""
    compiled = re.compile(regular_expression(source))
    one = matcher([compile_pattern("s", source).program], 1)
    codes = code_points(joined([text]))
    found_any = False
    for low in range(len(text) + 1):
        for high in range(low, len(text) + 1):
            match = compiled.search(text, low, high)
            assert one.search(codes, 0, low, high) == (match.span() if match else None)
            found_any = found_any or match is not None
    assert found_any


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_packaged_patterns_match_as_regular_expressions(data: st.DataObject) -> None:
    """In texts with a match of a pattern and more, whole and in part, all matches are the same."""
    number = data.draw(st.integers(0, len(PATTERNS) - 1))
    compiled = re.compile(regular_expression(PATTERNS[number].source, WORDS))
    around = st.text(alphabet="打电话了三次没人理,。 好1😡", max_size=8)
    drawn = [st.from_regex(compiled, fullmatch=True), around]
    text = "".join(data.draw(st.lists(st.one_of(drawn), max_size=4))).replace("\n", "")
    low = data.draw(st.integers(0, len(text)))
    high = data.draw(st.integers(low, len(text)))
    assert spans(number, text) == [match.span() for match in compiled.finditer(text)]
    expected = [match.span() for match in compiled.finditer(text, low, high)]
    assert spans(number, text, low, high) == expected


def test_every_packaged_pattern_reads_its_own_words() -> None:
    """In the words of each pattern its matches are those of the regular expression."""
    for number, pattern in enumerate(PATTERNS):
        for anchors in pattern.anchor_choices:
            text = "。".join(anchors[:50]) + "。"
            compiled = re.compile(regular_expression(pattern.source, WORDS))
            assert spans(number, text) == [match.span() for match in compiled.finditer(text)]


def candidates(*rows: tuple[int, int, int, int]) -> Ints:
    """Stretches in which patterns may match."""
    return np.array(rows, np.int32).reshape(-1, 4)


def test_candidates_without_a_match_are_dropped() -> None:
    """The others begin where their match does, and end with their text."""
    programs = [compile_pattern("s", source).program for source in ("退款", "起诉", "算了")]
    codes = code_points(joined(["我要退款", "", "不起诉算了"]))
    kept = matcher(programs, 2).kept(
        codes,
        candidates((0, -3, 9, 0), (1, 0, 4, 0), (1, 3, 99, 2), (0, 3, 99, 2), (2, 3, 7, 2)),
    )
    assert kept.tolist() == [[0, 2, 4, 0], [1, 7, 11, 2], [2, 6, 7, 2]]


def test_no_candidates_and_no_patterns() -> None:
    """Nothing to look for, and nowhere to look, are no faults."""
    none = candidates()
    assert matcher([], 0).kept(code_points(joined([])), none).tolist() == []
    assert matcher([any_of(["退款"])], 1).kept(code_points(joined([""])), none).tolist() == []


def test_words_in_a_row_of_options_become_one_list() -> None:
    """So they are compared in one step; nothing at all is the last word of an optional list."""
    assert either([any_of(["打"]), any_of(["拨", "呼"])]) == any_of(["打", "拨", "呼"])
    assert maybe(any_of(["了"])) == any_of(["了", ""])
