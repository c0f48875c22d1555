"""What the fuzzer looks for (`python -m tests.show.fuzz`), on few inputs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import Triage
from classifier.artifact import MANIFEST, VOCABULARY, WEIGHTS
from classifier.dialogue import Role
from classifier.text import clean
from tests import properties
from tests.conftest import ROOT

_FEW = settings(max_examples=30)
_PIECES = st.sampled_from([
    "我叫", "王芳", "先生", "手机", "13800001111", "11010519491231002x", "6222020000000000000",
    "a@b.com", "京A12345", "中山北路88号", "3栋501", "微信", "订单号", "http://", "[snapshot]",
    "[/snapshot]", "<a", ">", "&nbsp;", "aaaa", "！！！！", "\u200b", "\u0301", "氣", "０", "😡",
    "\ud83d", "不退款就", "打死", "[", "]",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=12).map("".join))
_RULES = st.sampled_from([
    "version", "=", "[default]", '""', "1", "true", "[[intensity]]", "min_rank", "hours", "{", "}",
    ",", "#", "\n", "\r\n", "\x00", "é", "categories",
])  # fmt: skip
RULES = st.one_of(
    st.binary(max_size=60),
    st.lists(_RULES, max_size=15).map(lambda words: " ".join(words).encode()),
)


@given(TEXTS)
def test_any_text_is_cleaned_for_good(text: str) -> None:
    """Cleaning again changes nothing, and spans lie in the text."""
    properties.check_cleaning(text)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("<b <b > >差", "b >差"),
        ("是11010519491231002X13800001111", "是[身份证][手机]"),
        ("r" * 50 + "123456789012", "[单号]"),
    ],
)
def test_what_a_step_uncovers_is_seen(sent: str, expected: str) -> None:
    """A tag around a tag, a number glued to another, a run before a number: nothing is left."""
    assert clean(sent).text == expected


@_FEW
@given(TEXTS)
def test_any_text_is_cut_masked_and_judged(toy: Triage, text: str) -> None:
    """Pieces, masks, features, signals and the answer keep their shape."""
    properties.check_tokens(text)
    properties.check_masking(text)
    properties.check_features(toy, text)
    properties.check_signals(toy, text)
    properties.check_prediction(toy, text)


@_FEW
@given(st.lists(st.tuples(st.sampled_from(Role), TEXTS), max_size=6))
def test_any_conversation_is_judged(toy: Triage, turns: list[tuple[Role, str]]) -> None:
    """Whoever writes whatever, each turn has its place."""
    properties.check_dialogue(toy, turns)


@given(RULES)
def test_any_rules_are_read_or_refused(content: bytes) -> None:
    """A policy or a playbook, or an error of its own with the mistakes."""
    properties.check_policy(content)
    properties.check_playbook(content)


@_FEW
@given(data=st.data())
@pytest.mark.parametrize("name", ["policy", "playbook"])
def test_spoiled_rules_are_read_or_refused(data: st.DataObject, name: str) -> None:
    """A packaged file with a stretch cut out or replaced never raises anything else."""
    whole = (ROOT / "classifier" / f"{name}.toml").read_bytes()
    getattr(properties, f"check_{name}")(_spoiled(whole, data))


@_FEW
@given(data=st.data())
@pytest.mark.parametrize("which", range(4))
def test_a_spoiled_model_is_refused(toy_folder: Path, data: st.DataObject, which: int) -> None:
    """With fitting hashes too: the readers themselves refuse what they cannot use."""
    name = (MANIFEST, MANIFEST, WEIGHTS, VOCABULARY)[which]
    content = _spoiled((toy_folder / name).read_bytes(), data)
    properties.check_artifact(toy_folder, which, content)


def _spoiled(whole: bytes, data: st.DataObject) -> bytes:
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    return whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
