"""Programs of patterns match what the same regular expressions match, and in the same places."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.kernels import Ints
from classifier.kernels.patterns import Matcher
from classifier.lexicon import compile_pattern, packaged_rules
from classifier.lookup import code_points, joined
from classifier.programs import Program, alone, any_of, either, matcher, maybe
from tests.classifier.regular import packaged_words, regular_expression

WORDS = packaged_words()
RULES = packaged_rules()
PATTERNS = [
    *(pattern for rule in RULES for pattern in rule.patterns),
    *{pattern for rule in RULES for pattern in (*rule.idioms, *rule.settled_by)},
]
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


def matcher_of(programs: Sequence[Program], anchors: Sequence[Sequence[int]] = ()) -> Matcher:
    """Programs ready to run; of each anchor the numbers of the programs that are tried there."""
    return matcher(
        programs,
        (
            np.cumsum([0, *map(len, anchors)], dtype=np.int32),
            np.array([number for numbers in anchors for number in numbers] or [0], np.int32),
            np.full(max(1, len(programs)), 4, np.int32),
        ),
    )


MATCHER = matcher_of([pattern.program for pattern in PATTERNS])


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
    one = alone(compile_pattern("s", source).program)
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


def anchors(*rows: tuple[int, int, int, int]) -> Ints:
    """Where anchors stand: number, start, end, text."""
    return np.array(rows, np.int32).reshape(-1, 4)


def test_patterns_are_tried_around_their_anchors() -> None:
    """A stretch begins with the first match and ends four characters, the longest, further on."""
    programs = [compile_pattern("s", source).program for source in ("退款", "不?起诉", "起诉,算")]
    codes = code_points(joined(["我要退款,我要退款了,退款", "", "不起诉,算了"]))
    found = matcher_of(programs, [[0], [1, 2]]).find(
        codes, anchors((0, 2, 4, 0), (0, 7, 9, 0), (0, 11, 13, 0), (1, 16, 18, 2))
    )
    assert found.tolist() == [[0, 2, 13, 0], [1, 15, 21, 2], [2, 16, 21, 2]]


def test_where_no_match_is_nothing_is_found() -> None:
    """An anchor alone, or with its match in another text, is not enough."""
    programs = [compile_pattern("s", source).program for source in ("退款", "起诉")]
    codes = code_points(joined(["退", "款起", "诉"]))
    found = matcher_of(programs, [[0, 1]]).find(codes, anchors((0, 0, 1, 0), (0, 3, 4, 1)))
    assert found.tolist() == []


def test_no_anchors_and_no_patterns() -> None:
    """Nothing to look for, and nowhere to look, are no faults."""
    assert matcher_of([]).find(code_points(joined([])), anchors()).tolist() == []
    assert matcher_of([any_of(["退款"])]).find(code_points("\n"), anchors()).tolist() == []


def test_words_in_a_row_of_options_become_one_list() -> None:
    """So they are compared in one step; nothing at all is the last word of an optional list."""
    assert either([any_of(["打"]), any_of(["拨", "呼"])]) == any_of(["打", "拨", "呼"])
    assert maybe(any_of(["了"])) == any_of(["了", ""])
