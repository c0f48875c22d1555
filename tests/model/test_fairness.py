"""Level and priority do not depend on who somebody is; figures: `python -m tests.show.fairness`."""

from __future__ import annotations

import tomllib

from classifier import Triage
from classifier.policy_file import load_policy
from tests.conftest import ROOT
from tests.show import fairness

RULES = fairness.load_rules()
NEUTRAL = tomllib.loads((ROOT / "classifier/resources/neutral.toml").read_text("utf-8"))["words"]


def test_no_group_moves_decisions_beyond_its_bound(default_model: Triage) -> None:
    """Every group of `tests/show/fairness.toml`, on all hand-written texts."""
    found = fairness.read(fairness.TEXTS, RULES)
    assert {swap.group for swap in found} == set(RULES.groups)
    assert not fairness.faults(fairness.measure(default_model, load_policy(), found), RULES)


def test_the_texts_are_of_all_kinds() -> None:
    """At least 60 texts, of all 14 categories and all 5 levels."""
    lines = fairness.TEXTS.read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) >= 60
    assert len({line.split("\t")[0] for line in lines}) == 14
    assert {line.split("\t")[1] for line in lines} == set("12345")


def test_neutral_words_of_a_list_are_the_same_to_the_heads(default_model: Triage) -> None:
    """Probabilities are equal to the last bit, whichever word of a list stands there."""
    for words in NEUTRAL.values():
        texts = [f"那天{word}去问，你们推三阻四，太差劲了" for word in words]
        first, *others = default_model.predict(texts)
        for other in others:
            assert (other.category, other.intensity) == (first.category, first.intensity)


def test_evidence_and_signals_stand_where_they_were_written(default_model: Triage) -> None:
    """A longer word read for a shorter one moves no offset, and signals see the word itself."""
    text = "我女朋友吃完上吐下泻在医院挂水，不处理我就去12315投诉，太气人了！"
    found = default_model.predict([text])[0]
    assert {"injury", "regulator"} <= {signal.code for signal in found.signals}
    for piece in (*found.signals, *found.evidence):
        assert piece.text == text[piece.start : piece.end]
