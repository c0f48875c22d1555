"""The lexicon compiles, or says what is wrong with it."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.errors import ResourceError
from classifier.lexicon import compile_pattern, compile_rules, lexicon_hash, packaged_rules
from classifier.signals import Pattern
from tests.classifier.regular import packaged_words, regular_expression

WORDS = packaged_words()
PATTERNS = [pattern for rule in packaged_rules() for pattern in rule.patterns]


@pytest.mark.parametrize(
    "source",
    [
        "(打|拨",
        "打)",
        "打|",
        "|打",
        "(打||拨)电话",
        "()电话",
        "?打",
        "(?打)",
        "打<buy",
        "打>电话",
        "",
    ],
)
def test_malformed_patterns_are_refused(source: str) -> None:
    """A pattern that breaks the language is refused with its signal and itself."""
    with pytest.raises(ResourceError, match="malformed") as caught:
        compile_pattern("churn", source)
    assert "churn" in str(caught.value)
    assert repr(source) in str(caught.value)


@pytest.mark.parametrize("source", ["~", "#", "##", "~9#", "(打)?", "打?", "(打|#)~", "$"])
def test_patterns_without_a_literal_are_refused(source: str) -> None:
    """A pattern that could match without any certain text has nothing to look for."""
    with pytest.raises(ResourceError, match="no literal text") as caught:
        compile_pattern("churn", source)
    assert "churn" in str(caught.value)
    assert repr(source) in str(caught.value)


@pytest.mark.parametrize("source", ["打~21电话", "打…99电话"])
def test_wide_gaps_are_refused(source: str) -> None:
    """A gap of more than 20 characters is refused, with the bound."""
    with pytest.raises(ResourceError, match="at most 20"):
        compile_pattern("repeat", source)


def test_many_gaps_are_refused() -> None:
    """Three gaps would take more than linear time."""
    with pytest.raises(ResourceError, match=r"repeat.*more than 2 gaps"):
        compile_pattern("repeat", "打~电话~没~人")


def test_many_choices_are_refused() -> None:
    """A pattern with more choices than the loop has room for is refused, with both numbers."""
    with pytest.raises(ResourceError, match=r"repeat.*has 66 choices, at most 64"):
        compile_pattern("repeat", "打" + "电?" * 65)


def test_unknown_words_are_refused() -> None:
    """A name of words that the lexicon does not define is refused by name."""
    with pytest.raises(ResourceError, match=r"churn.*<buy>"):
        compile_pattern("churn", "再也不<buy>", {"sell": ["卖"]})


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"churn": {"guards": ["irony"]}}, "churn: guard 'irony' is none of"),
        ({"repeat": {"near": {"contact": ["没人理"]}}}, "repeat: need 'contact' is none of"),
        ({"churn": {"patterns": "再也不来"}}, "churn.patterns is '再也不来', a list"),
        ({"churn": {"patterns": ["再也不来", ""]}}, "churn.patterns .* a list of texts"),
        ({"churn": {"patterns": [5]}}, "churn.patterns .* a list of texts"),
        ({"churn": {"idioms": ["(打"]}}, "churn: pattern '\\(打' is malformed"),
        ({"churn": {"near": ["没人理"]}}, "churn.near is .* a table"),
        ({"guards": {"irony": "before"}}, "guards.irony is 'before', keys are before"),
        ({"guards": {"irony": {"behind": "x"}}}, "guards.irony is .*keys are before"),
        ({"guards": {"irony": {"before": "("}}}, "guards.irony.before is no regular expression"),
        ({"needs": {"contact": "("}}, "needs.contact is no regular expression"),
        ({"words": {"buy": "买"}}, "words.buy is '买', a list of texts"),
    ],
)
def test_broken_tables_are_refused(tables: dict[str, dict[str, object]], message: str) -> None:
    """What is wrong with a table is said by signal, key and value."""
    with pytest.raises(ResourceError, match=message):
        compile_rules(tables)


def test_rules_carry_what_the_table_says() -> None:
    """A signal keeps its code, name and patterns; without a name the code is its name."""
    named, plain = compile_rules(
        {"churn": {"name": "流失", "patterns": ["卸载"], "inside_words": ["再也不来"]}, "legal": {}}
    )
    assert (named.code, named.name, len(named.patterns)) == ("churn", "流失", 2)
    assert (plain.name, plain.patterns, plain.idioms) == ("legal", (), frozenset())


@pytest.mark.parametrize(
    ("source", "anchors"),
    [
        ("起诉", {"起诉"}),
        ("(打|拨)~4(12315|12345)", {"12315", "12345"}),
        ("再(也|都)不来", {"再也不来", "再都不来"}),
        ("打(了)?电话", {"打电话", "打了电话"}),
        ("打#次电话", {"次电话"}),
    ],
)
def test_anchors_are_the_most_telling_literals(source: str, anchors: set[str]) -> None:
    """The longest texts of which one is certain to stand in a match are among those looked for."""
    assert anchors in map(set, compile_pattern("s", source).anchor_choices)


def test_every_pattern_of_the_package_can_be_read() -> None:
    """The packaged lexicon compiles, and no two patterns of a signal are the same."""
    for rule in packaged_rules():
        sources = [pattern.source for pattern in rule.patterns]
        assert sources
        assert sorted(set(sources)) == sorted(sources)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_an_anchor_stands_in_every_match(data: st.DataObject) -> None:
    """Whatever a packaged pattern matches holds one of its anchors and is no longer than said."""
    pattern: Pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(st.from_regex(regular_expression(pattern.source, WORDS), fullmatch=True))
    for anchors in pattern.anchor_choices:
        assert any(anchor in text for anchor in anchors)
    assert len(text) <= pattern.max_chars


def test_the_hash_identifies_the_lexicon() -> None:
    """The hash is a SHA-256 and the same each time; the rules are read once."""
    assert re.fullmatch(r"[0-9a-f]{64}", lexicon_hash())
    assert lexicon_hash() == lexicon_hash()
    assert packaged_rules() is packaged_rules()
